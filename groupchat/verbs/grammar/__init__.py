"""Declarations of verbs, and their arguments."""
