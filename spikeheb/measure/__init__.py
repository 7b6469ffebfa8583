"""Measuring: what an experimenter reads from sweeps and spikes. Pure functions on arrays.

`epsp` measures sweeps, `course` follows one value a sweep through an experiment, `compare` holds outcomes against data.
"""
