"""Recorded operations, and the hash of the tables that every later version must come to."""
