"""Tests of the commands that copy journals."""
