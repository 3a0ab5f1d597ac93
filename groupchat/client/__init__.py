"""The library for programs that take part in a chat."""
