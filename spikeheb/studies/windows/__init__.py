"""Windows: the change of a weight over the time difference between pre and post."""
