"""The file of the client's configuration."""

import os
import subprocess
import sys
import tempfile
from argparse import ArgumentTypeError
from datetime import time
from pathlib import Path
from shutil import rmtree

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.address import Address, Server, addresses_of
from groupchat.client.tls.trust import Encryption
from groupchat.destinations.configuration import Configuration, folder, load, read
from groupchat.destinations.hosts import BadConfiguration, Host
from groupchat.destinations.quiet_hours import QuietHours
from tests.lacking import need_root


class LoadTest(SynchronousTestCase):
    def setUp(self) -> None:
        base = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, base)
        self.path = base / "client.toml"

    def load(self, text: str) -> Configuration:
        self.path.write_text(text)
        return load(self.path)

    def test_defaults(self) -> None:
        """Without a file, and with an empty one, everything has its default."""
        self.assertEqual(load(self.path), Configuration())
        self.assertEqual(self.load(""), Configuration(bell="mentions", typing=True, color=True))

    def test_everything(self) -> None:
        """The file names hosts, colours and preferences."""
        read = self.load(
            'nick = "al"\nbell = "off"\ntyping = false\ncolor = false\n[colors]\nbob = 208\n'
            '[hosts.work]\naddress = "chat.org:5001"\nnick = "alice"\nroom = "dev"\n'
        )
        self.assertEqual(read, Configuration(
            "al", {"work": Host("chat.org:5001", "alice", room="dev")}, False, False, "off", {"bob": 208},
        ))  # fmt: skip

    def test_attention(self) -> None:
        """The file says what calls the person, and when not."""
        read = self.load(
            'joins = "on"\nnotify = ["notify-send", "{nick} in {room}", "{text}"]\nquiet_hours = "22:00-07:00"\n'
            'others = "all"\n'
        )
        self.assertEqual(read, Configuration(
            joins="on", others="all", notify=("notify-send", "{nick} in {room}", "{text}"),
            quiet_hours=QuietHours(time(22), time(7)),
        ))  # fmt: skip
        self.assertEqual(self.load('notify = []\nquiet_hours = ""'), Configuration())

    def test_wrong(self) -> None:
        """A mistake is told with the name of the file and the place in it."""
        for text, told in (
            ("nick = 5", "nick must be a string"),
            ("color = 'yes'", "color must be true or false"),
            ("colors = 1", "colors must be a table"),
            ("nik = 'a'", "nik is unknown; known names are nick, color"),
            ("bell = 'loud'", "bell must be one of off, mentions, all"),
            ("others = 'some'", "others must be one of mentions, all, none"),
            ("joins = 'some'", "joins must be one of active, on, off"),
            ("notify = 'notify-send'", "notify must be a list"),
            ("notify = ['a', 1]", "notify must be strings"),
            ("notify = ['{text}']", "notify must begin with the name of a program"),
            ("notify = ['']", "notify must begin with the name of a program"),
            (f"notify = {['a'] * 33}", "notify has at most 32 strings"),
            ('notify = ["a", "\\u0000"]', "notify has no NUL characters"),
            ("quiet_hours = 'night'", 'quiet_hours must be hours like "22:00-07:00"'),
            ("quiet_hours = '7:00-07:00'", "quiet_hours must not end when they begin"),
            ('[hosts.a]\naddress = "a"\nfingerprint = ""', "the host a has an empty fingerprint: leave it out"),
            ('[hosts.a]\naddress = "a"\nca = ""', "the host a has an empty ca: leave it out"),
            ('[hosts.a]\naddress = "a"\npassword_file = ""', "the host a has an empty password_file: leave it out"),
            ("[colors]\nbob = 300", "the colour of bob must be a number from 0 to 255"),
            ("[colors]\nbob = true", "the colour of bob must be a number from 0 to 255"),
            ("hosts = { work = 5 }", "the host work needs an address"),
            ("[hosts.work]\nnick = 'a'", "the host work needs an address"),
            ("[hosts.work]\naddress = 'a:b:c'", "the host work: 'a:b:c' is not HOST"),
            ("[hosts.work]\naddress = 'a'\ntls = 1", "tls of the host work must be true or false"),
            ("[hosts.work]\naddress = 'a'\nport = 1", "port of the host work is unknown"),
            ("[host.work]\naddress = 'a'", "host is unknown; known names are nick, color"),
            ("[hosts.work]\naddress = 'a'\npassword = 'x'", "password of the host work is unknown; known names are"),
            (
                "[hosts.work]\naddress = 'a'\npassword_file = 'p'\ntoken_file = 't'",
                "the host work has password_file and token_file: leave out all but one",
            ),
            ("[hosts.work]\naddress = 'a'\nnick = 'n'\naccount = 'm'", "has nick and account: leave out"),
            ("[hosts.work]\naddress = 'a'\nca = 'c'\ninsecure = true", "has ca and insecure: leave out"),
            ("[hosts.work]\naddress = 'a'\nca = 'c'\ntls = false", "has ca, which needs TLS, and tls = false"),
            ("[hosts.work]\naddress = 'a'\nfingerprint = '3B:1F'", "the host work: a SHA-256 fingerprint has 64"),
            ("[hosts.work]\naddress = 'a'\nca = '~nobody-here/c'", "the host work: Could not determine home"),
            ("nick = ", "client.toml cannot be used: "),
        ):
            error = str(self.assertRaises(BadConfiguration, self.load, text))
            self.assertIn(told, error)
            self.assertIn(str(self.path), error)

    def test_unreadable(self) -> None:
        """A file that cannot be read, or is not UTF-8, is told too."""
        self.path.mkdir()
        self.assertIn("cannot be used", str(self.assertRaises(BadConfiguration, load, self.path)))
        self.path.rmdir()
        os.mkfifo(self.path)
        self.assertIn("not a regular file", str(self.assertRaises(BadConfiguration, load, self.path)))
        self.path.unlink()
        self.path.symlink_to(self.path)
        self.assertIn("Too many levels", str(self.assertRaises(BadConfiguration, load, self.path)))
        self.path.unlink()
        self.path.write_bytes(b"nick = '\xff'")
        self.assertIn("cannot be used", str(self.assertRaises(BadConfiguration, load, self.path)))


class HostTest(SynchronousTestCase):
    def test_several(self) -> None:
        """The address of a host may be several; what is wrong with them is told with the name of the host."""
        several = read({"hosts": {"work": {"address": "a,b:5001"}}}, Path()).hosts["work"].server(None)
        self.assertEqual(str(several), "a,b:5001")
        error = self.assertRaises(BadConfiguration, read, {"hosts": {"work": {"address": "a,,b"}}}, Path())
        self.assertIn("the host work: 'a,,b' has an empty address", str(error))

    def test_server(self) -> None:
        """A host is encrypted when the file, or the command line, says so; the command line wins."""
        plain = _first(Host("chat.org:5001").server(None))
        self.assertEqual((plain.host, plain.port, plain.encryption), ("chat.org", 5001, None))
        self.assertIsNotNone(_first(Host("chat.org", tls=True).server(None)).encryption)
        insecure = Host("chat.org", insecure=True)
        self.assertEqual(_first(insecure.server(None)).encryption, Encryption((), insecure=True))
        asked = Encryption((), insecure=False)
        self.assertIs(_first(insecure.server(asked)).encryption, asked)

    def test_files(self) -> None:
        """The names of files start from the folder of client.toml, or from the home; others are as they are."""
        home = Path.home()
        for given, meant in (("t", "/etc/x/t"), ("~/t", str(home / "t")), ("/run/t", "/run/t")):
            host = {"address": "a", "token_file": given, "ca": given}
            read_host = read({"hosts": {"work": host}}, Path("/etc/x")).hosts["work"]
            self.assertEqual((read_host.token_file, read_host.ca), (meant, meant))

    def test_fingerprint(self) -> None:
        """A fingerprint is taken with colons and without."""
        for text in ("AB" * 32, ":".join(["ab"] * 32)):
            encryption = _first(Host("chat.org", fingerprint=text).server(None)).encryption
            self.assertEqual(encryption, Encryption(fingerprint=b"\xab" * 32))

    def test_no_certificates(self) -> None:
        """A file of certificates that is not there is told when the host is used."""
        self.assertRaises(ArgumentTypeError, Host("chat.org", ca="/no/such/file").server, None)


class FolderTest(SynchronousTestCase):
    def test_folder(self) -> None:
        """The XDG variables count when they are absolute paths, as their specification says."""
        usual = Path.home() / ".config" / "groupchat"
        self.assertEqual(folder({}, "XDG_CONFIG_HOME", ".config"), usual)
        self.assertEqual(folder({"XDG_CONFIG_HOME": "relative"}, "XDG_CONFIG_HOME", ".config"), usual)
        self.assertEqual(
            folder({"XDG_CONFIG_HOME": "/etc/xdg"}, "XDG_CONFIG_HOME", ".config"), Path("/etc/xdg/groupchat")
        )

    def test_no_home(self) -> None:
        """A user whom the system does not know, as in some containers, has no home, and so the defaults."""
        need_root("can be such a user")
        script = (
            "import os\nfrom groupchat.destinations.configuration import Configuration, folder, load\n"
            "os.setuid(54321)\n"
            "print(load() == Configuration(), folder({}, 'XDG_STATE_HOME', '.local/state'))"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        self.assertEqual(done.stdout, "True /nonexistent/.local/state/groupchat\n", done.stderr)


def _first(server: Server) -> Address:
    """Return the only address, or the first of several."""
    return addresses_of(server)[0]
