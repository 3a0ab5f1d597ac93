"""Servers of etcd, and how connections to them are made: addresses, TLS, and what has gone wrong with either."""

import ssl
from pathlib import Path
from typing import Any

from cryptography.x509.oid import NameOID
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

from groupchat.journals.logs.etcd.requests.etcd_answers import said
from groupchat.lazy.records import record
from groupchat.model.errors import CannotStart
from groupchat.outgoing.http_answers import NoHttp
from groupchat.outgoing.http_client import HttpClient
from groupchat.outgoing.http_endpoints import HttpEndpoints
from groupchat.outgoing.http_stream import HttpStreams

NAMED = (
    "The certificate in --etcd-cert has a CommonName: etcd refuses this node as soon as it demands certificates and has"
    " users. Use one without, such as for the subject /O=groupchat."
)
"""Of a certificate that works only as long as etcd has no users."""

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

    ``warning``: what may hinder with this certificate later; empty: nothing.

    :raises CannotStart: a file cannot be used; the sentence says which, and why.
    """

    def __init__(self, authority: Path | None, certificate: Path | None, key: Path | None) -> None:
        self.authority, self.certificate = authority, certificate
        self.warning = ""
        if (certificate is None) != (key is None):
            raise CannotStart("--etcd-cert and --etcd-key are given together, or not at all.")
        self._options: dict[str, Any] = {}
        if authority is not None:
            self._options["trustRoot"] = trustRootFromCertificates(_certificates("--etcd-ca", authority))
        if certificate is not None and key is not None:
            own, *chain = _certificates("--etcd-cert", certificate)
            self._options["clientCertificate"] = _private("--etcd-key", key, certificate, own)
            self._options["extraCertificateOptions"] = {"extraCertChain": [one.original for one in chain]}
            if own.original.to_cryptography().subject.get_attributes_for_oid(NameOID.COMMON_NAME):
                self.warning = NAMED

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


def reason(
    server: Server, error: BaseException, is_new: bool = False, encryption: Encryption | None = None
) -> tuple[str, bool]:
    """Return what has gone wrong with a connection, in a sentence, and whether it is how things are set up.

    :param is_new: whether the server has never answered, so that it may not speak TLS, or nothing else.
    :param encryption: what this node needs for TLS; None: it has no TLS.
    """
    if isinstance(error, OpenSSLError):
        return _encryption_problem(server, _reasons(error), encryption), True
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


def refused_name(server: Server, status: int, body: bytes) -> str:
    """Return that etcd refuses this node's certificate because that names somebody, as a sentence; empty: it does not.

    With users it does so wherever it demands certificates, by a line that is no JSON.
    """
    if status != 400 or not body.startswith(b"CommonName of client"):
        return ""
    return (
        f"{server} takes no certificate with a CommonName now that it has users: give an --etcd-cert without one, such"
        f" as for the subject /O=groupchat. It says: “{said(str(body, 'utf-8', 'replace').strip())}”."
    )


def without_users(encryption: Encryption | None) -> str:
    """Return who can change the log in an etcd that has no users."""
    if encryption is None or encryption.certificate is None:
        return "anybody can change the log there"
    return "whoever has a certificate that it accepts can change the log there, or anybody if it demands none"


def _reasons(error: OpenSSLError) -> str:
    """Return what OpenSSL says, without the names of its parts."""
    found = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return "; ".join(str(one[-1]) for one in found if isinstance(one, tuple) and one) or "nothing says why"


def _encryption_problem(server: Server, text: str, encryption: Encryption | None) -> str:
    if "certificate verify failed" in text:
        if encryption is None or encryption.authority is None:
            return (
                f"The certificate of {server} is not signed by an authority that this machine trusts, or is out of"
                " date: give --etcd-ca FILE, with the certificate of the authority that has signed it."
            )
        return f"The certificate of {server} is not signed by the authority in --etcd-ca, or out of date."
    if "wrong version number" in text or "packet length too long" in text or "record layer failure" in text:
        return f"{server} does not speak TLS: the journal is etcd:, not etcds:."
    if "alert" in text and ("certificate" in text or "unknown ca" in text):
        if encryption is None or encryption.certificate is None:
            return f"{server} demands a certificate, and none is given: give --etcd-cert FILE and --etcd-key FILE."
        return (
            f"{server} does not accept the certificate in --etcd-cert ({text}): it must be in date, for the use"
            " clientAuth, and signed by an authority in etcd's ETCD_TRUSTED_CA_FILE."
        )
    return f"TLS with {server} has failed: {text}."
