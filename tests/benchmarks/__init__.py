"""Tests of the benchmark itself, and the guard that the work for a line does not grow unseen."""
