"""Connections with TLS: nothing is sent to a server that was not verified."""

import ssl
from collections.abc import Callable
from hashlib import sha256

from groupchat.client.core.client_errors import NotTrusted, UnknownHost, fingerprint_of
from groupchat.client.core.network import Attempt, Clock, Dialer, Receiver, Timer
from groupchat.client.core.protocol import REFUSAL
from groupchat.client.tls.contexts import context_of, credulous
from groupchat.client.tls.public_keys import key_of
from groupchat.client.tls.trust import Encryption, fault_of
from groupchat.client.tls.tunnel import Tunnel

PATIENCE = 20.0
"""Seconds for the TLS handshake."""


class SecuredDialer:
    """A dialer that succeeds only when TLS is established with a server whose certificate is accepted.

    :param dialer: makes the connections below.
    :param host: the name or address that the certificate must be for.
    """

    def __init__(self, dialer: Dialer, encryption: Encryption, host: str, clock: Clock) -> None:
        self._dialer = dialer
        self._encryption = encryption
        self._host = host
        self._clock = clock
        self._context: ssl.SSLContext | None = None

    def dial(self, receiver: Receiver) -> Attempt:
        """Begin to connect."""
        handshake = _Handshake(self._dialer, self._encryption, self._host, self._clock, receiver, self._verifying)
        handshake.start()
        return handshake

    def _verifying(self) -> ssl.SSLContext:
        """Return the settings that verify, which are made when they are needed first: that takes a while."""
        if self._context is None:
            self._context = context_of(self._encryption)
        return self._context


class _Handshake:
    """One attempt: decides about tunnels until the receiver has one, or an error.

    If the certificate is not accepted, a second connection only looks at it: the person may want to know which it is,
    and OpenSSL shows none that it has refused.

    If a key is remembered, the first connection looks for that; one with another key needs an authority.
    """

    def __init__(
        self, dialer: Dialer, encryption: Encryption, host: str, clock: Clock, receiver: Receiver,
        verifying: Callable[[], ssl.SSLContext],
    ) -> None:  # fmt: skip
        self._dialer = dialer
        self._encryption = encryption
        self._host = host
        self._clock = clock
        self._receiver = receiver
        self._verifying = verifying
        self._is_looking_for_key = bool(encryption.key)
        self._presented = b""
        """The certificate with another key than the one that is remembered; empty: there was none."""
        self._wrong = 0
        """OpenSSL's number for what is wrong with the certificate; 0: nothing is."""
        self._tunnel: Tunnel | None = None
        self._attempt: Attempt | None = None
        self._timer: Timer | None = None

    def start(self) -> None:
        """Make the first connection."""
        self.begin(credulous() if self._is_looking_for_key else self._verifying())

    def begin(self, context: ssl.SSLContext) -> None:
        """Connect, and begin with TLS."""
        try:
            tunnel = self._tunnel = Tunnel(context, self._host, self)
        except ValueError as error:  # no name can be like this; UnicodeError is one of these
            failed = UnknownHost(f"{self._host} is not the name of a host: {error}")
            self._timer = self._clock.call_later(0, lambda: self._receiver.failed(failed))
            return
        attempt = self._dialer.dial(tunnel)
        if self._tunnel is tunnel:
            self._attempt = attempt

    def cancel(self) -> None:
        """Give up."""
        attempt, tunnel = self._attempt, self._release()
        if attempt is not None:
            attempt.cancel()
        if tunnel is not None:
            tunnel.abort()

    # The tunnel calls these.

    def connected(self) -> None:
        self._attempt = None
        self._timer = self._clock.call_later(PATIENCE, self._too_late)

    def shaken(self, certificate: bytes) -> None:
        tunnel = self._release()
        if tunnel is None:
            return
        wanted = self._encryption.fingerprint
        if self._wrong:
            tunnel.abort()
            self._refuse(certificate)
        elif self._is_looking_for_key and key_of(certificate) != self._encryption.key:
            tunnel.abort()
            self._is_looking_for_key, self._presented = False, certificate
            self.begin(self._verifying())
        elif wanted and not self._encryption.insecure and sha256(certificate).digest() != wanted:
            tunnel.abort()
            words = f"is a different one: its fingerprint is {fingerprint_of(certificate)}"
            self._receiver.failed(NotTrusted(f"the server's certificate {words}", certificate))
        else:
            tunnel.use(self._receiver)

    def untrusted(self, error: int) -> None:
        self._release()
        self._wrong = error
        if self._presented:
            self._refuse(self._presented)
        else:
            self.begin(credulous())

    def not_encrypted(self, why: str) -> None:
        tunnel = self._release()
        if self._wrong:
            self._refuse()
            return
        refusal = REFUSAL.match((tunnel.first if tunnel is not None else b"").decode("utf-8", "replace"))
        if refusal is not None:
            words = f"the server answered without TLS: {refusal[2].strip().rstrip('.')} ({refusal[1]})"
        elif why:
            words = f"{why}; perhaps the server does not speak TLS"
        else:
            words = "the server ended it; perhaps it does not speak TLS"
        self._receiver.failed(NotTrusted(words))

    def unreachable(self, error: Exception) -> None:
        self._release()
        if self._wrong:
            self._refuse()
        else:
            self._receiver.failed(error)

    # Inside.

    def _too_late(self) -> None:
        self.cancel()
        if self._wrong:
            self._refuse()
        else:
            self._receiver.failed(NotTrusted(f"it took longer than {PATIENCE:g} seconds"))

    def _refuse(self, certificate: bytes = b"") -> None:
        words = f"the server's certificate {fault_of(self._wrong, self._host)}"
        self._receiver.failed(NotTrusted(words, certificate, self._wrong))

    def _release(self) -> Tunnel | None:
        """Let go of the tunnel and its timer; return the tunnel."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        tunnel, self._tunnel = self._tunnel, None
        self._attempt = None
        return tunnel
