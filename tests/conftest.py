"""Its folder becomes importable, so that a test may write ``from oracles import pair``."""
