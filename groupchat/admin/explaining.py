"""Sentences for the errors that end a command."""

import sqlite3

from groupchat.admin.data import Failed
from groupchat.model.errors import CannotStart, JournalBroken, JournalUnavailable
from groupchat.model.text import escape


def sentence_for(error: Exception) -> str:
    """Return one line that says why a command failed; empty: the error is a mistake of the program."""
    match error:
        case CannotStart() | Failed() | JournalBroken() | JournalUnavailable():
            return escape(str(error))
        case OSError():
            return escape(f"{error.filename or 'The output'}: {error.strerror or error}.")
        case sqlite3.Error():
            return escape(f"The journal cannot be used: {error}.")
        case _:
            return ""
