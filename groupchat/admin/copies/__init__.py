"""Copies of a journal: make one, put one in place, write one with a new search index."""
