"""The terminal client: signing in, the chat, and what is saved between runs."""
