"""Networks in NEST."""
