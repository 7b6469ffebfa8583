"""Engines: what carries a job out. `job` says what a job and a recording are; `brian` and `kernel` do it."""
