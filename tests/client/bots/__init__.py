"""Bots, and the examples of the documentation."""
