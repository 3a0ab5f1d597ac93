"""What is known to break daemons, done to a real one on this machine: ``python -m faults``; see docs/RELIABILITY.md."""
