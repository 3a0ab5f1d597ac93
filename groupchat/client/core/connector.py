"""Connection attempts, with growing delays."""

from collections.abc import Callable
from typing import Protocol

from twisted.application.internet import backoffPolicy
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IProtocol, IProtocolFactory, IReactorTime, IStreamClientEndpoint
from twisted.python.failure import Failure

from groupchat.client.core.protocol import as_exception

BACKOFF = backoffPolicy(initialDelay=0.25, maxDelay=30.0, factor=2.0)
"""Seconds to wait after the n-th failure: half a second, doubled up to 30 s, plus up to a random second.

The random second spreads the clients of a restarted server.
"""


class Waiter(Protocol):
    """The user of a connector."""

    def connecting(self) -> None:
        """An attempt begins."""

    def waiting(self, reason: Exception, delay: float) -> None:
        """There is no connection, for ``reason``; the next attempt begins in ``delay`` seconds."""


class Connector:
    """Connects to an endpoint again and again, with growing delays until ``welcomed`` is called.

    Twisted's ClientService counts a connection as a success as soon as it is established:
    a server that accepts connections and then refuses every client would be called without a pause.
    Its ``prepareConnection`` is meant for that, but raises NoTransition when the connection is lost meanwhile
    (Twisted 26.10).
    """

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        factory: IProtocolFactory,
        clock: IReactorTime,
        waiter: Waiter,
        backoff: Callable[[int], float] = BACKOFF,
    ) -> None:
        self._endpoint = endpoint
        self._factory = factory
        self._clock = clock
        self._waiter = waiter
        self._backoff = backoff
        self._failures = 0
        self._attempt: Deferred[IProtocol] | None = None
        self._timer: IDelayedCall | None = None

    def connect(self) -> None:
        """Begin an attempt now."""
        self._timer = None
        self._waiter.connecting()
        attempt = self._endpoint.connect(self._factory)
        self._attempt = attempt
        attempt.addCallbacks(self._connected, self._failed)

    def welcomed(self) -> None:
        """Count this connection as a success: the next delay is short again."""
        self._failures = 0

    def retry(self, reason: Exception) -> None:
        """Begin another attempt after a delay, since the connection was lost."""
        self._failures += 1
        delay = self._backoff(self._failures)
        self._timer = self._clock.callLater(delay, self.connect)
        self._waiter.waiting(reason, delay)

    def stop(self) -> None:
        """End the attempt or the wait, for good."""
        attempt, self._attempt = self._attempt, None
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if attempt is not None:
            attempt.cancel()

    def _connected(self, _: IProtocol) -> None:
        self._attempt = None

    def _failed(self, failure: Failure) -> None:
        if self._attempt is None and failure.check(CancelledError):
            return  # by stop()
        self._attempt = None
        self.retry(as_exception(failure))
