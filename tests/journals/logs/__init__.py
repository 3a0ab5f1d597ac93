"""Tests of the shared logs."""
