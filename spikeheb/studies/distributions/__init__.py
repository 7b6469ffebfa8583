"""Distributions of weights: what many inputs of one cell settle to under a rule."""
