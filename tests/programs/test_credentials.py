"""Passwords of programs that nobody sits at."""

import argparse
import shutil
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin.main import SUB_COMMANDS
from groupchat.programs.credentials import Unreadable, password_of


class PasswordTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = self.folder / "password"

    def test_environment(self) -> None:
        """Without a file it comes from the environment, if it is there."""
        self.assertEqual(password_of(None, {"GROUPCHAT_PASSWORD": "open sesame"}), "open sesame")
        self.assertEqual([password_of(None, {}), password_of(None, {"GROUPCHAT_PASSWORD": ""})], [None, None])

    def test_file(self) -> None:
        """It is the first line of the file, with its blanks, and that counts more than the environment."""
        for content in (b" open sesame ", b" open sesame \n", b" open sesame \r\nmore\n"):
            self.path.write_bytes(content)
            self.assertEqual(password_of(str(self.path), {"GROUPCHAT_PASSWORD": "x"}), " open sesame ")

    def test_unreadable(self) -> None:
        """A file that is missing, empty or something else is named, but nothing that is in it."""
        for content, words in ((b"", "has no password"), (b"\nx", "has no password"), (b"\xff\xfe", "is not UTF-8")):
            self.path.write_bytes(content)
            error = self.assertRaises(Unreadable, password_of, str(self.path), {})
            self.assertEqual(str(error).removeprefix(f"{self.path} ").split(" in ")[0].rstrip("."), words)
        for path in (self.folder / "none", self.folder):
            self.assertIn(f"{path} cannot be read", str(self.assertRaises(Unreadable, password_of, str(path), {})))

    def test_never_an_argument(self) -> None:
        """No command takes a password or a token as an argument: ps shows those to everybody."""
        for name, command in SUB_COMMANDS.items():
            parser = argparse.ArgumentParser(prog=name)
            command.load(parser)
            for action in parser._actions:
                inner = action.choices.values() if isinstance(action, argparse._SubParsersAction) else [parser]
                for one in inner:
                    for argument in one._actions:
                        words = f"{argument.dest} {argument.metavar}".lower()
                        secret = any(word in words for word in ("password", "token", "secret"))
                        self.assertTrue(not secret or argument.metavar == "FILE", (name, words))
