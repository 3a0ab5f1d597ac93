"""Errors of the client library."""

import errno
from collections.abc import Sequence


class ClientError(Exception):
    """Base class of all errors that the library raises.

    ``server``: the server that it is about, as it was named, if the client was given several; otherwise empty.
    """

    server = ""


class Refused(ClientError):
    """The server refused a request.

    ``code`` is one of the stable codes of the protocol (``nick-taken``), ``text`` a sentence for people.
    ``wait``: the seconds after which it can be asked for again; 0: that is not known, or waiting does not help.
    """

    def __init__(self, code: str, text: str, wait: float = 0.0) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.wait = wait


class Unanswered(ClientError):
    """A request was sent, and its answer was lost with the connection: it may have been carried out or not.

    Posts are sent again with the same key.  They fail like this only when that is not possible any more: the server has
    forgotten the token, and with it the key, or does not let the client in again, or the client leaves.
    """


class Left(ClientError):
    """The client left, or gave up, before this was sent."""


class ConnectionDropped(ClientError):
    """A connection ended; state changes carry it as their reason.

    ``code`` is the server's stable code for why (``kicked``, ``stopping``), empty when the server gave none.
    """

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(f"{code}: {text}" if code else text)
        self.code = code
        self.text = text


class NoConnection(ClientError):
    """No connection was made; the text is the network's.  The classes below have sentences of their own."""


class UnknownHost(NoConnection):
    """The host's name has no address."""


class NothingListens(NoConnection):
    """The host is there, and nothing listens at the port."""


class NoRoute(NoConnection):
    """There is no route to the host."""


class TimedOut(NoConnection):
    """The host did not answer in time."""


class NoServerAnswers(NoConnection):
    """Of several servers none was reached.

    ``reasons``: what is wrong with each, in the order in which they were tried; the ``server`` of an error names it.
    """

    def __init__(self, reasons: Sequence[Exception]) -> None:
        told = "; ".join(f"{getattr(error, 'server', '')}: {error}" for error in reasons)
        super().__init__(f"none of {len(reasons)} servers answers: {told}")
        self.reasons = tuple(reasons)


BY_NUMBER: dict[int, type[NoConnection]] = {
    errno.ECONNREFUSED: NothingListens,
    errno.ETIMEDOUT: TimedOut,
    errno.ENETUNREACH: NoRoute,
    errno.EHOSTUNREACH: NoRoute,
    errno.EADDRNOTAVAIL: NoRoute,
}
"""The kinds by the system's numbers; those that say most come first, as a host may have several addresses."""


class ConnectionEnded(ClientError):
    """The connection ended, and the server did not say why."""


class NotTrusted(ClientError):
    """TLS was not established; the text says why.

    ``certificate`` is the one that the server presented, in DER (empty: it is not known),
    ``error`` the number of OpenSSL for what is wrong with it, such as SELF_SIGNED (0: something else is wrong).
    """

    def __init__(self, text: str, certificate: bytes = b"", error: int = 0) -> None:
        super().__init__(text)
        self.certificate = certificate
        self.error = error

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate in hexadecimal, with colons; empty if it is not known."""
        return fingerprint_of(self.certificate) if self.certificate else ""


def fingerprint_of(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate in DER, in hexadecimal with colons."""
    from hashlib import sha256  # most connections need no fingerprint

    return sha256(certificate).digest().hex(":").upper()


class FileChanged(ClientError):
    """The file became shorter while it was being sent."""
