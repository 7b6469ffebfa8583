"""The reference engine: Brian2 itself, the only place that imports it."""
