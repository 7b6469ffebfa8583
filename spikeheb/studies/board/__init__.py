"""The scoreboard: rules compared with published data and with the user's own data."""
