"""The front of every port: the first bytes of a peer choose its door.

A peer that sends nothing for a moment is a person who waits to be greeted.
"""

from collections.abc import Sequence
from typing import Any, cast

from twisted.internet.interfaces import IHalfCloseableProtocol, IHandshakeListener, ISSLTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.doors.closed import words_for
from groupchat.doors.other_protocols import Stranger
from groupchat.doors.wire.sockets import latest_beginning, tune
from groupchat.doors.wire.transport import hand_over
from groupchat.interfaces.entrances import IDoor, IFront, IReception
from groupchat.model.errors import Refusal
from groupchat.model.networks import origin


@implementer(IFront, IHandshakeListener, IHalfCloseableProtocol)
class Front(Protocol):
    """A connection until its door is known: for a few bytes or a moment.  Then another protocol takes its place."""

    __slots__ = (
        *("_doors", "_ended", "_is_counted", "_received"),
        *("address", "connected", "exempt", "is_proxy", "reception", "secure", "transport"),
    )
    log = Logger()
    has_session = False

    def __init__(
        self, reception: IReception, doors: Sequence[IDoor], address: str, exempt: bool, is_counted: bool = False,
        is_proxy: bool = False,
    ) -> None:  # fmt: skip
        """:param is_counted: another protocol served the connection before, and has counted it."""
        self.reception = reception
        self.address = address
        self.exempt = exempt
        self.secure = False
        self.is_proxy = is_proxy
        self.transport: Any = None
        self._doors = doors
        self._is_counted = is_counted
        self._received = b""
        self._ended = False

    # Doors call these.

    def began_with(self, opening: bytes) -> bool:
        """Return whether these are the first bytes that came."""
        return self._received.startswith(opening)

    def enter(self, protocol: Any) -> None:
        """Let this protocol serve the connection from now on, beginning with what has come."""
        received, self._received = self._received, b""
        self.reception.silences.cancel(self)
        self.reception.handshakes.move(self, protocol)
        hand_over(self.transport, protocol)
        protocol.makeConnection(self.transport)
        if received:
            protocol.dataReceived(received)
        if self._ended and IHalfCloseableProtocol.providedBy(protocol):
            protocol.readConnectionLost()

    def within(self) -> "Front":
        """Return a front that chooses a door by what comes within TLS; it inherits the deadline."""
        front = Front(self.reception, self._doors, self.address, self.exempt, is_counted=True, is_proxy=self.is_proxy)
        self.reception.handshakes.move(self, front)
        return front

    # The reception calls these.

    def silence_expired(self) -> None:
        """The peer waits, and has said nothing, or not enough to know it by."""
        self._enter_door(default_of(self._doors))

    def handshake_expired(self) -> None:
        """Drop a peer whose time is over before it has even established TLS."""
        self.abort()

    def abort(self) -> None:
        """Drop the connection."""
        self.transport.abortConnection()

    # Twisted calls these.

    def connectionMade(self) -> None:
        self.connected = 1
        self.secure = ISSLTransport.providedBy(self.transport)
        if not self._is_counted:
            self.reception.arrived(self)
            tune(self.transport, self.reception.settings)
        if not self.secure:
            self.reception.silences.set(self, latest_beginning(self.transport))

    def handshakeCompleted(self) -> None:
        """TLS is established; only now can the peer begin."""
        self.reception.silences.set(self, latest_beginning(self.transport))

    def dataReceived(self, data: bytes) -> None:
        received = self._received = self._received + data
        door = door_of(self._doors, received)
        if door is not None:
            self._enter_door(door)

    def readConnectionLost(self) -> None:
        self._ended = True
        self._enter_door(default_of(self._doors))

    def writeConnectionLost(self) -> None:
        """Do nothing: this side never closes one half only."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        began = self.reception.silences.cancel(self)
        self.reception.departed(self)
        if self.secure and not began and self.reception.log_limits.allows("TLS connections that were not established"):
            why = reason.getErrorMessage()
            self.log.info("TLS with {address} was not established: {why}", address=origin(self.address), why=why)

    def _enter_door(self, door: IDoor) -> None:
        try:
            self.reception.check_address(self.address)  # it may have been banned since the connection was accepted
        except Refusal as refusal:
            self.reception.turned_away[refusal.code] += 1
            words = words_for(self._received, refusal, self.reception, self.secure)
            self.enter(Stranger(self.reception, self.address, words))
        else:
            door.admit(cast(IFront, self))


def door_of(doors: Sequence[IDoor], received: bytes) -> IDoor | None:
    """Return the door of a peer that begins so; None while that is not known."""
    undecided = not received
    for door in doors:
        for opening in door.openings:
            if received.startswith(opening):
                return door
            undecided = undecided or opening.startswith(received)
    return None if undecided else default_of(doors)


def default_of(doors: Sequence[IDoor]) -> IDoor:
    """Return the door of those that begin like no client of the others."""
    return next(door for door in doors if not door.openings)
