"""The command line ``groupchat``: administration, with a running daemon or without one."""
