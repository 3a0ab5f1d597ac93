"""Journals: where posts, sessions and facts are kept."""
