"""Tests of what stands in the words of a message."""
