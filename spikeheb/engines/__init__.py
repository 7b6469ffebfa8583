"""Engines: what carries a circuit out. `choice` says which; `kernel`, `plain` and `brian` do it."""
