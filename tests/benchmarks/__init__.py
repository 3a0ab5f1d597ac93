"""Tests of the benchmark, and the guard that the work per line does not grow unnoticed."""
