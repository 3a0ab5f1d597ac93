"""The process: how it starts, runs, logs and stops."""
