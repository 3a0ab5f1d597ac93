"""Bytes: sockets, TLS, framing, and what waits to be sent."""
