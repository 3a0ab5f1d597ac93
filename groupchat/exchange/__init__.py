"""Carry posts, facts and positions from one journal to another as lines of JSON, each checked before it is used."""
