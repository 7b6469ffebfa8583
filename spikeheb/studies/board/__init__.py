"""The board: rules held against published data and the user's own."""
