"""Everybody who is here and everything that is true: people, rooms, accounts, sanctions.  Data, without verbs."""
