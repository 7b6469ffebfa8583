"""What each study can be told: one frozen dataclass a study."""
