"""TLS to a node whose certificate is known by its fingerprint, whoever has issued it and for whom."""

from typing import Any

from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from zope.interface import implementer


@implementer(IOpenSSLClientConnectionCreator)
class PinnedTls:
    """Makes connections that fail in the handshake unless the peer has this very certificate.

    :param fingerprint: its SHA-256, as ``openssl x509 -fingerprint -sha256`` shows it.
    """

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        self._context = SSL.Context(SSL.TLS_METHOD)
        self._context.set_min_proto_version(SSL.TLS1_2_VERSION)
        self._context.set_verify(SSL.VERIFY_PEER, self._judge)

    # Twisted calls this.

    def clientConnectionForTLS(self, tlsProtocol: object) -> SSL.Connection:
        return SSL.Connection(self._context, None)

    # OpenSSL calls this.

    def _judge(self, connection: Any, certificate: crypto.X509, error: int, depth: int, is_fine: int) -> bool:
        return depth > 0 or certificate.digest("sha256").decode("ascii") == self._fingerprint
