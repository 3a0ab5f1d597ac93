"""The network of the core by Twisted: its clock, its endpoints, and Deferreds for results."""

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

from twisted.internet import error as twisted_errors
from twisted.internet.defer import CancelledError, Deferred, inlineCallbacks
from twisted.internet.interfaces import (
    IDelayedCall,
    IProtocol,
    IProtocolFactory,
    IPushProducer,
    IReactorTime,
    IStreamClientEndpoint,
    ITCPTransport,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.client.core.client_errors import (
    ClientError,
    ConnectionEnded,
    NoConnection,
    NoRoute,
    NoServerAnswers,
    NothingListens,
    TimedOut,
    UnknownHost,
)
from groupchat.client.core.connector import HURRY, Dialers
from groupchat.client.core.network import Attempt, Clock, Dialer, Receiver
from groupchat.client.core.protocol import JsonLines
from groupchat.client.core.results import Result

T = TypeVar("T")


def deferred_of(result: Result[T]) -> "Deferred[T]":
    """Return a Deferred for a result."""
    deferred: Deferred[T] = Deferred(lambda _: result.cancel())
    result.then(deferred.callback, deferred.errback)
    return deferred


def neutral(failure: Failure) -> Exception:
    """Return an error of Twisted as one of this library."""
    error = failure.value
    match error:
        case ClientError():
            return error
        case twisted_errors.DNSLookupError():
            return UnknownHost(str(error))
        case twisted_errors.ConnectionRefusedError():
            return NothingListens("nothing listens there")
        case twisted_errors.TimeoutError() | twisted_errors.TCPTimedOutError():
            return TimedOut("there was no answer in time")
        case twisted_errors.NoRouteError():
            return NoRoute("there is no route to the host")
        case twisted_errors.ConnectError():
            return NoConnection(str(error.osError or error))
        case twisted_errors.ConnectionDone():
            return ConnectionEnded("the other side closed the connection")
        case twisted_errors.ConnectionLost() | twisted_errors.ConnectionAborted():
            return ConnectionEnded("the connection was lost")
        case Exception():
            return NoConnection(str(error) or type(error).__name__)
        case _:
            return NoConnection(failure.getErrorMessage())


class _Timer:
    """A call of the reactor, which may be cancelled at any time."""

    def __init__(self, call: IDelayedCall) -> None:
        self._call = call

    def cancel(self) -> None:
        """Do not call."""
        if self._call.active():
            self._call.cancel()


class TwistedClock(Clock):
    """The clock of a reactor."""

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor

    def seconds(self) -> float:
        """Return the reactor's seconds."""
        return self._reactor.seconds()

    def call_later(self, delay: float, call: Callable[..., object], *arguments: object) -> _Timer:
        """Have the reactor call."""
        return _Timer(self._reactor.callLater(delay, call, *arguments))


@implementer(IPushProducer)
class _Congestion:
    """Tells a receiver when its transport takes no more."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def pauseProducing(self) -> None:
        self._receiver.congested(True)

    def resumeProducing(self) -> None:
        self._receiver.congested(False)

    def stopProducing(self) -> None:
        """Do nothing: the connection has ended, which the receiver is told."""


class _Line(Protocol):
    """One connection of Twisted, for a receiver."""

    transport: Any

    def __init__(self, receiver: Receiver) -> None:
        self.is_open = False
        self._receiver = receiver

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self.transport.write(data)

    def pause(self) -> None:
        """Stop reading."""
        self.transport.pauseProducing()

    def resume(self) -> None:
        """Read again."""
        self.transport.resumeProducing()

    def close(self) -> None:
        """End the connection when everything is sent."""
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def abort(self) -> None:
        """End the connection now."""
        if self.is_open:
            self.transport.abortConnection()

    # Twisted calls these.

    def connectionMade(self) -> None:
        self.is_open = True
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpKeepAlive(True)
            self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(_Congestion(self._receiver), True)
        self._receiver.opened(self)

    def dataReceived(self, data: bytes) -> None:
        self._receiver.received(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.is_open = False
        self._receiver.closed(neutral(reason))


@implementer(IPushProducer)
class Source:
    """A connection as a producer of Twisted, for a consumer that cannot always keep up."""

    def __init__(self, wire: JsonLines) -> None:
        self._wire = wire

    def pauseProducing(self) -> None:
        self._wire.pause()

    def resumeProducing(self) -> None:
        self._wire.resume()

    def stopProducing(self) -> None:
        self._wire.transport.close()


@implementer(IStreamClientEndpoint)
class SeveralEndpoints:
    """The endpoints of several servers of one chat: tries one after the other.

    :param endpoints: each with the name of its server.

    ``server``: the name of the one that was tried last, and so of that which a connection is to; empty: none was yet.
    """

    def __init__(self, endpoints: Sequence[tuple[str, IStreamClientEndpoint]], reactor: IReactorTime) -> None:
        self.endpoints = tuple(endpoints)
        self.server = ""
        self._reactor = reactor

    # Twisted calls this.

    @inlineCallbacks
    def connect(self, protocolFactory: IProtocolFactory) -> Generator[Deferred[Any], Any, IProtocol]:
        reasons: list[Exception] = []
        for name, endpoint in self.endpoints:
            self.server = name
            attempt = endpoint.connect(protocolFactory)
            attempt.addTimeout(HURRY, self._reactor, _too_late)
            try:
                connected: IProtocol = yield attempt
            except (CancelledError, twisted_errors.ConnectingCancelledError):  # nobody wants a connection any more
                raise
            except Exception:
                reason = neutral(Failure())
                if isinstance(reason, ClientError):
                    reason.server = name
                reasons.append(reason)
            else:
                return connected
        raise NoServerAnswers(reasons)


def _too_late(result: object, seconds: float) -> object:
    if isinstance(result, Failure):
        raise TimedOut(f"there was no answer in {seconds:g} seconds")
    return result


def dialer_of(endpoint: IStreamClientEndpoint) -> Dialer:
    """Return the core's way to where an endpoint leads."""
    if isinstance(endpoint, SeveralEndpoints):
        return Dialers([(name, TwistedDialer(one)) for name, one in endpoint.endpoints])
    return TwistedDialer(endpoint)


class TwistedDialer:
    """Connects by an endpoint of Twisted."""

    def __init__(self, endpoint: IStreamClientEndpoint) -> None:
        self._endpoint = endpoint

    def dial(self, receiver: Receiver) -> Attempt:
        """Begin to connect."""
        attempt = _Attempt(receiver)
        attempt.begin(self._endpoint)
        return attempt


class _Attempt:
    """One attempt."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._deferred: Deferred[IProtocol] | None = None
        self._is_cancelled = False

    def begin(self, endpoint: IStreamClientEndpoint) -> None:
        """Connect."""
        factory = Factory.forProtocol(lambda: _Line(self._receiver))
        factory.noisy = False
        self._deferred = endpoint.connect(factory)
        self._deferred.addCallbacks(self._connected, self._failed)

    def cancel(self) -> None:
        """Give up."""
        self._is_cancelled = True
        deferred, self._deferred = self._deferred, None
        if deferred is not None:
            deferred.cancel()

    def _connected(self, _: IProtocol) -> None:
        self._deferred = None

    def _failed(self, failure: Failure) -> None:
        self._deferred = None
        if not self._is_cancelled:
            self._receiver.failed(neutral(failure))
