"""What a rule and a cell come to once analysed: every name owned, every step decided. All engines read it."""
