"""What is simulated, as values that no engine owns."""
