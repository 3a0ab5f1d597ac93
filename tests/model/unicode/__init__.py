"""Tests of what Unicode says about letters."""
