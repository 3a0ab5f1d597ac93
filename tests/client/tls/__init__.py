"""Tests of the client's TLS."""
