"""TLS for clients: which certificates are accepted, and what is said about the others."""

import argparse
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from groupchat.client.encryption import (
    PATIENCE,
    EncryptedEndpoint,
    Encryption,
    NotTrusted,
    add_arguments,
    chosen,
    read_authorities,
)
from tests.client.fakes import FakeEndpoint

AUTHORITY = trustme.CA()
HOST = "chat.example.org"
BOOKS = "b\u00fccher.example"


class Talk(Protocol):
    """Sends a greeting, and notes what comes."""

    def __init__(self) -> None:
        self.heard = b""

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(b"hello")

    def dataReceived(self, data: bytes) -> None:
        self.heard += data


class Pipe(StringTransport):
    """A transport that can be aborted."""

    def abortConnection(self) -> None:
        self.disconnecting = True


@implementer(IOpenSSLServerConnectionCreator)
class Server:
    """Makes the server's side of TLS connections."""

    def __init__(self, certificate: trustme.LeafCert) -> None:
        self._context = SSL.Context(SSL.TLS_METHOD)
        self._context.use_certificate(x509.load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes()))
        key: Any = load_pem_private_key(certificate.private_key_pem.bytes(), None)
        self._context.use_privatekey(key)

    def serverConnectionForTLS(self, tlsProtocol: object) -> SSL.Connection:
        return SSL.Connection(self._context, None)


class EncryptionCase(SynchronousTestCase):
    def connect(self, encryption: Encryption, certificate: trustme.LeafCert, host: str = HOST) -> Any:
        """Let a client connect to a server with this certificate; return the Deferred of its protocol."""
        self.clock = Clock()
        network = FakeEndpoint()
        talk: Any = Factory.forProtocol(Talk)
        made = encryption.around(network, host, self.clock).connect(talk)
        (attempt, factory) = network.attempts.pop()
        build: Any = factory.buildProtocol
        self.client: Any = build(None)
        creator: Any = Server(certificate)
        self.server: Any = TLSMemoryBIOFactory(creator, False, talk, self.clock).buildProtocol(None)
        self.near, self.far = Pipe(), Pipe()
        self.client.makeConnection(self.near)
        self.server.makeConnection(self.far)
        attempt.callback(self.client)
        self.pump()
        return made

    def pump(self) -> None:
        """Carry bytes both ways until there are none."""
        for _ in range(20):
            self.clock.advance(0)
            for source, target in ((self.near, self.server), (self.far, self.client)):
                data = source.value()
                source.clear()
                if data:
                    target.dataReceived(data)

    def refused(self, encryption: Encryption, certificate: trustme.LeafCert, host: str = HOST) -> str:
        """Return why this certificate is not accepted; nothing must have been said to its server."""
        made = self.connect(encryption, certificate, host)
        if self.near.disconnecting:
            self.client.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.server.wrappedProtocol.heard, b"")
        return str(self.failureResultOf(made, NotTrusted).value)


def authorities(authority: trustme.CA) -> tuple[x509.Certificate, ...]:
    return tuple(x509.load_pem_x509_certificates(authority.cert_pem.bytes()))


def fingerprint(certificate: trustme.LeafCert) -> bytes:
    return x509.load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes()).fingerprint(hashes.SHA256())


class AcceptedTest(EncryptionCase):
    def accepted(self, encryption: Encryption, certificate: trustme.LeafCert, host: str = HOST) -> None:
        talk = self.successResultOf(self.connect(encryption, certificate, host))
        self.pump()
        self.assertEqual((talk.heard, self.server.wrappedProtocol.heard), (b"hello", b"hello"))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_authority(self) -> None:
        """A certificate of a named authority is accepted for the host, or the address, that it names."""
        named = Encryption(authorities(AUTHORITY))
        self.accepted(named, AUTHORITY.issue_cert(HOST))
        self.accepted(named, AUTHORITY.issue_cert("127.0.0.1"), "127.0.0.1")

    def test_name_of_many_letters(self) -> None:
        """A host with letters beyond ASCII is known by its name in ASCII."""
        self.accepted(
            Encryption(authorities(AUTHORITY)), AUTHORITY.issue_cert("b\u00fccher.example"), "b\u00fccher.example"
        )

    def test_fingerprint(self) -> None:
        """The certificate with the fingerprint is accepted, whoever issued it and whatever it names."""
        certificate = trustme.CA().issue_cert("elsewhere.example")
        self.accepted(Encryption(fingerprint=fingerprint(certificate)), certificate)

    def test_insecure(self) -> None:
        """If that is asked for, every certificate is."""
        self.accepted(Encryption(insecure=True), trustme.CA().issue_cert("elsewhere.example"))


class RefusedTest(EncryptionCase):
    def test_another_host(self) -> None:
        """A certificate for another host is not accepted."""
        named = Encryption(authorities(AUTHORITY))
        self.assertEqual(
            self.refused(named, AUTHORITY.issue_cert("other.example")), f"the server's certificate is not for {HOST}"
        )
        self.assertIn("is not for ::1", self.refused(named, AUTHORITY.issue_cert(HOST), "::1"))

    def test_another_authority(self) -> None:
        """Nor is one of an unknown authority."""
        named, unknown = Encryption(authorities(trustme.CA())), "issued by an authority that is not known"
        self.assertIn(unknown, self.refused(named, AUTHORITY.issue_cert(HOST)))
        self.assertIn(
            "issued by an authority that is not known", self.refused(Encryption(), AUTHORITY.issue_cert(HOST))
        )

    def test_expired(self) -> None:
        """Nor one that is no longer valid, or not yet."""
        named = Encryption(authorities(AUTHORITY))
        now = datetime.now(UTC)
        old = AUTHORITY.issue_cert(HOST, not_after=now - timedelta(days=1))
        young = AUTHORITY.issue_cert(HOST, not_before=now + timedelta(days=1))
        self.assertIn("is no longer valid", self.refused(named, old))
        self.assertIn("is not valid yet", self.refused(named, young))

    def test_another_fingerprint(self) -> None:
        """Nor one with another fingerprint, which is told."""
        certificate = AUTHORITY.issue_cert(HOST)
        digits = fingerprint(certificate).hex(":").upper()
        self.assertIn(f"its fingerprint is {digits}", self.refused(Encryption(fingerprint=b"x" * 32), certificate))


class HandshakeTest(EncryptionCase):
    def begin(self) -> Any:
        self.clock = Clock()
        self.network = FakeEndpoint()
        endpoint = EncryptedEndpoint(self.network, Encryption(insecure=True), HOST, self.clock)
        verifyObject(IStreamClientEndpoint, endpoint)
        factory: Any = Factory.forProtocol(Talk)
        return endpoint.connect(factory)

    def test_silent_server(self) -> None:
        """A server that does not answer the handshake is dropped in time."""
        made = self.begin()
        ((attempt, factory),) = self.network.attempts
        client: Any = factory.buildProtocol(None)  # type: ignore[arg-type]
        transport = Pipe()
        client.makeConnection(transport)
        attempt.callback(client)
        self.clock.advance(PATIENCE - 1)
        self.assertFalse(transport.disconnecting)
        self.clock.advance(1)
        self.assertTrue(transport.disconnecting)
        self.assertNoResult(made)

    def test_not_tls(self) -> None:
        """A server that speaks something else is told."""
        made = self.begin()
        ((attempt, factory),) = self.network.attempts
        client: Any = factory.buildProtocol(None)  # type: ignore[arg-type]
        client.makeConnection(Pipe())
        attempt.callback(client)
        client.dataReceived(b"groupchat 1.0 at here: 0 people are here.\r\n")
        client.connectionLost(Failure(ConnectionDone()))
        self.assertIn("perhaps the server does not speak TLS", str(self.failureResultOf(made, NotTrusted).value))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_cancelled(self) -> None:
        """An attempt that is cancelled is ended."""
        made = self.begin()
        made.cancel()
        made.addErrback(lambda failure: None)
        self.assertEqual(self.network.cancelled, 1)


class ArgumentsTest(SynchronousTestCase):
    def chosen(self, *words: str) -> Encryption | None:
        parser = argparse.ArgumentParser(exit_on_error=False)
        add_arguments(parser)
        return chosen(parser.parse_args(words))

    def test_options(self) -> None:
        """Each option means encryption, and --tls alone the authorities of this machine."""
        self.assertIsNone(self.chosen())
        self.assertEqual(self.chosen("--tls"), Encryption())
        self.assertEqual(self.chosen("--insecure"), Encryption(insecure=True))

    @given(st.binary(min_size=32, max_size=32))
    def test_fingerprint(self, digest: bytes) -> None:
        """A fingerprint is read with colons or without, in either case."""
        for text in (digest.hex(), digest.hex(":").upper()):
            self.assertEqual(self.chosen("--fingerprint", text), Encryption(fingerprint=digest))

    def test_wrong_fingerprint(self) -> None:
        """What is no fingerprint is refused."""
        for text in ("", "00", "g" * 64, "0" * 63):
            self.assertRaises(argparse.ArgumentError, self.chosen, "--fingerprint", text)

    def test_authorities(self) -> None:
        """A file of certificates is read; one without any, and none, are refused in words."""
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(rmtree, folder)
        good, bad = folder / "ca.pem", folder / "bad.pem"
        AUTHORITY.cert_pem.write_to_path(str(good))
        bad.write_text("nothing")
        self.assertEqual(read_authorities(str(good)), authorities(AUTHORITY))
        for path in (bad, folder / "none.pem"):
            with self.assertRaisesRegex(argparse.ArgumentTypeError, str(path)):
                read_authorities(str(path))
