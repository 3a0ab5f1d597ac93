"""What administration commands have in common."""

import argparse
import contextlib
import io
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin.data import add_data, journal, tell


class DataTest(SynchronousTestCase):
    def test_journal(self) -> None:
        """The journal is chat.db in the folder that --data names."""
        parser = argparse.ArgumentParser()
        add_data(parser)
        self.assertEqual(journal(parser.parse_args(["--data", "/var/lib/chat"])), Path("/var/lib/chat/chat.db"))

    def test_tell(self) -> None:
        """Words from elsewhere are one line, and a terminal obeys none of them."""
        with contextlib.redirect_stdout(io.StringIO()) as output:
            tell("b1 is gone \x1b[2J\x07\nb1: all is well \u202egnihton")
            tell("عالی\u200cترین 👩\u200d🚀 is an operator")
        self.assertEqual(
            output.getvalue(), "b1 is gone  b1: all is well gnihton\nعالی\u200cترین 👩\u200d🚀 is an operator\n"
        )
