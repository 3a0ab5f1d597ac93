"""Tests of the commands about the nodes of a cluster."""
