"""What the doors promise: every byte in, every event out."""
