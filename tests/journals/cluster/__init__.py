"""Tests of the journal of a node."""
