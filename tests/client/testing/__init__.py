"""The server in memory that users' own tests talk to."""
