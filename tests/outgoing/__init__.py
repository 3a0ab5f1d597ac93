"""Tests of connections that are made."""
