"""Settings: each is declared once, and read from a file and the environment."""
