"""Tests of the doors: every byte in, every event out."""
