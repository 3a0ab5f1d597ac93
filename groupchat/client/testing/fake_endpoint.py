"""A fake server as an endpoint of Twisted."""

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.internet.interfaces import (
    IAddress,
    IProtocol,
    IProtocolFactory,
    IPushProducer,
    IStreamClientEndpoint,
    ITransport,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.client.core.network import Attempt, Transport
from groupchat.client.testing.fake_dialer import FakeDialer

PLACE = IPv4Address("TCP", "192.0.2.1", 5000)
"""The address that clients see: one that belongs to nobody."""


@implementer(IStreamClientEndpoint)
class FakeEndpoint:
    """Connects to a fake server."""

    def __init__(self, dialer: FakeDialer) -> None:
        self._dialer = dialer

    # Twisted calls this.

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        attempts: list[Attempt] = []
        connected: Deferred[IProtocol] = Deferred(lambda _: attempts[0].cancel())
        attempts.append(self._dialer.dial(_Connection(protocolFactory, connected)))
        return connected


@implementer(ITransport, IPushProducer)
class _Connection:
    """One connection: to the core's network a receiver, to Twisted's protocol a transport."""

    disconnecting = False

    def __init__(self, factory: IProtocolFactory, connected: Deferred[IProtocol]) -> None:
        self._factory = factory
        self._connected = connected
        self._protocol: Any = None
        self._transport: Any = None

    # The network calls these.

    def opened(self, transport: Transport) -> None:
        self._transport = transport
        self._protocol = self._factory.buildProtocol(PLACE)
        self._protocol.makeConnection(self)
        self._connected.callback(self._protocol)

    def failed(self, error: Exception) -> None:
        self._connected.errback(Failure(ConnectionRefusedError(str(error))))

    def received(self, data: bytes) -> None:
        self._protocol.dataReceived(data)

    def congested(self, is_full: bool) -> None:
        pass  # the fake network takes everything

    def closed(self, error: Exception) -> None:
        self._protocol.connectionLost(Failure(ConnectionDone(str(error))))

    # Twisted's protocols call these.

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def writeSequence(self, data: Any) -> None:
        self._transport.write(b"".join(data))

    def loseConnection(self) -> None:
        self.disconnecting = True
        self._transport.close()

    def abortConnection(self) -> None:
        self._transport.abort()

    def getPeer(self) -> IAddress:
        return PLACE

    def getHost(self) -> IAddress:
        return PLACE

    def pauseProducing(self) -> None:
        self._transport.pause()

    def resumeProducing(self) -> None:
        self._transport.resume()

    def stopProducing(self) -> None:
        self._transport.abort()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        pass  # nothing is ever congested

    def unregisterProducer(self) -> None:
        pass
