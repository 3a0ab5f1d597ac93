"""Limits: how much of something one peer, address or account may use."""
