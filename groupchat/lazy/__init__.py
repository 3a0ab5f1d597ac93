"""Declarations that cost little until they are used: every program makes hundreds of them as it starts."""
