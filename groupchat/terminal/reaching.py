"""A first connection, before any question: is there a server to join?"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol


class _Glance(Protocol):
    """Closes the connection as soon as it is made."""

    def connectionMade(self) -> None:
        if self.transport is not None:
            self.transport.loseConnection()


def reach(endpoint: IStreamClientEndpoint) -> "Deferred[Any]":
    """Connect, with TLS if that is wanted, and close the connection; fails as joining would."""
    factory: Any = Factory.forProtocol(_Glance)
    factory.noisy = False
    connected: Deferred[Any] = endpoint.connect(factory)
    return connected
