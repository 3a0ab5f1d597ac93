"""The options of the daemon: command line, environment and settings file."""

import os
import shutil
import socket
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.daemon.options import Locations, Options
from groupchat.journals.opening import NodeOptions


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


class NodeTest(OptionsTest):
    """The options of a node of a cluster."""

    LOG = "etcd://e1:2379,e2:2379/gc"

    def refused(self, *words: str, **environ: str) -> str:
        """Return how these options are refused."""
        with self.assertRaises(SystemExit) as end:
            self.options(*words, **environ)
        self.assertEqual(end.exception.code, 1)
        return str(end.exception.__cause__)

    def test_node(self) -> None:
        """A node has a name and a log; what it carries out is in its data folder."""
        locations = self.options("--journal", self.LOG, "--node", "a1", "--data", "/d").locations
        self.assertEqual(locations.node, NodeOptions(data=Path("/d"), node="a1"))
        self.assertEqual((locations.log, locations.journal), (self.LOG, "sqlite:/d/chat.db"))
        alone = self.options("--journal", "memory:").locations
        self.assertEqual((alone.node, alone.log, alone.journal), (None, "", "memory:"))

    def test_encrypted(self) -> None:
        """The files for TLS are named by options, the login by the environment, which nobody else can read."""
        words = [
            "--journal",
            "etcds://e1",
            "--node",
            "a1",
            "--etcd-ca",
            "ca",
            "--etcd-cert",
            "cert",
            "--etcd-key",
            "key",
        ]
        login = {"GROUPCHAT_ETCD_USER": "chat", "GROUPCHAT_ETCD_PASSWORD": "secret"}
        node = self.options(*words, **login).locations.node
        files = {"authority": Path("ca"), "certificate": Path("cert"), "key": Path("key")}
        expected = NodeOptions(data=Path("groupchat-data"), node="a1", login=("chat", "secret"), **files)  # type: ignore[arg-type]
        self.assertEqual(node, expected)
        self.assertNotIn("secret", repr(node))

    def test_environment_of_a_node(self) -> None:
        """All of it can be given in the environment."""
        options = self.options(GROUPCHAT_JOURNAL="etcds://e1", GROUPCHAT_NODE="a1", GROUPCHAT_ETCD_CA="ca")
        expected = NodeOptions(data=Path("groupchat-data"), node="a1", authority=Path("ca"))
        self.assertEqual((options.locations.node, options.locations.log), (expected, "etcds://e1"))

    def test_wrong(self) -> None:
        """What does not fit together is refused by name."""
        for words, told in (
            (("--node", "a1"), "--node names a node of a cluster, which needs --journal etcd://HOST:PORT,… too."),
            (
                ("--node", "a1", "--journal", "http://gc:word@127.0.0.1:2379"),
                "--node names a node of a cluster, whose --journal is etcd://HOST:PORT,…, not http://…@127.0.0.1:2379.",
            ),
            (("--journal", "memory:", "--node", "a1"), "--node names a node of a cluster"),
            (("--journal", self.LOG), "A node of a cluster needs a name, which no other has: --node NAME."),
            (
                ("--journal", self.LOG, "--node", "A1"),
                "“A1” is not the name of a node: 1 to 32 of a-z, 0-9",
            ),
            (("--journal", self.LOG, "--node", "a" * 33), "is not the name of a node"),
            (("--etcd-ca", "x"), "--etcd-ca is for --journal etcds://HOST:PORT,…"),
            (("--journal", self.LOG, "--node", "a1", "--etcd-ca", "x"), "--etcd-ca is for etcds:"),
            (("--journal", "etcds://e1", "--node", "a1", "--etcd-cert", "x"), "are given together"),
            (("--journal", "etcds://e1", "--node", "a1", "--etcd-key", "x"), "are given together"),
            (("--journal", "etcd://e1:x", "--node", "a1"), "is not a server of etcd"),
            (("--journal", "etcd:e1", "--node", "a1"), "is not a log in etcd"),
            (("--journal", "etcd://me:secret@e1", "--node", "a1"), "not given in the location"),
        ):
            self.assertIn(told, self.refused(*words))
        for name in ("USER", "PASSWORD"):
            told = self.refused("--journal", self.LOG, "--node", "a1", **{f"GROUPCHAT_ETCD_{name}": "x"})
            self.assertIn("GROUPCHAT_ETCD_USER and GROUPCHAT_ETCD_PASSWORD are given together.", told)

    def test_refuses_sooner(self) -> None:
        """A node refuses what cannot be stored sooner than a server that is alone, also after a reload."""
        file = self.file("chat.toml", "cluster_refuse_s = 3\ncommit_refuse_s = 20\n")
        node = self.options("--journal", self.LOG, "--node", "a1")
        self.assertEqual((node.given.commit_refuse_s, self.options().given.commit_refuse_s), (5, 10))
        node = self.options("--journal", self.LOG, "--node", "a1", "--settings", file)
        self.assertEqual((node.given.commit_refuse_s, node.read_settings().commit_refuse_s), (3, 3))
        self.assertEqual(self.options("--settings", file).given.commit_refuse_s, 20)
        file = self.file("slow.toml", "commit_pause_s = 8\n")
        node = self.options("--journal", self.LOG, "--node", "a1", "--settings", file)
        self.assertEqual((node.given.commit_pause_s, node.given.commit_refuse_s), (5, 5))
        self.assertEqual(self.options("--settings", file).given.commit_pause_s, 8)
