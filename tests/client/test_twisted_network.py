"""The network of the core by Twisted."""

import socket
from typing import Any

from twisted.internet import error as twisted_errors
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.client.core.client_errors import (
    ConnectionEnded,
    NoConnection,
    NoRoute,
    NothingListens,
    NotTrusted,
    TimedOut,
    UnknownHost,
)
from groupchat.client.core.protocol import JsonLines
from groupchat.client.core.results import Result
from groupchat.client.twisted_network import Source, TwistedClock, TwistedDialer, deferred_of, neutral
from tests.client.core.test_connector import Owner
from tests.client.fakes import FakeEndpoint
from tests.client.tls.test_secured import FakeReceiver


class ErrorsTest(SynchronousTestCase):
    def test_neutral(self) -> None:
        """Every error of Twisted has one of the library, in words of the library."""
        for error, kind in (
            (twisted_errors.DNSLookupError("no such host"), UnknownHost),
            (twisted_errors.UnknownHostError("no such host"), NoConnection),
            (twisted_errors.ConnectionRefusedError(), NothingListens),
            (twisted_errors.TimeoutError(), TimedOut),
            (twisted_errors.TCPTimedOutError(), TimedOut),
            (twisted_errors.NoRouteError(), NoRoute),
            (twisted_errors.ConnectError(osError=OSError("odd")), NoConnection),
            (twisted_errors.ConnectionDone(), ConnectionEnded),
            (twisted_errors.ConnectionLost(), ConnectionEnded),
            (twisted_errors.ConnectionAborted(), ConnectionEnded),
            (socket.gaierror("odd"), NoConnection),
            (SystemExit("odd"), NoConnection),
        ):
            self.assertIs(type(neutral(Failure(error))), kind, error)
        self.assertEqual(str(neutral(Failure(twisted_errors.ConnectError(osError=OSError("odd"))))), "odd")
        self.assertEqual(str(neutral(Failure(ZeroDivisionError()))), "ZeroDivisionError")
        for error, words in (
            (twisted_errors.ConnectionRefusedError(), "nothing listens there"),
            (twisted_errors.TimeoutError(), "there was no answer in time"),
            (twisted_errors.NoRouteError(), "there is no route to the host"),
            (twisted_errors.ConnectionDone(), "the other side closed the connection"),
            (twisted_errors.ConnectionLost(), "the connection was lost"),
        ):
            self.assertEqual(str(neutral(Failure(error))), words)

    def test_own(self) -> None:
        """One of the library stays what it is."""
        error = NotTrusted("no")
        self.assertIs(neutral(Failure(error)), error)


class DeferredTest(SynchronousTestCase):
    def test_settled(self) -> None:
        """A Deferred fires with the value or the error."""
        result: Result[int] = Result()
        deferred = deferred_of(result)
        self.assertNoResult(deferred)
        result.succeed(3)
        self.assertEqual(self.successResultOf(deferred), 3)
        result = Result()
        result.fail(ValueError("odd"))
        self.failureResultOf(deferred_of(result), ValueError)

    def test_cancelled(self) -> None:
        """To cancel it cancels the result, which then may come or not."""
        cancelled: list[str] = []
        result: Result[int] = Result(lambda: cancelled.append("yes"))
        deferred = deferred_of(result)
        deferred.cancel()
        result.succeed(3)
        self.assertEqual(cancelled, ["yes"])
        self.failureResultOf(deferred, CancelledError)


class DialerTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.network, self.receiver = FakeEndpoint(), FakeReceiver()
        self.attempt = TwistedDialer(self.network).dial(self.receiver)

    def test_connection(self) -> None:
        """A connection of Twisted is one of the core, in both directions, and ends once."""
        server = self.network.accept()
        self.attempt.cancel()
        transport: Any = self.receiver.transport
        transport.write(b"hello")
        self.assertEqual(server.transport.value(), b"hello")
        server.receive(b"hi")
        verifyObject(IPushProducer, server.transport.producer)
        server.transport.producer.pauseProducing()
        server.transport.producer.resumeProducing()
        server.transport.producer.stopProducing()
        transport.pause()
        self.assertEqual(server.transport.producerState, "paused")
        transport.resume()
        self.assertEqual(server.transport.producerState, "producing")
        self.assertEqual((self.receiver.heard, self.receiver.full), (b"hi", [True, False]))
        transport.close()
        transport.abort()
        self.assertEqual((len(self.receiver.endings), server.connected, self.network.cancelled), (1, False, 0))

    def test_failed(self) -> None:
        """An attempt that fails is told of, once, and one that is cancelled is not."""
        self.network.refuse(twisted_errors.ConnectionRefusedError())
        self.attempt.cancel()
        self.assertEqual([type(error) for error in self.receiver.errors], [NothingListens])
        TwistedDialer(self.network).dial(self.receiver).cancel()
        self.assertEqual((len(self.receiver.errors), self.network.cancelled), (1, 1))

    def test_source(self) -> None:
        """A connection can feed a consumer that cannot keep up."""
        wire = JsonLines(Owner())
        TwistedDialer(self.network).dial(wire)
        self.network.accept()
        server, source = self.network.accept(), Source(wire)
        verifyObject(IPushProducer, source)
        source.pauseProducing()
        self.assertEqual((wire.paused, server.transport.producerState), (True, "paused"))
        source.resumeProducing()
        self.assertEqual((wire.paused, server.transport.producerState), (False, "producing"))
        source.stopProducing()
        self.assertFalse(server.connected)


class ClockTest(SynchronousTestCase):
    def test_calls(self) -> None:
        """A call comes in time, unless it is cancelled; to cancel it afterwards does nothing."""
        reactor, told = Clock(), list[object]()
        clock = TwistedClock(reactor)
        called, cancelled = clock.call_later(2, told.append, "called"), clock.call_later(1, told.append, "cancelled")
        cancelled.cancel()
        reactor.advance(2)
        called.cancel()
        cancelled.cancel()
        self.assertEqual((told, clock.seconds()), (["called"], 2))
