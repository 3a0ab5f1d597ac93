"""The door of lines: text for people, JSON Lines for programs, and telnet."""
