"""The clients: a JSON Lines library, and the programs people start."""
