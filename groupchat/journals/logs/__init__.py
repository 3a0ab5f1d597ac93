"""Shared logs: the order in which the nodes of a cluster carry things out."""
