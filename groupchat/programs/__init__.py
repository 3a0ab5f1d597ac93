"""The programs ``join``, ``say`` and ``tail``, and what they need of a terminal or a pipe."""
