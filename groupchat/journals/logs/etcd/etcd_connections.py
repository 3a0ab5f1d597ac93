"""Servers of etcd, and how connections to them are made: addresses, TLS, and what has gone wrong with either."""

import ssl
from pathlib import Path
from typing import Any

from OpenSSL.crypto import Error as CryptoError
from OpenSSL.SSL import Error as OpenSSLError
from service_identity import VerificationError
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost, DNSLookupError
from twisted.internet.ssl import (
    Certificate,
    KeyPair,
    PrivateCertificate,
    optionsForClientTLS,
    trustRootFromCertificates,
)

from groupchat.lazy.records import record
from groupchat.model.errors import CannotStart
from groupchat.outgoing.http_answers import NoHttp
from groupchat.outgoing.http_client import HttpClient
from groupchat.outgoing.http_endpoints import HttpEndpoints
from groupchat.outgoing.http_stream import HttpStreams

CONNECT_S = 1.0
"""Seconds that making a connection may take."""


@record
class Server:
    """A server of etcd."""

    host: str
    port: int
    is_encrypted: bool = False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Encryption:
    """What TLS needs: whom to trust, and the certificate to show, if any.

    :raises CannotStart: a file cannot be used; the sentence says which, and why.
    """

    def __init__(self, authority: Path | None, certificate: Path | None, key: Path | None) -> None:
        self.authority, self.certificate = authority, certificate
        if (certificate is None) != (key is None):
            raise CannotStart("--etcd-cert and --etcd-key are given together, or not at all.")
        self._options: dict[str, Any] = {}
        if authority is not None:
            self._options["trustRoot"] = trustRootFromCertificates(_certificates("--etcd-ca", authority))
        if certificate is not None and key is not None:
            own, *chain = _certificates("--etcd-cert", certificate)
            self._options["clientCertificate"] = _private("--etcd-key", key, certificate, own)
            self._options["extraCertificateOptions"] = {"extraCertChain": [one.original for one in chain]}

    def options(self, host: str) -> Any:
        """Return how TLS to this host is opened."""
        return optionsForClientTLS(host, **self._options)


def _read(option: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotStart(f"{option}: {path} cannot be read: {error.strerror}.") from error


def _certificates(option: str, path: Path) -> list[Certificate]:
    """Read all certificates of a file."""
    end = b"-----END CERTIFICATE-----"
    blocks = _read(option, path).split(end)[:-1]
    try:
        found = [Certificate.loadPEM(block[block.index(b"-----BEGIN") :] + end + b"\n") for block in blocks]
    except (ValueError, CryptoError) as error:
        raise CannotStart(f"{option}: a certificate in {path} is damaged.") from error
    if not found:
        raise CannotStart(f"{option}: {path} has no certificate in the PEM form.")
    return found


def _private(option: str, path: Path, beside: Path, certificate: Certificate) -> PrivateCertificate:
    """Read the key of a certificate, and see that it is its key."""
    try:
        key = KeyPair.load(_read(option, path), 1)
    except (ValueError, CryptoError) as error:
        raise CannotStart(f"{option}: {path} has no private key in the PEM form without a passphrase.") from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_cert_chain(beside, path)
    except ssl.SSLError as error:
        raise CannotStart(f"{option}: the key in {path} is not that of the certificate in {beside}.") from error
    private: PrivateCertificate = PrivateCertificate.fromCertificateAndKeyPair(certificate, key)
    return private


def connections(reactor: Any, encryption: Encryption | None, most_bytes: int) -> tuple[HttpClient, HttpStreams]:
    """Make a client for requests, and what watches are opened by, each of which has a connection of its own.

    :param most_bytes: the most bytes of an answer to a request.
    """
    endpoints = HttpEndpoints(reactor, CONNECT_S, encryption.options if encryption is not None else None)
    return HttpClient(reactor, endpoints.endpoint, most_bytes), HttpStreams(endpoints.endpoint)


def reason(server: Server, error: BaseException, is_new: bool = False) -> tuple[str, bool]:
    """Return what has gone wrong with a connection, in a sentence, and whether it is how things are set up.

    :param is_new: whether the server has never answered, so that it may not speak TLS, or nothing else.
    """
    if isinstance(error, OpenSSLError):
        return _encryption_problem(server, str(error)), True
    if isinstance(error, VerificationError):
        return f"The certificate of {server} is not for “{server.host}”.", True
    if isinstance(error, NoHttp):
        return f"{server} {error}.", is_new
    if isinstance(error, DNSLookupError):
        return f"The name “{server.host}” is not known.", False
    if isinstance(error, ConnectError):
        return f"{server} cannot be reached: {str(error).rstrip('.')}.", False
    if isinstance(error, ConnectionDone | ConnectionLost):
        return f"{server} has closed the connection{_hint(server) if is_new else ''}.", False
    return f"{server}: {error!r}", False


def _hint(server: Server) -> str:
    if server.is_encrypted:
        return "; if it does not speak TLS, the journal is etcd:, not etcds:"
    return "; if it wants TLS, the journal is etcds:, not etcd:"


def _encryption_problem(server: Server, text: str) -> str:
    if "certificate verify failed" in text:
        return f"The certificate of {server} is not signed by the authority in --etcd-ca, or out of date."
    if "wrong version number" in text or "packet length too long" in text or "record layer failure" in text:
        return f"{server} does not speak TLS: the journal is etcd:, not etcds:."
    if "certificate required" in text or "bad certificate" in text or "unknown ca" in text or "alert" in text:
        return f"{server} does not accept the certificate in --etcd-cert, or wants one and none is given ({text})."
    return f"TLS with {server} has failed: {text}."
