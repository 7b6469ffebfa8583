"""Exit codes."""

USER_ERROR = 2
INTERRUPTED = 130
