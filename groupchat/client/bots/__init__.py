"""Bots: programs that answer, declared by decorators."""
