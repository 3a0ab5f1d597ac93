"""Serve connections from a proxy: until it has said whose connection it is, there is no address and no door."""

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
from groupchat.interfaces.entrances import IDoor
from groupchat.model.errors import Refusal
from groupchat.model.networks import origin


@implementer(IHalfCloseableProtocol)
class Proxied(Protocol):
    """A connection from a proxy, until its header has come.

    ``address`` is empty: nothing is counted for the proxy itself, which passes on everybody's connections.
    """

    __slots__ = ("_doors", "_proxy", "_received", "address", "connected", "reception", "transport")
    log = Logger()
    has_session = False

    def __init__(self, reception: Reception, doors: Sequence[IDoor], proxy: str) -> None:
        """:param proxy: the proxy's own IP address; empty: it is at a UNIX socket."""
        self.reception = reception
        self.address = ""
        self.transport: Any = None
        self._doors = doors
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
        try:
            header = read(received)
            if header is None:
                return
            self.reception.readdress(self, header.address or self._proxy)
        except Refusal as refusal:
            self._refuse(refusal)
            return
        front = Front(self.reception, self._doors, self.address, self.reception.exempts(self.address), is_counted=True)
        self._hand_over(front)
        if len(received) > header.length:
            front.dataReceived(received[header.length :])

    def readConnectionLost(self) -> None:
        self.abort()

    def writeConnectionLost(self) -> None:
        """Do nothing: this side never closes one half only."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        self.reception.headers.cancel(self)
        self.reception.departed(self)

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
