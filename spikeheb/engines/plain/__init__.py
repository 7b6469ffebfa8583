"""The plain engine: a program's trees evaluated in numpy, step by step, with every feature and no thought of speed.

Read `step` first: it is the definition of the time step. This engine judges the others, so it shares no code with them.
"""
