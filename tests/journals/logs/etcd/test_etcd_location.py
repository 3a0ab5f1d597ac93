"""Where a log in etcd is."""

import shutil
import tempfile
from pathlib import Path

import trustme
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.interfaces.shared_log import ILog
from groupchat.journals.logs.etcd.etcd_connections import Server
from groupchat.journals.logs.etcd.etcd_location import opened, parse
from groupchat.model.errors import CannotStart


class LocationTests(SynchronousTestCase):
    """Addresses, and what stands before the keys."""

    def test_servers(self) -> None:
        """One server or several, by name or address, with a port or without."""
        where = parse("etcd://e1:2380,10.0.0.2,[fd00::3]:2379/chat/one")
        self.assertEqual(where.servers, (Server("e1", 2380), Server("10.0.0.2", 2379), Server("fd00::3", 2379)))
        self.assertEqual(where.prefix, "chat/one")
        self.assertEqual([str(one) for one in where.servers], ["e1:2380", "10.0.0.2:2379", "[fd00::3]:2379"])

    def test_defaults(self) -> None:
        """Without a prefix there is one all the same."""
        for location in ("etcd://e1", "etcd://e1/", "etcd://e1:2379"):
            self.assertEqual((parse(location).servers, parse(location).prefix), ((Server("e1", 2379),), "groupchat"))

    def test_encrypted(self) -> None:
        """TLS is for all servers."""
        where = parse("etcds://e1,e2")
        self.assertEqual(where.servers, (Server("e1", 2379, True), Server("e2", 2379, True)))

    def test_refused(self) -> None:
        """What is wrong is named."""
        for location, words in (
            ("sqlite:chat.db", "is not a log in etcd"),
            ("etcd:e1", "is not a log in etcd"),
            ("etcd://", "“” is not a server"),
            ("etcd://e1,,e2", "“” is not a server"),
            ("etcd://e1:port", "“e1:port” is not a server"),
            ("etcd://e1:0", "port between"),
            ("etcd://e1:65536", "port between"),
            ("etcd://e1,e1:2379", "twice"),
            ("etcd://gc:secret@e1", "not given in the location"),
            ("etcd://e1/a b", "“a b” cannot stand before keys"),
        ):
            with self.assertRaises(CannotStart) as caught:
                parse(location)
            self.assertIn(words, str(caught.exception))
            self.assertNotIn("secret", str(caught.exception))


class OpenedTests(SynchronousTestCase):
    """Logs are opened without asking anybody; files are read."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.folder / "ca.pem")
        for name in ("one", "two"):
            certificate = authority.issue_cert("gc@example.com")
            certificate.private_key_pem.write_to_path(self.folder / f"{name}.key")
            certificate.cert_chain_pems[0].write_to_path(self.folder / f"{name}.pem")
        (self.folder / "empty").write_text("")
        broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        (self.folder / "broken.pem").write_text(broken)

    def open(self, location: str, **files: str) -> ILog:
        """Open a log with these files."""
        paths = {option: self.folder / name for option, name in files.items()}
        log: ILog = opened(location, Clock(), **paths)  # type: ignore[arg-type]  # no login is given
        return log

    def test_opened(self) -> None:
        """Nothing is asked before the log begins."""
        verifyObject(ILog, self.open("etcd://e1"))
        verifyObject(ILog, self.open("etcds://e1"))
        verifyObject(ILog, self.open("etcds://e1", authority="ca.pem", certificate="one.pem", key="one.key"))

    def test_files(self) -> None:
        """A file that cannot be used is named, with its option and the reason."""
        for files, words in (
            ({"authority": "none"}, ("--etcd-ca", "none", "No such file")),
            ({"authority": "empty"}, ("--etcd-ca", "empty", "no certificate")),
            ({"authority": "one.key"}, ("--etcd-ca", "one.key", "no certificate")),
            ({"authority": "broken.pem"}, ("--etcd-ca", "broken.pem", "damaged")),
            ({"certificate": "one.pem"}, ("--etcd-cert and --etcd-key",)),
            ({"key": "one.key"}, ("--etcd-cert and --etcd-key",)),
            ({"certificate": "none", "key": "one.key"}, ("--etcd-cert", "none")),
            ({"certificate": "one.pem", "key": "none"}, ("--etcd-key", "none")),
            ({"certificate": "one.pem", "key": "one.pem"}, ("--etcd-key", "one.pem", "no private key")),
            ({"certificate": "one.pem", "key": "two.key"}, ("--etcd-key", "two.key", "one.pem", "not that of")),
        ):
            with self.assertRaises(CannotStart) as caught:
                self.open("etcds://e1", **files)
            for word in words:
                self.assertIn(word, str(caught.exception))

    def test_files_without_encryption(self) -> None:
        """Certificates for connections that are not encrypted are a mistake."""
        with self.assertRaises(CannotStart) as caught:
            self.open("etcd://e1", authority="ca.pem")
        self.assertIn("are for etcds:", str(caught.exception))
