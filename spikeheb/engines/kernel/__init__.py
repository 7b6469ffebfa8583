"""The generated engine: a rule's own equations as C++ (or numpy), event by event where nothing needs a clock.

`analysis` finds out what has to be computed, `methods` writes each update as statements, `source` and `numpy_lanes`
print them, `contract` declares what they share with Python, `build` compiles; `runner` and `fan_in` are the two loops of a `run`.
"""
