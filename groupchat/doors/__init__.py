"""The ways in: which protocol a peer speaks, and what serves it."""
