"""Tests of sharing files."""
