"""The settings of each study: one frozen dataclass for each."""
