"""Studies: a rule on a cell under a protocol, carried out by an engine, with a labelled result."""
