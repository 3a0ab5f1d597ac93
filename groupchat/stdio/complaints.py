"""Complaints on standard error."""

import os

from groupchat.stdio.printable import one_line


def complain(sentence: str) -> None:
    """Print one sentence on standard error, in one line."""
    try:
        os.write(2, f"groupchat: {one_line(sentence)}\n".encode())
    except OSError:
        return  # standard error is closed
