"""Tests of fetching files from other nodes."""
