"""The experiment: an induction protocol on a rule and a cell, and recorded sweeps that are read in the same way."""
