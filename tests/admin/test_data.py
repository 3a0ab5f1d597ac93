"""The option that names the data folder."""

import argparse
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin.data import add_data, journal


class DataTest(SynchronousTestCase):
    def test_journal(self) -> None:
        """The journal is chat.db in the folder that --data names."""
        parser = argparse.ArgumentParser()
        add_data(parser)
        self.assertEqual(journal(parser.parse_args(["--data", "/var/lib/chat"])), Path("/var/lib/chat/chat.db"))
