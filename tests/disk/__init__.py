"""Tests of files and folders on disk."""
