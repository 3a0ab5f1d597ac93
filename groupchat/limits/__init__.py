"""How much is too much."""
