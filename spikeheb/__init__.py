"""spikeheb: a virtual plasticity laboratory."""
