"""The generated engine: a rule's own equations as C++ (or numpy), event by event where nothing needs a clock.

`spikeheb.program` says what has to be computed, `emit` writes it as C++ or numpy, `contract` and `rows_contract` declare what C++ shares
with Python, and `build` compiles. There are three loops, each with arrays of its own and all of them a `Run`: `runner` for cells that share
no input (``lanes.hpp``), `fan_in` for many cells with the same inputs (``tile.hpp``), `network` for cells that reach each other
(``rows.hpp``). `numpy_lanes` is the first without a compiler.
"""
