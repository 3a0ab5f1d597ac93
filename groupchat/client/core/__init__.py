"""The core of the client library: everything about a chat, and nothing about how bytes travel."""
