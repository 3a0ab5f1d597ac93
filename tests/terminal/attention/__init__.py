"""Tests of what calls a person who looks elsewhere."""
