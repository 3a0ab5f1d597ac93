"""The file of servers whose keys a person has accepted."""

import os
import shutil
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.address import Address, address
from groupchat.client.core.client_errors import fingerprint_of
from groupchat.client.tls.public_keys import key_of
from groupchat.client.tls.trust import Encryption
from groupchat.destinations.known_hosts import KnownHost, KnownHosts, UnreadableHosts
from tests.client.tls.fakes import AUTHORITY, CERTIFICATE, der

ONE, OTHER = der(AUTHORITY.cert_pem.bytes()), der(CERTIFICATE.cert_chain_pems[0].bytes())
TODAY = "2026-11-26"


class KnownHostsCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = self.folder / "groupchat" / "known_hosts"
        self.hosts = KnownHosts(self.path)
        self.server = address("Chat.org")._replace(encryption=Encryption())

    def applied(self, server: Address) -> Encryption | None:
        """Return what an address is trusted by."""
        return self.hosts.applied(server).encryption


class FileTest(KnownHostsCase):
    def test_remembered(self) -> None:
        """A key is found again by host and port, however the host is written, in a file that only its owner reads."""
        self.assertIsNone(self.hosts.find(self.server))
        self.hosts.remember(self.server, ONE, TODAY)
        known = KnownHost(key_of(ONE).hex(), fingerprint_of(ONE), TODAY)
        self.assertEqual(KnownHosts(self.path).find(address("chat.ORG:5000")), known)
        self.assertIsNone(self.hosts.find(address("chat.org:5001")))
        self.assertEqual([os.stat(path).st_mode & 0o777 for path in (self.path, self.path.parent)], [0o600, 0o700])
        self.assertEqual(self.path.read_text().splitlines()[1:], [
            f"chat.org:5000 key={known.key} certificate={known.certificate} since={TODAY}"
        ])  # fmt: skip

    def test_several(self) -> None:
        """Each server has a line; a new one takes the place of the old one, and forgetting leaves the others."""
        for name in ("a", "b:5001", "::1", "[::1]:5001"):
            self.hosts.remember(address(name), ONE, TODAY)
        self.hosts.remember(address("a"), OTHER, TODAY)
        self.assertEqual(len(self.path.read_text().splitlines()), 5)
        forgotten = self.hosts.forget(address("a"))
        assert forgotten is not None
        self.assertEqual(forgotten.certificate, fingerprint_of(OTHER))
        self.assertIsNone(self.hosts.forget(address("a")))
        self.assertIn("[::1]:5000 key=", self.path.read_text())

    def test_nothing_to_forget(self) -> None:
        """Where nothing is known, nothing is written."""
        self.assertIsNone(self.hosts.forget(self.server))
        self.assertFalse(self.path.parent.exists())

    def test_by_hand(self) -> None:
        """People can delete lines and write comments; the last of two lines counts."""
        self.hosts.remember(self.server, ONE, TODAY)
        line = self.path.read_text().splitlines()[1]
        self.path.write_text(f"# mine\n\n  {line}  \nchat.org:5000 authority since=2026-01-01")
        self.assertEqual(self.hosts.find(self.server), KnownHost(since="2026-01-01"))

    def test_unreadable(self) -> None:
        """A file that makes no sense is not taken for an empty one: every server would be a new one."""
        self.path.parent.mkdir()
        for content, told in (
            (b"chat.org:5000 key=abc certificate=AB since=2026-11-26\n", "line 1 makes no sense; delete it"),
            (b"# x\nchat.org\n", "line 2 makes no sense"), (b"\xff", "it is not UTF-8"),
        ):  # fmt: skip
            self.path.write_bytes(content)
            for action in (self.hosts.find, self.hosts.applied, self.hosts.forget):
                error = self.assertRaises(UnreadableHosts, action, self.server)
                self.assertIn(f"{self.path} cannot be used: {told}", str(error))
            self.assertRaises(UnreadableHosts, self.hosts.remember, self.server, ONE, TODAY)
            self.assertEqual(self.path.read_bytes(), content)

    def test_place(self) -> None:
        """It is in the folder for what programs keep."""
        hosts = KnownHosts.of_person({"XDG_STATE_HOME": str(self.folder)})
        hosts.remember(self.server, ONE, TODAY)
        self.assertTrue(self.path.exists())


class AppliedTest(KnownHostsCase):
    def test_applied(self) -> None:
        """A key that is remembered goes with the address, and that an authority vouched."""
        self.assertEqual(self.applied(self.server), Encryption())
        self.hosts.remember(self.server, ONE, TODAY)
        self.assertEqual(self.applied(self.server), Encryption(key=key_of(ONE), remembered=fingerprint_of(ONE)))
        self.hosts.remember(self.server, b"", TODAY)
        self.assertEqual(self.applied(self.server), Encryption(vouched=True))

    def test_asked_otherwise(self) -> None:
        """Whoever asks for a certificate, or for none, gets that; then the file is not even read."""
        self.path.parent.mkdir()
        self.path.write_bytes(b"\xff")
        for encryption in (None, Encryption((ONE,)), Encryption(fingerprint=b"x" * 32), Encryption(insecure=True)):
            self.assertEqual(self.applied(self.server._replace(encryption=encryption)), encryption)
