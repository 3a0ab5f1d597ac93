"""The options of the daemon: command line, environment and settings file."""

import os
import shutil
import socket
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.daemon.options import Locations, Options


class OptionsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def options(self, *words: str, **environ: str) -> Options:
        """Read a command line, with these variables and no others."""
        options = Options(environ)
        options.parseOptions(list(words))
        return options

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def test_defaults(self) -> None:
        """Without options the daemon listens on port 5000, and keeps its messages in the current folder."""
        options = self.options()
        expected = Locations(ports=("5000",), data=Path("groupchat-data"), journal="sqlite:groupchat-data/chat.db")
        self.assertEqual(options.locations, expected)
        self.assertEqual(options.given.name, socket.gethostname())

    def test_locations(self) -> None:
        """Every place can be named."""
        words = ["--data", "/d", "--journal", "memory:", "--tls", "/c", "--metrics", "unix:m", "--port", "1"]
        locations = self.options(*words, "--port", "tcp:2").locations
        expected = Locations(
            ports=("1", "tcp:2"), data=Path("/d"), journal="memory:", certificate="/c", metrics="unix:m"
        )
        self.assertEqual(locations, expected)

    def test_metrics(self) -> None:
        """A port for figures is one of this machine only."""
        self.assertEqual(self.options("--metrics", "9100").locations.metrics, "tcp:9100:interface=127.0.0.1")

    def test_environment(self) -> None:
        """Options can be given in the environment; several ports have spaces between them."""
        options = self.options(GROUPCHAT_PORT="1 tcp:2", GROUPCHAT_DATA="/d", STATE_DIRECTORY="/s")
        self.assertEqual((options.locations.ports, options.locations.data), (("1", "tcp:2"), Path("/d")))

    def test_state_directory(self) -> None:
        """The data folder is systemd's, unless another is named; of several, the first."""
        self.assertEqual(self.options(STATE_DIRECTORY="/s:/t").locations.data, Path("/s"))
        self.assertEqual(self.options("--data", "/d", STATE_DIRECTORY="/s").locations.data, Path("/d"))

    def test_precedence(self) -> None:
        """The command line overrides the environment, and the environment overrides the file."""
        file = self.file("chat.toml", 'name = "file"\nnick_max = 10\nnick_min = 3\n')
        options = self.options(
            "--settings", file, "--name", "line", GROUPCHAT_NAME="environment", GROUPCHAT_NICK_MAX="11"
        )
        given = options.given
        self.assertEqual((given.name, given.nick_max, given.nick_min), ("line", 11, 3))

    def test_more_exempt(self) -> None:
        """Exempt networks of the command line are added to those of the file."""
        file = self.file("chat.toml", 'exempt = ["10.0.0.0/8"]\n')
        options = self.options("--settings", file, "--exempt", "192.0.2.0/24", "--exempt", "::1/128")
        self.assertEqual([str(network) for network in options.given.exempt], ["10.0.0.0/8", "192.0.2.0/24", "::1/128"])

    def test_read_again(self) -> None:
        """Settings are read anew each time, as for SIGHUP."""
        file = self.file("chat.toml", "nick_max = 10\n")
        motd = self.file("motd", "Hello\nthere\n")
        options = self.options("--settings", file, "--motd", motd, "--log-messages")
        self.assertEqual((options.given.nick_max, options.given.motd), (10, "Hello\nthere"))
        self.assertTrue(options.given.log_messages)
        self.file("chat.toml", "nick_max = 12\n")
        self.assertEqual(options.read_settings().nick_max, 12)

    def test_mistakes(self) -> None:
        """A mistake ends the process with status 1, whichever program runs the daemon."""
        not_utf8 = self.folder / "latin"
        not_utf8.write_bytes(b"\xff")
        for words in [
            ("--nonsense",), ("surplus",), ("--exempt", "home"), ("--motd", str(self.folder / "none")),
            ("--motd", str(not_utf8)), ("--motd", "/dev/zero"), ("--settings", "/dev/zero"),
            ("--settings", str(self.folder / "none")),
        ]:  # fmt: skip
            with self.assertRaises(SystemExit) as end:
                self.options(*words)
            self.assertEqual(end.exception.code, 1, words)

    def test_own_environment(self) -> None:
        """Unless told otherwise, the environment is that of the process."""
        self.assertIs(Options()._environ, os.environ)
