"""Sentences for the errors that end a command."""

import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin.data import Failed
from groupchat.admin.explaining import sentence_for
from groupchat.model.errors import CannotStart


class SentenceTest(SynchronousTestCase):
    def test_sentences(self) -> None:
        """Each error that can be expected is one line; another one is a mistake of the program."""
        for error, sentence in (
            (Failed("No\n."), "No\\n."),
            (CannotStart("Cannot listen."), "Cannot listen."),
            (FileNotFoundError(2, "No such file", "chat.db"), "chat.db: No such file."),
            (OSError("odd"), "The output: odd."),
            (sqlite3.OperationalError("locked"), "The journal cannot be used: locked."),
            (ZeroDivisionError(), ""),
        ):
            self.assertEqual(sentence_for(error), sentence)
