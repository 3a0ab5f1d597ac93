"""TLS on one connection, by OpenSSL in memory."""

import ssl
from contextlib import suppress
from typing import Protocol

from groupchat.client.core.client_errors import ConnectionEnded
from groupchat.client.core.network import Receiver, Transport
from groupchat.client.core.protocol import Unconnected
from groupchat.client.tls.trust import name_of

FIRST = 1024
"""Bytes that are kept of what comes before TLS is established: it may be a refusal in words."""

PIECE = 65536
"""Bytes that are decrypted at a time."""

PLAIN = b"!! "
"""The beginning of a refusal in words."""


class Handshaker(Protocol):
    """Decides about a tunnel; after ``connected`` one of the others is called, once."""

    def connected(self) -> None:
        """There is a connection; now TLS begins."""

    def shaken(self, certificate: bytes) -> None:
        """TLS is established; this is the server's certificate, in DER."""

    def untrusted(self, error: int) -> None:
        """OpenSSL does not accept the certificate; this is its number for why."""

    def not_encrypted(self, why: str) -> None:
        """The server does not do TLS, or the connection has ended; empty: it has ended without a word."""

    def unreachable(self, error: Exception) -> None:
        """There is no connection."""


class Tunnel:
    """Encrypts what is written to it, and decrypts what is received: a Receiver below, a Transport above.

    It has no receiver of its own until ``use``.
    """

    def __init__(self, context: ssl.SSLContext, host: str, handshaker: Handshaker) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name_of(host))
        self._handshaker: Handshaker | None = handshaker
        self._below: Transport = Unconnected()
        self._above: Receiver | None = None
        self.first = b""
        """The first bytes that came."""
        self._broken = ""
        """OpenSSL's error about first bytes that are not TLS."""
        self._fault: Exception | None = None

    def use(self, receiver: Receiver) -> None:
        """Hand over the connection, which is established."""
        self._above = receiver
        receiver.opened(self)
        self._read()

    # The connection below calls these.

    def opened(self, transport: Transport) -> None:
        self._below = transport
        if self._handshaker is not None:
            self._handshaker.connected()
            self._shake()

    def failed(self, error: Exception) -> None:
        if (handshaker := self._done()) is not None:
            handshaker.unreachable(error)

    def received(self, data: bytes) -> None:
        if self._above is not None:
            self._incoming.write(data)
            self._read()
        elif self._handshaker is not None:
            self.first += data[: FIRST - len(self.first)]
            if self._broken:
                self._listen()
            else:
                self._incoming.write(data)
                self._shake()

    def congested(self, is_full: bool) -> None:
        if self._above is not None:
            self._above.congested(is_full)

    def closed(self, error: Exception) -> None:
        self._below = Unconnected()
        above, self._above = self._above, None
        if above is not None:
            above.closed(self._fault or error)
        elif (handshaker := self._done()) is not None:
            handshaker.not_encrypted(self._broken)

    # The user calls these.

    def write(self, data: bytes) -> None:
        try:
            self._tls.write(data)
        except ssl.SSLError as error:
            self._fail(error)
        else:
            self._flush()

    def pause(self) -> None:
        self._below.pause()

    def resume(self) -> None:
        self._below.resume()

    def close(self) -> None:
        # It wants to hear the same from the server, for which nobody waits; or there was no TLS yet.
        with suppress(ssl.SSLError, ValueError):
            self._tls.unwrap()
        self._flush()
        self._below.close()

    def abort(self) -> None:
        self._done()
        self._below.abort()

    # Inside.

    def _shake(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLCertVerificationError as error:
            self._flush()  # the server is told
            if (handshaker := self._done()) is not None:
                self._below.close()
                handshaker.untrusted(error.verify_code)
        except ssl.SSLError as error:
            self._flush()
            self._broken = (error.reason or str(error)).lower().replace("_", " ")
            self._listen()
        else:
            self._flush()
            if (handshaker := self._done()) is not None:
                handshaker.shaken(self._tls.getpeercert(True) or b"")

    def _listen(self) -> None:
        """Wait for the end of a refusal in words; anything else is none."""
        if self.first.startswith(PLAIN) and b"\n" not in self.first and len(self.first) < FIRST:
            return
        if (handshaker := self._done()) is not None:
            self._below.abort()
            handshaker.not_encrypted(self._broken)

    def _read(self) -> None:
        while self._above is not None:
            try:
                data = self._tls.read(PIECE)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                data = b""
            except ssl.SSLError as error:
                self._fail(error)
                return
            if not data:
                self._fault = self._fault or ConnectionEnded("the server said goodbye")
                self._below.close()
                return
            self._above.received(data)
        self._flush()  # TLS has something to say of its own, such as new keys

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._below.write(self._outgoing.read())

    def _fail(self, error: Exception) -> None:
        self._fault = self._fault or ConnectionEnded(str(error))
        self._below.abort()

    def _done(self) -> Handshaker | None:
        """Return who decides about the handshake, once."""
        handshaker, self._handshaker = self._handshaker, None
        return handshaker
