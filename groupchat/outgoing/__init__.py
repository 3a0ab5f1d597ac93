"""Connections that a node of a cluster makes: to the log, and to other nodes."""
