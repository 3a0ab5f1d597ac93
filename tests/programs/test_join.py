"""``groupchat join``: the client that it starts, as the command line and the file say."""

import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from shutil import rmtree

from twisted.trial.unittest import SynchronousTestCase

from groupchat.programs.join import add_arguments

LIMIT_S = 60.0


class ArgumentsTest(SynchronousTestCase):
    def test_defaults(self) -> None:
        """A server is all that is needed."""
        parser = ArgumentParser()
        add_arguments(parser)
        arguments = parser.parse_args(["localhost"])
        self.assertEqual((arguments.nick, arguments.room, arguments.menu, arguments.plain), (None, None, False, False))


class RunTest(SynchronousTestCase):
    """The program as a process in a pipe, without a server."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(rmtree, self.folder)
        (self.folder / "groupchat").mkdir()

    def join(self, *words: str, file: str = "") -> tuple[int, str, str]:
        """Return the exit status, the output, and what is said on standard error."""
        (self.folder / "groupchat" / "client.toml").write_text(file)
        done = subprocess.run(
            [sys.executable, "-m", "groupchat.admin", "join", *words],
            input="", capture_output=True, text=True, timeout=LIMIT_S, check=False,
            env={"XDG_CONFIG_HOME": str(self.folder), "PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    def test_menu(self) -> None:
        """In a pipe it is the plain client, which begins with the menu if that is asked for."""
        status, out, err = self.join("127.0.0.1:1", "--menu")
        self.assertEqual((status, out[:15], err), (0, "1  join the cha", ""))

    def test_hosts(self) -> None:
        """A host of the file stands for its address, but not if a port is given."""
        file = '[hosts.work]\naddress = "127.0.0.1:1"\n'
        self.assertEqual(self.join("work", file=file), (1, "", "groupchat: Nothing listens at 127.0.0.1, port 1.\n"))
        status, _, err = self.join("work.invalid:7", file=file.replace("work", '"work.invalid"'))
        self.assertEqual((status, err), (1, "groupchat: Unknown host: work.invalid.\n"))

    def test_broken_file(self) -> None:
        """A file that cannot be used, and certificates that cannot be read, are told in one line."""
        for file, words in (
            ("nick = 7\n", "client.toml cannot be used: nick must be a string.\n"),
            ('[hosts.work]\naddress = "127.0.0.1:1"\nca = "/none.pem"\n', "/none.pem: No such file or directory\n"),
        ):
            status, out, err = self.join("work", file=file)
            self.assertEqual((status, out, err.count("\n")), (1, "", 1))
            self.assertTrue(err.endswith(words), err)
