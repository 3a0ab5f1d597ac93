"""Certificates on disk, and a client in memory that is served with one."""

import contextlib
import ssl
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import cast

import trustme
from cryptography import x509
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import LogLevel, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.certificates.certificates import Certificates
from groupchat.doors.certificates.places import Files, finder
from tests.doors.connections import authority


class CertificateCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, self.folder)
        observer = EventLoggingObserver()
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.events = observer

    def logged(self, *levels: LogLevel) -> list[str]:
        """Return the lines of the log since the last time, at these levels."""
        told = [formatEvent(event) for event in self.events if event["log_level"] in levels]
        self.events._events.clear()
        return told

    def issue(
        self, folder: Path | None = None, names: tuple[str, str] = ("cert.pem", "key.pem"), host: str = "localhost"
    ) -> str:
        """Put another certificate there; its serial number."""
        leaf = authority().issue_cert(host)
        place = folder or self.folder
        place.mkdir(parents=True, exist_ok=True)
        leaf.cert_chain_pems[0].write_to_path(str(place / names[0]))
        leaf.private_key_pem.write_to_path(str(place / names[1]), append=names[0] == names[1])
        return serial_of(leaf.cert_chain_pems[0].bytes())

    def found(self, place: str = "") -> list[Files]:
        """Return the files found at a place below the test's folder."""
        return [
            Files(certificate.relative_to(self.folder), key.relative_to(self.folder))
            for certificate, key in finder(f"{self.folder}/{place}")()
        ]


def serial_of(pem: bytes) -> str:
    return f"{x509.load_pem_x509_certificate(pem).serial_number:x}"


def served(found: Certificates, name: str | None = None) -> str:
    """The serial number of the certificate with which a new connection is served that asks for this name."""
    certificate = handshake(found, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3, name)
    return f"{x509.load_der_x509_certificate(certificate).serial_number:x}"


def handshake(
    found: Certificates,
    lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
    highest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    name: str | None = None,
    trusted: trustme.CA | None = None,
) -> bytes:
    """Connect in memory with one of these versions; the certificate.

    :param trusted: the only authority the client knows; None: it accepts everything.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trusted is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
    else:
        trusted.configure_trust(context)
    context.minimum_version, context.maximum_version = lowest, highest
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=name)
    received, answered = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = found.context_for((name or "").encode("idna")).wrap_bio(received, answered, server_side=True)
    for _ in range(4):
        try:
            client.do_handshake()
            break
        except ssl.SSLWantReadError:
            received.write(outgoing.read())
        with contextlib.suppress(ssl.SSLWantReadError):
            server.do_handshake()
        incoming.write(answered.read())
    return cast(bytes, client.getpeercert(True))
