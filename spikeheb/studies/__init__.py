"""Studies: rule x cell x protocol, carried out by an engine, as a labelled result."""
