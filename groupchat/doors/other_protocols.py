"""Programs that have no door here yet, and peers that may not use theirs: told so in their own language."""

import re
from typing import TYPE_CHECKING, Any, ClassVar

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.doors.lines.json_style import json_style
from groupchat.doors.lines.text_style import text_style
from groupchat.doors.wire.tls import ends_by_halves
from groupchat.model.errors import Refusal
from groupchat.model.events import Refused
from groupchat.model.preferences import Preferences

if TYPE_CHECKING:
    from groupchat.doors.factory import ChatFactory
    from groupchat.doors.front import Front

DISCARDED_LIMIT = 16 * 1024 * 1024
"""How much is read for nothing from a peer that was turned away, in bytes."""

TLS = b"\x16\x03"
"""How every TLS client begins: a handshake record of version 3.x (RFC 8446, section 5.1)."""

WEB_OPENINGS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"OPTIONS ", b"PATCH ", b"CONNECT ", b"PRI * HTTP/2")
"""The methods of HTTP (RFC 9110, section 9.3), and how HTTP/2 begins (RFC 9113, section 3.4)."""


class WrongProtocol(Refusal):
    """The peer speaks a protocol that is not spoken here."""

    code: ClassVar[str] = "wrong-protocol"


class TlsRequired(Refusal):
    """The connection is not encrypted, and has to be."""

    code: ClassVar[str] = "tls-required"


@implementer(IHalfCloseableProtocol)
class Stranger(Protocol):
    """Serves a peer with a few words, and closes.

    A socket closed with something unread resets the connection, and the peer may lose the words:
    so it is read on, for nothing, until the peer closes too.
    """

    __slots__ = ("_discarded", "_words", "address", "connected", "factory", "transport")

    def __init__(self, factory: "ChatFactory", address: str, words: bytes) -> None:
        self.factory: Any = factory
        self.address = address
        self.transport: Any = None
        self._words = words
        self._discarded = 0

    # The factory calls these.

    def abort(self) -> None:
        """Drop the connection."""
        self.transport.abortConnection()

    # Twisted calls these.

    def connectionMade(self) -> None:
        self.connected = 1
        self.factory.handshakes.cancel(self)
        self.factory.closings.set(self)
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
        """Nothing: that was us."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        self.factory.departed(self)


# What the front calls for each kind.


def admit_web(front: "Front") -> None:
    """Answer an HTTP request: there is nothing here for a browser."""
    body = _ways(front).encode()
    head = (
        f"HTTP/1.1 501 Not Implemented\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    front.enter(Stranger(front.factory, front.address, head.encode() + (b"" if front.began_with(b"HEAD ") else body)))


def admit_ssh(front: "Front") -> None:
    """End an SSH connection with a reason, which is allowed before anything is agreed on (RFC 4253, section 11.1)."""
    sentence = b"This is a chat, not an SSH server; join it with netcat, telnet or: groupchat join."
    # SSH_MSG_DISCONNECT with SSH_DISCONNECT_SERVICE_NOT_AVAILABLE, the sentence, and no language.
    payload = b"\x01" + (7).to_bytes(4) + len(sentence).to_bytes(4) + sentence + bytes(4)
    padding = 8 - (len(payload) + 5) % 8 + 8  # at least four bytes, up to a multiple of eight (section 6)
    packet = (len(payload) + padding + 1).to_bytes(4) + bytes([padding]) + payload + bytes(padding)
    front.enter(Stranger(front.factory, front.address, b"SSH-2.0-groupchat\r\n" + packet))


def admit_irc(front: "Front") -> None:
    """End an IRC connection with a reason (RFC 2812, section 3.7.4)."""
    words = b"ERROR :This is a chat, but not IRC; join it with netcat, telnet or: groupchat join\r\n"
    front.enter(Stranger(front.factory, front.address, words))


def admit_unencrypted(front: "Front", is_program: bool) -> None:
    """Tell a peer that it has to come back encrypted."""
    port = _port(front)
    refusal = TlsRequired(
        "Only encrypted connections are taken here; come back with groupchat join --tls, "
        f"or with openssl s_client -quiet -connect HOST:{port}."
    )
    style = json_style(Preferences()) if is_program else text_style(Preferences())
    front.enter(Stranger(front.factory, front.address, words_of(refusal, style)))


def words_of(refusal: Refusal, style: Any = None) -> bytes:
    """A refusal as it goes to a peer that gets nothing else; by default as text."""
    words: bytes = (style or text_style(Preferences())).answer(Refused(refusal.code, str(refusal)), None, "")
    return words


def _ways(front: "Front") -> str:
    """How to join."""
    port = _port(front)
    return (
        "This is groupchat, a chat that people join from a terminal:\n\n"
        f"    nc HOST {port}\n    telnet HOST {port}\n    openssl s_client -quiet -connect HOST:{port}\n"
        f"    groupchat join --tls HOST:{port}\n\nHOST is the name that brought you here.\n"
    )


def _port(front: "Front") -> int:
    """The TCP port the peer came to; 5000, the usual one, where there is none."""
    return getattr(front.transport.getHost(), "port", 5000)


# Those who began too late for the front to know them, after they were greeted as people.

_SPEECHES = (
    (
        re.compile(rb"[A-Z]{3,10} \S+ HTTP/\d"),
        "This is a chat, not a web server; come with netcat or telnet.",
    ),
    (
        re.compile(rb"SSH-\d"),
        "This is a chat, not an SSH server; come with netcat or telnet.",
    ),
    (
        re.compile(rb"(?:CAP (?:LS|REQ|LIST|END)|(?:NICK|PASS|USER) :?[^ ])"),
        "This is a chat, but not IRC; come with netcat or telnet.",
    ),
)


def recognised(line: bytes) -> WrongProtocol | None:
    """What to tell the peer whose first line this is, if it is none of ours; none of these can be a nickname."""
    for pattern, sentence in _SPEECHES:
        if pattern.match(line):
            return WrongProtocol(sentence)
    return None
