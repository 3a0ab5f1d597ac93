"""TLS of the core as an endpoint of Twisted."""

from collections.abc import Iterable
from typing import Any

from twisted.internet.address import HostnameAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IAddress,
    IConsumer,
    IProtocol,
    IProtocolFactory,
    IPushProducer,
    IStreamClientEndpoint,
    ITransport,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.client.core.client_errors import ConnectionEnded
from groupchat.client.core.network import Transport
from groupchat.client.tls.secured import SecuredDialer
from groupchat.client.tls.trust import Encryption
from groupchat.client.twisted_network import TwistedClock, TwistedDialer


@implementer(IStreamClientEndpoint)
class EncryptedEndpoint:
    """Succeeds to connect only when TLS is established: nothing is sent to an unverified server."""

    def __init__(self, endpoint: IStreamClientEndpoint, encryption: Encryption, host: str, reactor: Any) -> None:
        self._dialer = SecuredDialer(TwistedDialer(endpoint), encryption, host, TwistedClock(reactor))
        self._address = HostnameAddress(host.encode(errors="replace"), 0)  # to be read, not looked up

    def connect(self, protocolFactory: IProtocolFactory) -> "Deferred[IProtocol]":
        connected: Deferred[IProtocol] = Deferred(lambda _: attempt.cancel())
        attempt = self._dialer.dial(_Bridge(protocolFactory, self._address, connected))
        return connected


class _Bridge:
    """Gives a connection of the core to a protocol of Twisted."""

    def __init__(self, factory: IProtocolFactory, address: IAddress, connected: "Deferred[IProtocol]") -> None:
        self._factory = factory
        self._address = address
        self._connected = connected
        self._protocol: Any = None
        self._transport: _BridgeTransport | None = None

    def opened(self, transport: Transport) -> None:
        self._protocol = self._factory.buildProtocol(self._address)
        self._transport = _BridgeTransport(transport, self._address)
        self._protocol.makeConnection(self._transport)
        self._connected.callback(self._protocol)

    def failed(self, error: Exception) -> None:
        self._connected.errback(Failure(error))

    def received(self, data: bytes) -> None:
        self._protocol.dataReceived(data)

    def congested(self, is_full: bool) -> None:
        if self._transport is not None:
            self._transport.congested(is_full)

    def closed(self, error: Exception) -> None:
        if self._transport is not None:
            self._transport.end()
        self._protocol.connectionLost(Failure(ConnectionDone() if isinstance(error, ConnectionEnded) else error))


@implementer(ITransport, IConsumer, IPushProducer)
class _BridgeTransport:
    """A transport of Twisted on one of the core."""

    def __init__(self, transport: Transport, address: IAddress) -> None:
        self.disconnecting = False
        self._transport = transport
        self._address = address
        self._producer: IPushProducer | None = None
        self._is_full = False

    def congested(self, is_full: bool) -> None:
        """Pause the producer, or resume it."""
        self._is_full = is_full
        if self._producer is not None and is_full:
            self._producer.pauseProducing()
        elif self._producer is not None:
            self._producer.resumeProducing()

    def end(self) -> None:
        """Tell the producer that the connection has ended."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.stopProducing()

    # Twisted calls these.

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        self._transport.write(b"".join(data))

    def loseConnection(self) -> None:
        self.disconnecting = True
        self._transport.close()

    def abortConnection(self) -> None:
        self.disconnecting = True
        self._transport.abort()

    def getPeer(self) -> IAddress:
        return self._address

    def getHost(self) -> IAddress:
        return self._address

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        if not streaming:
            raise NotImplementedError("only for producers that are paused and resumed")
        self._producer = producer
        if self._is_full:
            self._producer.pauseProducing()

    def unregisterProducer(self) -> None:
        self._producer = None

    def pauseProducing(self) -> None:
        self._transport.pause()

    def resumeProducing(self) -> None:
        self._transport.resume()

    def stopProducing(self) -> None:
        self.loseConnection()
