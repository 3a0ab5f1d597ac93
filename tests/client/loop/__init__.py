"""Tests of the small loop."""
