"""Passwords and access tokens of programs that nobody sits at."""

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin.main import SUB_COMMANDS
from groupchat.destinations.credentials import LONGEST, Credentials, Unreadable, credentials_of, of_files
from tests.lacking import need_root

TOKEN = "gct_" + "0123456789" * 4


class CredentialsCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = self.folder / "secret"

    def write(self, content: bytes, mode: int = 0o600) -> str:
        """Write the file, with this mode, and return its name."""
        self.path.write_bytes(content)
        self.path.chmod(mode)
        return str(self.path)

    def complaint(self, password: str | None = None, token: str | None = None, **environ: str) -> str:
        """Return why credentials are not taken."""
        return str(self.assertRaises(Unreadable, credentials_of, password, token, environ))


class PlaceTest(CredentialsCase):
    def test_environment(self) -> None:
        """Without a file they come from the environment; an empty variable is none."""
        found = [
            credentials_of(None, None, environ)
            for environ in (
                {"GROUPCHAT_PASSWORD": "open sesame"}, {"GROUPCHAT_TOKEN": TOKEN}, {},
                {"GROUPCHAT_PASSWORD": "", "GROUPCHAT_TOKEN": TOKEN}, {"GROUPCHAT_PASSWORD": "", "GROUPCHAT_TOKEN": ""},
            )
        ]  # fmt: skip
        by_token, nothing = Credentials(access=TOKEN), Credentials()
        self.assertEqual(found, [Credentials("open sesame"), by_token, nothing, by_token, nothing])
        self.assertEqual([bool(one) for one in found], [True, True, False, True, False])

    def test_both(self) -> None:
        """Two variables are not decided between; a file counts more than either."""
        both = {"GROUPCHAT_PASSWORD": "x", "GROUPCHAT_TOKEN": TOKEN}
        self.assertIn("are both set; unset one", self.complaint(**both))
        path = self.write(b"open sesame\n")
        self.assertEqual(credentials_of(path, None, both), Credentials("open sesame"))
        path = self.write(TOKEN.encode())
        self.assertEqual(credentials_of(None, path, both), Credentials(access=TOKEN))

    def test_password_file(self) -> None:
        """A password is the first line of its file, with its blanks."""
        for content in (b" open sesame ", b" open sesame \n", b" open sesame \r\nmore\n"):
            self.assertEqual(credentials_of(self.write(content), None, {}), Credentials(" open sesame "))

    def test_token_file(self) -> None:
        """An access token is the first line without blanks."""
        for content in (f"{TOKEN}", f" {TOKEN}\t\r\n", f"{TOKEN}\nmore"):
            self.assertEqual(of_files("", self.write(content.encode())), Credentials(access=TOKEN))

    def test_pipe(self) -> None:
        """A file can be a pipe, as a shell makes it for the output of a password manager."""
        reading, writing = os.pipe()
        os.write(writing, b"open sesame\n")
        os.close(writing)
        self.addCleanup(os.close, reading)
        self.assertEqual(credentials_of(f"/dev/fd/{reading}", None, {}), Credentials("open sesame"))


class RefusedTest(CredentialsCase):
    def test_unreadable(self) -> None:
        """A file that is missing, empty or something else is named, but nothing that is in it."""
        for content, words in (
            (b"", "has no password in its first line"), (b"\nx", "has no password in its first line"),
            (b"\xff\xfe", "is not UTF-8"), (TOKEN.encode(), "has an access token, and no password"),
        ):  # fmt: skip
            self.assertIn(f"{self.path} {words}", self.complaint(self.write(content)))
        for path in (self.folder / "none", self.folder):
            self.assertIn(f"{path} cannot be read", self.complaint(str(path)))
        self.assertIn("more than 4,096 bytes", self.complaint(self.write(b"x" * (LONGEST + 1))))
        self.assertEqual(credentials_of(self.write(b"x" * LONGEST), None, {}), Credentials("x" * LONGEST))

    def test_no_token(self) -> None:
        """What is no access token is not sent, nor shown: a hook, a password, too much, nothing."""
        for content in ("gch_" + "0" * 40, "open sesame", TOKEN + "0" * 21, "", "gct_é"):
            told = self.complaint(None, self.write(content.encode()))
            self.assertIn("has no access token, as /token makes them", told)
            self.assertEqual((content in told, "sesame" in told), (not content, False))
        self.assertIn("$GROUPCHAT_TOKEN has no access token", self.complaint(GROUPCHAT_TOKEN="open sesame"))
        self.assertIn("GROUPCHAT_PASSWORD has an access token", self.complaint(GROUPCHAT_PASSWORD=TOKEN))

    def test_open_to_others(self) -> None:
        """A file of one's own that others can read or change is not used, and how to close it is told."""
        for mode in (0o640, 0o604, 0o620, 0o666, 0o644):
            told = self.complaint(self.write(b"open sesame", mode))
            self.assertEqual(told, f"{self.path} is not used, because others can read or change it (mode {mode:04o}): "
                                   f"chmod 600 {self.path}")  # fmt: skip
        for mode in (0o600, 0o400, 0o700):
            self.assertTrue(credentials_of(self.write(b"open sesame", mode), None, {}))

    def test_given_by_others(self) -> None:
        """A file of somebody else, as containers have secrets, is used as it is."""
        need_root("can give files away")
        path = self.write(b"open sesame", 0o444)
        os.chown(path, 12345, 12345)
        self.assertEqual(credentials_of(path, None, {}), Credentials("open sesame"))

    def test_standard_input(self) -> None:
        """Where standard input is what is said, no secret is taken from it."""
        self.assertIn("Standard input is what is said here", self.complaint("-"))
        self.assertIn("Standard input is what is said here", self.complaint(None, "-"))

    def test_not_shown(self) -> None:
        """What ends up in a log or a traceback shows neither."""
        shown = repr(Credentials("open sesame", TOKEN))
        self.assertNotIn("sesame", shown)
        self.assertNotIn(TOKEN, shown)

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
