"""How the terminal client shows things."""
