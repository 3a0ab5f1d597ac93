"""Settings: every tunable declared once, the file and the environment they are read from."""
