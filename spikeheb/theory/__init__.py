"""Closed forms: what can be known without a simulation."""
