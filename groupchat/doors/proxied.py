"""Serve connections from a proxy: until it has said whose connection it is, there is no address and no door.

A proxy of HTTP may instead say for each request whose it is: then its connection begins like any of HTTP, or of TLS.
"""

from collections.abc import Sequence
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.doors.front import Front
from groupchat.doors.other_protocols import Stranger, words_of
from groupchat.doors.reception import Reception
from groupchat.doors.wire.proxy_header import ProxyHeaderWrong, read
from groupchat.doors.wire.sockets import tune
from groupchat.doors.wire.transport import hand_over
from groupchat.interfaces.entrances import IDoor, IFront
from groupchat.model.errors import Refusal
from groupchat.model.networks import origin

REQUESTS = ("web", "http2", "tls")
"""The doors of those that a proxy can pass on without a PROXY header; within TLS there is HTTP, too."""


@implementer(IDoor)
class Headerless:
    """The door for a proxy's own connections that are not HTTP: there is none."""

    name = "proxy"
    openings = ()

    def admit(self, front: IFront) -> None:
        """Refuse the connection."""
        refusal = ProxyHeaderWrong("A proxy has to begin with a PROXY header, unless it passes on HTTP.")
        front.reception.turned_away[refusal.code] += 1
        front.enter(Stranger(front.reception, front.address, words_of(refusal)))


@implementer(IHalfCloseableProtocol)
class Proxied(Protocol):
    """A connection from a proxy, until its header has come.

    ``address`` is empty: nothing is counted for the proxy itself, which passes on everybody's connections.
    """

    __slots__ = ("_doors", "_openings", "_proxy", "_received", "address", "connected", "reception", "transport")
    log = Logger()
    has_session = False

    def __init__(self, reception: Reception, doors: Sequence[IDoor], proxy: str) -> None:
        """:param proxy: the proxy's own IP address; empty: it is at a UNIX socket."""
        self.reception = reception
        self.address = ""
        self.transport: Any = None
        self._doors = doors
        self._openings = [opening for door in doors if door.name in REQUESTS for opening in door.openings]
        self._proxy = proxy
        self._received = b""

    # The reception calls these.

    def header_expired(self) -> None:
        """Refuse a proxy that has not said whose connection it is."""
        seconds = self.reception.headers.seconds
        self._refuse(ProxyHeaderWrong(f"A proxy has to begin with a PROXY header; none came within {seconds:g} s."))

    def handshake_expired(self) -> None:
        """Do nothing: the time for the header is shorter."""

    def abort(self) -> None:
        """Drop the connection."""
        self.transport.abortConnection()

    # Twisted calls these.

    def connectionMade(self) -> None:
        self.connected = 1
        self.reception.arrived(self)
        self.reception.headers.set(self)
        tune(self.transport, self.reception.settings)

    def dataReceived(self, data: bytes) -> None:
        received = self._received = self._received + data
        if any(received.startswith(opening) for opening in self._openings):
            doors = [door for door in self._doors if door.name in REQUESTS]
            self._enter(
                Front(self.reception, (*doors, Headerless()), "", False, is_counted=True, is_proxy=True), received
            )
            return
        if any(opening.startswith(received) for opening in self._openings):
            return
        try:
            header = read(received)
            if header is None:
                return
            self.reception.readdress(self, header.address or self._proxy)
        except Refusal as refusal:
            self._refuse(refusal)
            return
        exempt, is_proxy = self.reception.exempts(self.address), self.reception.is_proxy(self.address)
        front = Front(self.reception, self._doors, self.address, exempt, is_counted=True, is_proxy=is_proxy)
        self._enter(front, received[header.length :])

    def readConnectionLost(self) -> None:
        self.abort()

    def writeConnectionLost(self) -> None:
        """Do nothing: this side never closes one half only."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        self.reception.headers.cancel(self)
        self.reception.departed(self)

    def _enter(self, front: Front, received: bytes) -> None:
        self._hand_over(front)
        if received:
            front.dataReceived(received)

    def _refuse(self, refusal: Refusal) -> None:
        self.reception.turned_away[refusal.code] += 1
        if isinstance(refusal, ProxyHeaderWrong) and self.reception.log_limits.allows("PROXY headers that are wrong"):
            self.log.warn("Refused {address}, one of the proxies: {why}", address=origin(self._proxy), why=str(refusal))
        self._hand_over(Stranger(self.reception, self.address, words_of(refusal)))

    def _hand_over(self, successor: Any) -> None:
        self._received = b""
        self.reception.headers.cancel(self)
        self.reception.handshakes.move(self, successor)
        hand_over(self.transport, successor)
        successor.makeConnection(self.transport)
