"""Trust on first use: a person is shown the fingerprint of a server that nobody vouches for, and asked, once.

1. Only a person at a terminal is asked, and only about a server of which nothing is known.
   A change is refused, and no question asked: who is asked too often says yes.
2. Nothing is sent to the server meanwhile, and the connection that looks is another one than that of the chat.
"""

import os
import socket
import ssl
from collections.abc import Callable
from datetime import date

from groupchat.client.address import Address, Server, addresses_of, together
from groupchat.client.core.client_errors import NotTrusted
from groupchat.client.tls.contexts import context_of, credulous
from groupchat.client.tls.public_keys import key_of
from groupchat.client.tls.trust import fault_of, name_of
from groupchat.destinations.known_hosts import KnownHosts, UnreadableHosts

PATIENCE = 5.0
"""Seconds for each step of a look at a server."""

HELP = """\
The server writes it to its log when it starts (TLS with …, SHA-256 …).
On its machine: openssl x509 -in groupchat-data/tls/cert.pem -noout -fingerprint -sha256"""

QUESTION = "Is this the right server, to be remembered (yes, no, or the fingerprint that you compare it with)? "


def look_at(server: Address) -> None:
    """Look whether a server is trusted.

    :raises NotTrusted: it is not, and this is its certificate.
    :raises OSError: there is no connection, or no TLS.
    """
    assert server.encryption is not None
    try:
        _certificate(server, context_of(server.encryption))
    except ssl.SSLCertVerificationError as error:
        fault = f"the server's certificate {fault_of(error.verify_code, server.host)}"
        raise NotTrusted(fault, _certificate(server, credulous()), error.verify_code) from None


def _certificate(server: Address, context: ssl.SSLContext) -> bytes:
    """Return the certificate of a server, in DER.  Raises OSError."""
    with (
        socket.create_connection((server.host, server.port), PATIENCE) as connection,
        context.wrap_socket(connection, server_hostname=name_of(server.host)) as secured,
    ):
        return secured.getpeercert(True) or b""


class FirstUse:
    """Asks about servers, one by one.

    :param ask: shows a question, and returns what was typed; raises EOFError when there is no more.
    :param tell: shows a line.
    :param look: looks whether a server is trusted.
    """

    def __init__(
        self,
        hosts: KnownHosts,
        ask: Callable[[str], str] = input,
        tell: Callable[[str], object] = print,
        look: Callable[[Address], None] = look_at,
    ) -> None:
        self._hosts = hosts
        self._ask = ask
        self._tell = tell
        self._look = look

    def meant(self, server: Server) -> Server | None:
        """Return the servers that the person means, each with what they have decided; None: none of these is."""
        settled = [self.settled(one) for one in addresses_of(server)]
        meant = [one for one in settled if one is not None]
        return together(meant) if meant else None

    def settled(self, server: Address) -> Address | None:
        """Return the address with what the person has decided; None: this is not the server they mean."""
        encryption = server.encryption
        if encryption is None or not encryption.is_usual or encryption.key or encryption.vouched:
            return server
        try:
            self._look(server)
        except NotTrusted as error:
            return self._asked(server, error) if error.certificate else server
        except (OSError, UnicodeError):
            return server  # the client tells more about it
        self._remember(server, b"")
        return server

    def _asked(self, server: Address, error: NotTrusted) -> Address | None:
        assert server.encryption is not None
        if not key_of(error.certificate):
            return server
        fault = str(error).removeprefix("the server's certificate ")
        self._tell(f"The certificate of {server} {fault}. Its SHA-256 fingerprint is\n  {error.fingerprint}\n{HELP}")
        if not self._is_right(error.fingerprint):
            return None
        self._remember(server, error.certificate)
        accepted = server.encryption._replace(key=key_of(error.certificate), remembered=error.fingerprint)
        return server._replace(encryption=accepted)

    def _is_right(self, fingerprint: str) -> bool:
        while True:
            try:
                answer = self._ask(QUESTION).strip()
            except (EOFError, KeyboardInterrupt):
                self._tell("")
                return False
            if answer.lower() in ("yes", "no"):
                return answer.lower() == "yes"
            digits = answer.rpartition("=")[2].replace(":", "").replace(" ", "").upper()
            if len(digits) == 64:
                is_same = digits == fingerprint.replace(":", "")
                self._tell("It is the same." if is_same else "IT IS ANOTHER ONE.")
                return is_same
            self._tell('Type "yes" or "no" in full, or the whole fingerprint.')

    def _remember(self, server: Address, certificate: bytes) -> None:
        try:
            self._hosts.remember(server, certificate, date.today().isoformat())
        except (OSError, UnreadableHosts) as error:
            why = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
            self._tell(f"This is not remembered: {why.rstrip('.')}.")


def is_attended() -> bool:
    """Return whether a person can be asked."""
    return os.isatty(0) and os.isatty(1)
