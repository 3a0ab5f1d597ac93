"""TLS for clients: verification of the server's certificate, and sentences for what is wrong with it."""

import argparse
import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL, crypto
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import verify_certificate_hostname, verify_certificate_ip_address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IDelayedCall,
    IHandshakeListener,
    IOpenSSLClientConnectionCreator,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    TLSVersion,
    platformTrust,
    trustRootFromCertificates,
)
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.client.core.client_errors import ClientError
from groupchat.client.core.protocol import REFUSAL

PATIENCE = 20.0
"""Seconds for the TLS handshake."""

FIRST = 1024
"""Bytes that are kept of what comes before TLS is established."""

FAULTS = {
    9: "is not valid yet",
    10: "is no longer valid",
    18: "is self-signed; name it with --fingerprint or --ca if it is the right one",
    19: "was issued by an authority that is not trusted here; --ca names one",
    20: "was issued by an authority that is not known here; --ca names one",
    21: "was issued by an authority that is not known here; --ca names one",
}
"""OpenSSL's error numbers (X509_verify_cert_error_string) in words; the subject is the certificate."""


class NotTrusted(ClientError):
    """TLS was not established; the text says why."""


@dataclass(frozen=True, slots=True)
class Encryption:
    """The certificates to accept: those of authorities that the machine trusts, unless a field is set.

    ``authorities``: only these certificates, and those they have issued.
    ``fingerprint``: only the certificate with this SHA-256, in bytes.
    ``insecure``: every certificate.
    """

    authorities: tuple[x509.Certificate, ...] = ()
    fingerprint: bytes = b""
    insecure: bool = False

    def around(self, endpoint: IStreamClientEndpoint, host: str, reactor: Any) -> "EncryptedEndpoint":
        """Return the same endpoint, with TLS."""
        return EncryptedEndpoint(endpoint, self, host, reactor)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options about TLS."""
    parser.add_argument("--tls", action="store_true", help="encrypt the connection (the options below do, too)")
    parser.add_argument("--ca", metavar="FILE", type=read_authorities, help="trust the certificates in this file only")
    parser.add_argument(
        "--fingerprint", metavar="SHA256", type=_fingerprint, help="trust the certificate with this fingerprint only"
    )
    parser.add_argument("--insecure", action="store_true", help="encrypt, but accept every certificate")


def chosen(arguments: argparse.Namespace) -> Encryption | None:
    """Return the encryption that the arguments ask for; None: no encryption."""
    given = Encryption(arguments.ca or (), arguments.fingerprint or b"", arguments.insecure)
    return given if arguments.tls or given != Encryption() else None


def read_authorities(path: str) -> tuple[x509.Certificate, ...]:
    """Read certificates in PEM from a file.

    :raises ArgumentTypeError: the file cannot be read, or contains no certificate.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(Path(path).read_bytes()))
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{path} has no certificate in PEM") from error


def _fingerprint(text: str) -> bytes:
    """Read a fingerprint.

    :raises ArgumentTypeError: the text is not a SHA-256 fingerprint.
    """
    digits = text.replace(":", "")
    if not re.fullmatch("[0-9A-Fa-f]{64}", digits):
        raise argparse.ArgumentTypeError("a SHA-256 fingerprint has 64 hexadecimal digits, with or without colons")
    return bytes.fromhex(digits)


@implementer(IOpenSSLClientConnectionCreator)
class _Check:
    """Makes the TLS connection of one attempt, and verifies the certificate.

    ``passed``: the certificate was verified and accepted.
    ``fault``: why it was not accepted.
    """

    def __init__(self, encryption: Encryption, host: str) -> None:
        self.passed = False
        self.fault = ""
        self._encryption = encryption
        self._host = host

    # Twisted calls this.

    def clientConnectionForTLS(self, tlsProtocol: object) -> SSL.Connection:
        encryption = self._encryption
        trust: Any = platformTrust()
        if encryption.authorities:
            roots = [Certificate(crypto.X509.from_cryptography(root)) for root in encryption.authorities]
            trust = trustRootFromCertificates(roots)
        context = CertificateOptions(trustRoot=trust, raiseMinimumTo=TLSVersion.TLSv1_2).getContext()
        connection = SSL.Connection(context, None)
        if not _is_address(self._host):
            connection.set_tlsext_host_name(_ascii_name(self._host).encode("ascii"))
        connection.set_verify(SSL.VERIFY_PEER, self._look)
        return connection

    def _look(self, connection: SSL.Connection, found: crypto.X509, error: int, depth: int, ok: int) -> bool:
        """Verify a certificate; OpenSSL calls this for each of the chain, and last for the server's own (depth 0)."""
        encryption = self._encryption
        certificate = found.to_cryptography()
        if encryption.insecure or encryption.fingerprint:
            if depth == 0:
                digest = certificate.fingerprint(hashes.SHA256())
                self._judge(encryption.insecure or digest == encryption.fingerprint,
                            f"is a different one: its fingerprint is {digest.hex(':').upper()}")  # fmt: skip
            return depth > 0 or self.passed
        if not ok:
            self._judge(False, FAULTS.get(error, f"cannot be verified (OpenSSL's error {error})"))
        elif depth == 0:
            self._judge(_names(certificate, self._host), f"is not for {self._host}")
        return not self.fault

    def _judge(self, good: bool, fault: str) -> None:
        self.passed = good
        self.fault = "" if good else fault


def _names(certificate: x509.Certificate, host: str) -> bool:
    """Return whether a certificate names a host, or its IP address (RFC 6125)."""
    try:
        if _is_address(host):
            verify_certificate_ip_address(certificate, host)
        else:
            verify_certificate_hostname(certificate, _ascii_name(host))
    except (VerificationError, CertificateError):
        return False
    return True


def _ascii_name(host: str) -> str:
    """Return a host's name in ASCII, as in certificates (RFC 5890)."""
    return host if host.isascii() else host.encode("idna").decode("ascii")


@implementer(IStreamClientEndpoint)
class EncryptedEndpoint:
    """Succeeds to connect only when TLS is established: nothing is sent to an unverified server."""

    def __init__(self, endpoint: IStreamClientEndpoint, encryption: Encryption, host: str, reactor: Any) -> None:
        self._endpoint = endpoint
        self._encryption = encryption
        self._host = host
        self._reactor = reactor

    def connect(self, protocolFactory: IProtocolFactory) -> "Deferred[IProtocol]":
        check = _Check(self._encryption, self._host)
        handshakes: list[_Handshake] = []

        def begin() -> _Handshake:
            handshakes.append(_Handshake(protocolFactory, check, self._reactor))
            return handshakes[-1]

        def cancel(_: "Deferred[IProtocol]") -> None:
            attempt.cancel()
            for handshake in handshakes:
                handshake.drop()

        established: Deferred[IProtocol] = Deferred(cancel)
        factory: Any = Factory.forProtocol(begin)
        factory.noisy = False
        wrapping = TLSMemoryBIOFactory(check, True, factory, self._reactor)
        wrapping.protocol = _Tunnel
        attempt = self._endpoint.connect(wrapping)
        attempt.addCallbacks(lambda _: handshakes[-1].done.chainDeferred(established), established.errback)
        return established


class _Tunnel(BufferingTLSTransport):
    """TLS on a connection; keeps what came first, since it may be a refusal in words."""

    first = b""

    # Twisted calls this.

    def dataReceived(self, data: bytes) -> None:
        if len(self.first) < FIRST:
            self.first += data[: FIRST - len(self.first)]
        super().dataReceived(data)


@implementer(IHandshakeListener)
class _Handshake(Protocol):
    """Stands in for the wanted protocol until TLS is established."""

    def __init__(self, wanted: IProtocolFactory, check: _Check, reactor: Any) -> None:
        self.done: Deferred[IProtocol] = Deferred()
        self._wanted = wanted
        self._check = check
        self._reactor = reactor
        self._timer: IDelayedCall | None = None

    def drop(self) -> None:
        """Close the connection: it is no longer wanted."""
        transport: Any = self.transport
        if transport is not None:
            transport.abortConnection()

    # Twisted calls these.

    def connectionMade(self) -> None:
        self._timer = self._reactor.callLater(PATIENCE, self.drop)

    def handshakeCompleted(self) -> None:
        transport: Any = self.transport
        if not self._check.passed:
            transport.abortConnection()
            return
        protocol: Any = self._wanted.buildProtocol(transport.getPeer())
        if self._timer is not None:
            self._timer.cancel()
        transport.wrappedProtocol = protocol
        protocol.makeConnection(transport)
        self.done.callback(protocol)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self.done.errback(Failure(NotTrusted(self._why(reason.value))))

    def _why(self, error: BaseException | None) -> str:
        if self._check.fault:
            return f"the server's certificate {self._check.fault}"
        transport: Any = self.transport
        refusal = REFUSAL.match(transport.first.decode("utf-8", "replace"))
        if refusal is not None:
            return f"the server answered without TLS: {refusal[2].strip().rstrip('.')} ({refusal[1]})"
        if isinstance(error, ConnectionDone | ConnectionLost):
            return "the server ended it; perhaps it does not speak TLS"
        if isinstance(error, SSL.Error) and error.args and error.args[0]:
            return f"{error.args[0][-1][2]}; perhaps the server does not speak TLS"
        return f"it took longer than {PATIENCE:g} seconds"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
