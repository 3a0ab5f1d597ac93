"""The front of every port: what a peer sends first says which door it came for.

A peer that sends nothing for a moment is a person who waits to be greeted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IHalfCloseableProtocol, IHandshakeListener, ISSLTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.doors import other_protocols as strangers
from groupchat.doors.line import ChatProtocol
from groupchat.doors.wire.sockets import tune
from groupchat.interfaces.entrances import IDoor

if TYPE_CHECKING:
    from groupchat.doors.factory import ChatFactory

SILENCE_S = 0.25
"""How long a peer may take to begin before it is taken for a person, in seconds.

Programs begin at once; a person does not notice so short a wait for the greeting.
"""


@implementer(IHandshakeListener, IHalfCloseableProtocol)
class Front(Protocol):
    """A connection until its door is known: a few bytes, or SILENCE_S.  Then another protocol takes its place."""

    __slots__ = (
        *("_ended", "_received", "_within"),
        *("address", "connected", "exempt", "factory", "secure", "transport"),
    )
    log = Logger()

    def __init__(self, factory: "ChatFactory", address: str, exempt: bool, within: bool = False) -> None:
        self.factory: Any = factory
        self.address = address
        self.exempt = exempt
        self.secure = False
        self.transport: Any = None
        self._within = within
        """Whether there was a front before, which has found TLS."""
        self._received = b""
        self._ended = False

    def enter(self, protocol: Any) -> None:
        """Let this protocol serve the connection from now on."""
        received, self._received = self._received, b""
        transport = self.transport
        self.factory.openings.cancel(self)
        self.factory.handshakes.move(self, protocol)
        if isinstance(transport, ProtocolWrapper):  # TLS, or whatever else an endpoint puts round a connection
            transport.wrappedProtocol = protocol
        else:
            transport.protocol = protocol
        protocol.makeConnection(transport)
        if received:
            protocol.dataReceived(received)
        if self._ended and IHalfCloseableProtocol.providedBy(protocol):
            protocol.readConnectionLost()

    def began_with(self, opening: bytes) -> bool:
        """Whether these are the first bytes that came."""
        return self._received.startswith(opening)

    # The factory calls these.

    def opening_expired(self) -> None:
        """The peer waits, with nothing said or not enough to know it by."""
        TEXT.admit(self)

    def handshake_expired(self) -> None:
        """Its time for a nickname is over before there was even TLS."""
        self.transport.abortConnection()

    # Twisted calls these.

    def connectionMade(self) -> None:
        self.connected = 1
        self.secure = ISSLTransport.providedBy(self.transport)
        if not self._within:
            self.factory.arrived(self)
            tune(self.transport, self.factory.settings)
        if not self.secure:
            self.factory.openings.set(self)

    def handshakeCompleted(self) -> None:
        """TLS is established; only now can the peer begin."""
        self.factory.openings.set(self)

    def dataReceived(self, data: bytes) -> None:
        received = self._received = self._received + data
        door = door_of(received)
        if door is not None:
            door.admit(self)

    def readConnectionLost(self) -> None:
        self._ended = True
        TEXT.admit(self)

    def writeConnectionLost(self) -> None:
        """Nothing: this side never closes one half only."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        began = self.factory.openings.cancel(self)
        self.factory.departed(self)
        if self.secure and not began and self.factory.sparing.allows("TLS connections that were not established"):
            why = reason.getErrorMessage()
            self.log.info("TLS with {address} was not established: {why}", address=self.address, why=why)


@implementer(IDoor)
@dataclass(frozen=True, slots=True)
class Door:
    """A way in.

    ``openings``: its clients begin with one of these.
    ``admit``: serves the connection from now on, by ``Front.enter``.
    """

    name: str
    openings: tuple[bytes, ...]
    admit: Callable[[Front], None]


def _person(front: Front) -> None:
    _chat(front, is_program=False)


def _program(front: Front) -> None:
    _chat(front, is_program=True)


def _chat(front: Front, *, is_program: bool) -> None:
    if front.factory.settings.tls_required and not front.secure and front.address:
        strangers.admit_unencrypted(front, is_program)
    else:
        front.enter(ChatProtocol(front.factory, front.address, front.exempt, is_program))


def _tunnel(front: Front) -> None:
    """TLS, and within it a front again."""
    if front.secure or front.factory.tunnels is None:
        front.enter(strangers.Stranger(front.factory, front.address, b""))
    else:
        within = Front(front.factory, front.address, front.exempt, within=True)
        front.factory.handshakes.move(front, within)
        front.enter(front.factory.tunnels.around(within))


TEXT = Door("text", (), _person)
"""The door of whoever begins as none of the others."""

DOORS = (
    Door("json", (b"{",), _program),
    Door("tls", (b"\x16\x03",), _tunnel),
    Door("telnet", (b"\xff",), _person),
    Door("web", strangers.WEB_OPENINGS, strangers.admit_web),
    Door("ssh", (b"SSH-2.0-", b"SSH-1."), strangers.admit_ssh),
    Door("irc", (b"CAP ", b"NICK ", b"PASS ", b"USER "), strangers.admit_irc),
)
"""Every other door.  No opening is a nickname or the beginning of another opening, and no nickname has a space."""


def door_of(received: bytes) -> Door | None:
    """The door of a peer that begins so; None while that is not known."""
    undecided = not received
    for door in DOORS:
        for opening in door.openings:
            if received.startswith(opening):
                return door
            undecided = undecided or opening.startswith(received)
    return None if undecided else TEXT
