"""Faults that are known to break daemons, injected into a real one: ``python -m faults``; see docs/RELIABILITY.md."""
