"""A server's side of TLS, in memory, and certificates for it."""

import ssl
import tempfile
from contextlib import suppress
from functools import cache

import trustme

AUTHORITY = trustme.CA()
CERTIFICATE = AUTHORITY.issue_cert("example.org", "127.0.0.1", "::1")


def der(pem: bytes) -> bytes:
    """Return a certificate in DER."""
    return ssl.PEM_cert_to_DER_cert(pem.decode())


def settings_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return a server's settings with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@cache
def usual_settings() -> ssl.SSLContext:
    """Return the settings with CERTIFICATE."""
    return settings_of(CERTIFICATE)


@cache
def self_signed() -> tuple[ssl.SSLContext, bytes]:
    """Return the settings of a server whose certificate is an authority's own, and that certificate in DER."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(AUTHORITY.private_key_pem.bytes() + AUTHORITY.cert_pem.bytes())
        file.flush()
        context.load_cert_chain(file.name)
    return context, der(AUTHORITY.cert_pem.bytes())


class TlsPeer:
    """One connection of a server with TLS."""

    def __init__(self, settings: ssl.SSLContext | None = None) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = (settings or usual_settings()).wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.name: str | None = None
        self.heard = b""
        self.is_over = False
        """True once the client has said goodbye."""
        self.complaint = ""
        """The client's alert."""

    def answer(self, data: bytes) -> bytes:
        """Take bytes of the client, and return what the server sends."""
        self._incoming.write(data)
        try:
            self._tls.do_handshake()
            while data := self._tls.read(65536):
                self.heard += data
            self.is_over = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.complaint = self.complaint or str(error.reason)
        return self._outgoing.read()

    def say(self, data: bytes) -> bytes:
        """Return these bytes, encrypted."""
        self._tls.write(data)
        return self._outgoing.read()

    def goodbye(self) -> bytes:
        """Return what ends TLS."""
        with suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        return self._outgoing.read()
