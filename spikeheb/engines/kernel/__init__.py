"""The generated engine: a rule's own equations as C++ (or numpy), event by event where nothing needs a clock.

`analysis` finds out what has to be computed, `methods` writes each update as statements, `source` and `numpy_lanes`
print them, `build` compiles, `runner` runs a job.
"""
