"""Programs that have no door here yet, and peers that may not use theirs: told so in their own language."""

from typing import Any, ClassVar

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.doors.lines.text_style import text_style
from groupchat.doors.wire.conversation import DISCARDED_LIMIT
from groupchat.doors.wire.tls import ends_by_halves
from groupchat.interfaces.entrances import IFront, IReception
from groupchat.model.errors import Refusal
from groupchat.model.events import Closing, Refused
from groupchat.model.networks import origin
from groupchat.model.preferences import Preferences

log = Logger()

WEB_OPENINGS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"OPTIONS ", b"PATCH ", b"CONNECT ")
"""The methods of HTTP (RFC 9110, section 9.3)."""


class TlsRequired(Refusal):
    """The connection is not encrypted, and has to be."""

    code: ClassVar[str] = "tls-required"


class ProxyUnknown(Refusal):
    """A PROXY header came from an address that is not trusted with it."""

    code: ClassVar[str] = "proxy-unknown"


@implementer(IHalfCloseableProtocol)
class Stranger(Protocol):
    """Serves a peer with a few words, and closes.

    A socket closed with something unread resets the connection, and the peer may lose the words:
    therefore it is read, and what comes is thrown away, until the peer closes too.
    """

    __slots__ = ("_discarded", "_words", "address", "connected", "reception", "transport")
    has_session = False

    def __init__(self, reception: IReception, address: str, words: bytes) -> None:
        self.reception = reception
        self.address = address
        self.transport: Any = None
        self._words = words
        self._discarded = 0

    # The reception calls these.

    def abort(self) -> None:
        """Drop the connection."""
        self.transport.abortConnection()

    def handshake_expired(self) -> None:
        """Do nothing: nobody waits for a nickname."""

    # Twisted calls these.

    def connectionMade(self) -> None:
        self.connected = 1
        self.reception.handshakes.cancel(self)
        self.reception.closings.set(self)
        if self._words:
            self.transport.write(self._words)
        if ends_by_halves(self.transport):
            self.transport.loseWriteConnection()
        else:
            self.transport.loseConnection()

    def dataReceived(self, data: bytes) -> None:
        self._discarded += len(data)
        if self._discarded > DISCARDED_LIMIT:
            self.abort()

    def readConnectionLost(self) -> None:
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Do nothing: that was us."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        self.reception.departed(self)


# What the table of doors calls for each kind.


def admit_web(front: IFront) -> None:
    """Answer an HTTP request: there is nothing here for a browser yet."""
    body = _ways(front).encode()
    head = (
        f"HTTP/1.1 501 Not Implemented\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    front.enter(Stranger(front.reception, front.address, head.encode() + (b"" if front.began_with(b"HEAD ") else body)))


def unloaded_words(received: bytes, reception: IReception) -> bytes:
    """Return the answer to a request over HTTP when what answers them cannot be loaded; log why.

    It is loaded with the first of them: the program may have been removed or replaced since the daemon began, or there
    may be no descriptor left.  To be called while that error is caught.
    """
    if reception.log_limits.allows("requests over HTTP for which nothing could be loaded"):
        log.failure("What answers requests over HTTP cannot be loaded; if the program was replaced, start it again")
    body = b"This server cannot answer browsers at this moment. Its administrator finds the reason in its log.\n"
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (b"" if received.startswith(b"HEAD ") else body)


def admit_ssh(front: IFront) -> None:
    """End an SSH connection with a reason, which is allowed before anything is agreed on (RFC 4253, section 11.1)."""
    sentence = b"This is a chat, not an SSH server; join it with netcat, telnet or: groupchat join."
    # SSH_MSG_DISCONNECT with SSH_DISCONNECT_SERVICE_NOT_AVAILABLE, the sentence, and no language.
    payload = b"\x01" + (7).to_bytes(4) + len(sentence).to_bytes(4) + sentence + bytes(4)
    padding = 8 - (len(payload) + 5) % 8 + 8  # at least four bytes, up to a multiple of eight (section 6)
    packet = (len(payload) + padding + 1).to_bytes(4) + bytes([padding]) + payload + bytes(padding)
    front.enter(Stranger(front.reception, front.address, b"SSH-2.0-groupchat\r\n" + packet))


def admit_irc(front: IFront) -> None:
    """End an IRC connection with a reason (RFC 2812, section 3.7.4)."""
    words = b"ERROR :This is a chat, but not IRC; join it with netcat, telnet or: groupchat join\r\n"
    front.enter(Stranger(front.reception, front.address, words))


def admit_unknown_proxy(front: IFront) -> None:
    """Refuse a PROXY header from an address that is not one of the proxies: anybody could claim to be anybody."""
    if front.reception.log_limits.allows("PROXY headers from elsewhere"):
        log.warn("A PROXY header came from {address}, which is not one of the proxies", address=origin(front.address))
    refusal = ProxyUnknown(
        "A PROXY header is taken from the proxies of this server only; its administrator names them in the settings."
    )
    front.enter(Stranger(front.reception, front.address, words_of(refusal)))


def admit_unencrypted(front: IFront, style: Any) -> None:
    """Tell a peer in this style that it has to come back encrypted."""
    port = _port(front)
    refusal = TlsRequired(
        "This server takes encrypted connections only. Come back with groupchat join --tls, "
        f"or with openssl s_client -quiet -connect HOST:{port}."
    )
    front.enter(Stranger(front.reception, front.address, words_of(refusal, style)))


def words_of(refusal: Refusal, style: Any = None) -> bytes:
    """Return a refusal as it goes to a peer that gets nothing else; by default as text."""
    style = style or text_style(Preferences())
    answers = (Refused(refusal.code, str(refusal), refusal.wait), Closing(refusal.code, str(refusal)))
    return b"".join(style.answer(answer, None, "") for answer in answers)


def _ways(front: IFront) -> str:
    """Return how to join."""
    port = _port(front)
    return (
        "This is groupchat, a chat that people join from a terminal:\n\n"
        f"    nc HOST {port}\n    telnet HOST {port}\n    openssl s_client -quiet -connect HOST:{port}\n"
        f"    groupchat join --tls HOST:{port}\n\nHOST is the name that brought you here.\n"
    )


def _port(front: IFront) -> int:
    """Return the TCP port the peer came to; 5000, the usual one, where there is none."""
    return getattr(front.transport.getHost(), "port", 5000)
