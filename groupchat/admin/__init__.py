"""The command line ``groupchat``: what an administrator does, with a running daemon or without one."""
