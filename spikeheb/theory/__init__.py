"""Closed forms: results that need no simulation."""
