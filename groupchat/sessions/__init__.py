"""The life of a connection: the prompt, the login, and what it asks for."""
