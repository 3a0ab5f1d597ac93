"""Certificates: made, found, renewed, and refused in plain words."""

import contextlib
import os
import re
import ssl
import subprocess
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy, rmtree
from tempfile import mkdtemp
from typing import cast

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import LogLevel, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.doors.wire import certificates
from groupchat.doors.wire.certificates import Certificates, given, own
from groupchat.model.errors import CannotStart
from tests.doors.connections import authority, issued
from tests.functional.harness import program


class CertificateCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, self.folder)
        observer = EventLoggingObserver()
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.events = observer

    def logged(self, level: LogLevel) -> list[str]:
        """Return the lines of the log since the last time, at this level."""
        told = [formatEvent(event) for event in self.events if event["log_level"] is level]
        self.events._events.clear()
        return told

    def issue(self, folder: Path | None = None, names: tuple[str, str] = ("cert.pem", "key.pem")) -> str:
        """Put another certificate there; its serial number."""
        leaf = authority().issue_cert("localhost")
        place = folder or self.folder
        leaf.cert_chain_pems[0].write_to_path(str(place / names[0]))
        leaf.private_key_pem.write_to_path(str(place / names[1]))
        return serial_of(leaf.cert_chain_pems[0].bytes())

    def assert_refused(self, pattern: str, place: str) -> None:
        with self.assertRaisesRegex(CannotStart, pattern):
            given(place)


def serial_of(pem: bytes) -> str:
    return f"{x509.load_pem_x509_certificate(pem).serial_number:x}"


def served(found: Certificates) -> str:
    """The serial number of the certificate that a new connection is served with."""
    certificate = handshake(found, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    return f"{x509.load_der_x509_certificate(certificate).serial_number:x}"


def handshake(found: Certificates, lowest: ssl.TLSVersion, highest: ssl.TLSVersion) -> bytes:
    """Connect in memory with one of these versions; the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = lowest, highest
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client, server = context.wrap_bio(incoming, outgoing), found.serverConnectionForTLS(None)
    server.set_accept_state()
    for _ in range(4):
        try:
            client.do_handshake()
            break
        except ssl.SSLWantReadError:
            server.bio_write(outgoing.read())
        with contextlib.suppress(SSL.WantReadError):
            server.do_handshake()
        incoming.write(server.bio_read(65536))
    return cast(bytes, client.getpeercert(True))


class OwnTests(CertificateCase):
    def test_made_once(self) -> None:
        """A missing certificate is made, readable by its owner only, and is the same at the next start."""
        umask = os.umask(0)
        self.addCleanup(os.umask, umask)
        first, second = own(self.folder / "data" / "tls"), own(self.folder / "data" / "tls")
        verifyObject(IOpenSSLServerConnectionCreator, first)
        self.assertEqual(first.fingerprint, second.fingerprint)
        modes = [(self.folder / "data" / name).stat().st_mode & 0o777 for name in ("", "tls", "tls/key.pem")]
        self.assertEqual(modes, [0o700, 0o700, 0o600])

    def test_fingerprint(self) -> None:
        """The log tells the fingerprint that openssl shows, and until when it is valid."""
        found = own(self.folder)
        shown = subprocess.run(
            [program("openssl"), "x509", "-noout", "-fingerprint", "-sha256", "-in", self.folder / "cert.pem"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        self.assertEqual(found.fingerprint, shown.strip().partition("=")[2])
        (told,) = self.logged(LogLevel.info)
        self.assertIn(f"SHA-256 {found.fingerprint}, valid until {datetime.now(UTC).year + 10}-", told)

    def test_its_names(self) -> None:
        """It is for this host and for localhost: clients that trust it can check that."""
        own(self.folder)
        certificate = x509.load_pem_x509_certificate((self.folder / "cert.pem").read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        self.assertIn("localhost", names.get_values_for_type(x509.DNSName))
        self.assertIn("127.0.0.1", map(str, names.get_values_for_type(x509.IPAddress)))

    def test_stopped_halfway(self) -> None:
        """A key without its certificate, and what was half written, are made anew."""
        first = own(self.folder)
        (self.folder / "cert.pem").unlink()
        (self.folder / "key.pem.new").write_text("half")
        self.assertNotEqual(own(self.folder).fingerprint, first.fingerprint)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["cert.pem", "key.pem"])

    def test_expired(self) -> None:
        """An expired one is replaced at the start."""
        leaf = authority().issue_cert("localhost", not_after=datetime.now(UTC) - timedelta(days=1))
        leaf.cert_chain_pems[0].write_to_path(str(self.folder / "cert.pem"))
        leaf.private_key_pem.write_to_path(str(self.folder / "key.pem"))
        self.assertNotEqual(served(own(self.folder)), serial_of(leaf.cert_chain_pems[0].bytes()))

    def test_no_place(self) -> None:
        """A folder where it cannot be stored is named, with what to do."""
        (self.folder / "tls").touch()
        with self.assertRaisesRegex(
            CannotStart, r"cannot be stored in \S+/tls: File exists; name another certificate with --tls"
        ):
            own(self.folder / "tls")
        with self.assertRaisesRegex(CannotStart, r"The data folder \S+/tls cannot be used: File exists\."):
            own(self.folder / "tls" / "tls")

    def test_not_ours(self) -> None:
        """A file that is not a certificate is reported, not replaced."""
        for name in ("cert.pem", "key.pem"):
            (self.folder / name).write_text("something else")
        with self.assertRaisesRegex(CannotStart, r"cert\.pem has no certificate in PEM\."):
            own(self.folder)


class GivenTests(CertificateCase):
    def test_places(self) -> None:
        """A folder as certbot or Kubernetes makes it, or ours, or two files; a chain is served whole."""
        for names in (("fullchain.pem", "privkey.pem"), ("tls.crt", "tls.key"), ("cert.pem", "key.pem")):
            folder = self.folder / names[0].replace(".", "-")
            folder.mkdir()
            serial = self.issue(folder, names)
            self.assertEqual(served(given(str(folder))), serial)
            self.assertEqual(served(given(f"{folder / names[0]}, {folder / names[1]}")), serial)

    def test_chain(self) -> None:
        """The certificates that lead up to an authority are sent along."""
        between = trustme.CA().create_child_ca()
        leaf = between.issue_cert("localhost")
        leaf.private_key_and_cert_chain_pem.write_to_path(str(self.folder / "all.pem"))
        found = given(f"{self.folder}/all.pem,{self.folder}/all.pem")
        self.assertEqual(served(found), serial_of(leaf.cert_chain_pems[0].bytes()))

    def test_refused(self) -> None:
        """Unusable files are reported in one sentence that names the file."""
        self.issue()
        (self.folder / "other").mkdir()
        self.issue(self.folder / "other")
        key = ec.generate_private_key(ec.SECP256R1())
        locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
        (self.folder / "locked.pem").write_bytes(locked)
        strange = ed448.Ed448PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "strange.pem").write_bytes(strange)
        (self.folder / "text").write_text("text")
        certificate = f"{self.folder}/cert.pem"
        for pattern, place in [
            (r"There is no certificate in nowhere; a folder has fullchain\.pem and privkey\.pem, ", "nowhere"),
            (r"\Anowhere: No such file or directory\.\Z", f"nowhere,{self.folder}/key.pem"),
            (r"/missing: No such file or directory\.\Z", f"{certificate},{self.folder}/missing"),
            (r"/text has no certificate in PEM\.\Z", f"{self.folder}/text,{self.folder}/key.pem"),
            (r"/text has no private key in PEM\.\Z", f"{certificate},{self.folder}/text"),
            (r"/locked\.pem has a password, and a daemon cannot ask for it", f"{certificate},{self.folder}/locked.pem"),
            (r"/other/key\.pem is not the key of \S+/cert\.pem\.\Z", f"{certificate},{self.folder}/other/key.pem"),
            (r"/strange\.pem is not the key of ", f"{certificate},{self.folder}/strange.pem"),
        ]:  # fmt: skip
            self.assert_refused(pattern, place)

    def test_expires_soon(self) -> None:
        """A certificate with two weeks or less left is warned of; one with more is not."""
        for days, told in ((15, 0), (13, 1), (-1, 1)):
            leaf = authority().issue_cert("localhost", not_after=datetime.now(UTC) + timedelta(days=days))
            leaf.private_key_and_cert_chain_pem.write_to_path(str(self.folder / "all.pem"))
            given(f"{self.folder}/all.pem,{self.folder}/all.pem")
            self.assertEqual(len(self.logged(LogLevel.warn)), told)

    def test_versions(self) -> None:
        """TLS 1.2 and 1.3 are spoken, and nothing older; nothing is agreed anew, and nothing compressed."""
        found = issued(self.folder)
        chain, key = (read(self.folder / name) for read, name in (
            (certificates._chain, "cert.pem"), (certificates._key, "key.pem")
        ))  # fmt: skip
        options = certificates._context(chain, key).set_options(0)  # can be asked only before it is used
        for forbidden in (SSL.OP_NO_TLSv1, SSL.OP_NO_TLSv1_1, SSL.OP_NO_RENEGOTIATION, SSL.OP_NO_COMPRESSION):
            self.assertEqual(options & forbidden, forbidden)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            self.assertTrue(handshake(found, version, version))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python's own, about this version
            with self.assertRaises((SSL.Error, ssl.SSLError)):
                handshake(found, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1)


class RenewalTests(CertificateCase):
    def test_renewed(self) -> None:
        """Files that changed are taken by the next connection, and told of; those that did not are left."""
        first = self.issue()
        found = given(str(self.folder))
        self.logged(LogLevel.info)
        found.renew()
        self.assertEqual((served(found), self.logged(LogLevel.info)), (first, []))
        second = self.issue()
        self.assertEqual(served(found), first)
        found.renew()
        self.assertEqual(served(found), second)
        (told,) = self.logged(LogLevel.info)
        self.assertIn(found.fingerprint, told)

    def test_half_renewed(self) -> None:
        """While one file is new and the other is not, what was before stays; it is told of once."""
        first = self.issue()
        found = given(str(self.folder))
        (self.folder / "new").mkdir()
        second = self.issue(self.folder / "new")
        copy(self.folder / "new" / "cert.pem", self.folder)
        for _ in range(3):
            found.renew()
        self.assertEqual(served(found), first)
        (complaint,) = self.logged(LogLevel.error)
        self.assertRegex(complaint, r"was not loaded: \S+/key\.pem is not the key of")
        copy(self.folder / "new" / "key.pem", self.folder)
        found.renew()
        self.assertEqual(served(found), second)

    def test_linked(self) -> None:
        """A link that points to other files now, as certbot's, is noticed."""
        for name in ("one", "two"):
            (self.folder / name).mkdir()
        self.issue(self.folder / "one")
        second = self.issue(self.folder / "two")
        live = self.folder / "live"
        live.symlink_to("one")
        found = given(str(live))
        (self.folder / "next").symlink_to("two")
        (self.folder / "next").replace(live)
        found.renew()
        self.assertEqual(served(found), second)

    def test_gone(self) -> None:
        """Files that are gone are told of once, and taken when they are back."""
        first = self.issue()
        found = given(str(self.folder))
        (self.folder / "key.pem").unlink()
        for _ in range(3):
            found.renew()
        self.assertEqual(len(self.logged(LogLevel.error)), 1)
        self.assertEqual(served(found), first)
        second = self.issue()
        found.renew()
        self.assertEqual(served(found), second)

    def test_name_of_pairs(self) -> None:
        """Our own files have the names by which a folder is searched."""
        own(self.folder)
        self.assertEqual(served(given(str(self.folder))), served(own(self.folder)))
        self.assertTrue(all(re.fullmatch(r"[\w.]+", name) for pair in certificates.PAIRS for name in pair))
