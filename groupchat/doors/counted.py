"""Serve connections to ports that are not the chat's, under the same limits as all others.

They count among all connections and those of their address, are few, and end after a time whatever they do.
Bans do not concern them: they are about people.
"""

from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure

from groupchat.doors.closed import oldest_of_greediest
from groupchat.doors.reception import Reception
from groupchat.model.errors import Refusal
from groupchat.model.networks import plain

MOST = 32
"""The most connections to one such factory, which may have them also when the chat is full.

When there are more, the oldest of the address that has most is dropped: who asks is answered at once,
and who does not ask has to go.
"""


class Counted(ProtocolWrapper):
    """One connection, which has as much time in all as a newcomer to the chat has for a nickname."""

    has_session = False

    def __init__(self, factory: "CountedFactory", within: Any, address: str) -> None:
        super().__init__(factory, within)  # type: ignore[arg-type]  # its factory builds other protocols, too
        self.address = address
        self._reception = factory.reception
        self._here = factory.here

    # The reception calls these.

    def handshake_expired(self) -> None:
        """Drop the peer: its time is over."""
        self.abort()

    def abort(self) -> None:
        """Drop the connection."""
        self.abortConnection()

    # Twisted calls these.

    def makeConnection(self, transport: Any) -> None:
        self._reception.arrived(self)
        self._here[self] = None
        super().makeConnection(transport)
        if len(self._here) > MOST:
            oldest = oldest_of_greediest(self._here)
            del self._here[oldest]
            oldest.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._here.pop(self, None)
        self._reception.departed(self)
        super().connectionLost(reason)


class CountedFactory(WrappingFactory):
    """Builds the connections of some ports with another factory.

    :param refused: what a peer is sent that cannot be served just now.
    """

    noisy = False

    def __init__(self, within: Any, reception: Reception, refused: bytes) -> None:
        super().__init__(within)
        self.reception = reception
        self.here: dict[Counted, None] = {}
        """The connections, oldest first."""
        self._refused = refused

    # Twisted calls this.

    def buildProtocol(self, addr: IAddress | None) -> Any:
        host = getattr(addr, "host", "")  # a UNIX socket has none
        address = str(plain(host)) if host else ""
        try:
            self.reception.count(address, beyond=MOST)
        except Refusal as refusal:
            self.reception.turned_away[refusal.code] += 1
            return TurnedAway(self._refused)
        return Counted(self, self.wrappedFactory.buildProtocol(addr), address)


class TurnedAway(Protocol):
    """Serves a peer with a few words, and the end."""

    def __init__(self, words: bytes) -> None:
        self._words = words

    # Twisted calls this.

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._words)
        self.transport.loseConnection()
