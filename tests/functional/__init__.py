"""Tests with a real daemon and real programs."""
