"""The server's certificates: found in files, followed when they are renewed, chosen by the name asked for."""
