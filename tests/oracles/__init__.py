"""Second implementations, in plain Python, spike by spike; they import neither spikeheb nor Brian2."""
