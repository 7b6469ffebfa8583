"""Measuring: what an experimenter reads from sweeps and spikes. Pure functions on arrays.

`epsp` measures sweeps, `course` follows one value per sweep through an experiment, `compare` compares outcomes with data.
"""
