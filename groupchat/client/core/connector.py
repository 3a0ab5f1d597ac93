"""Connection attempts, with growing delays."""

import os
from collections.abc import Callable
from typing import Protocol

from groupchat.client.core.network import Attempt, Clock, Dialer, Timer
from groupchat.client.core.protocol import JsonLines, Owner

SHORTEST, LONGEST = 0.5, 30.0
"""Seconds to wait after the first failure, and after many."""


def backoff(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: twice as many each time, and up to one at random.

    The random part spreads the clients of a restarted server.
    """
    return min(SHORTEST * 2.0 ** min(failures - 1, 10), LONGEST) + int.from_bytes(os.urandom(4)) / 2**32


class Waiter(Protocol):
    """The user of a connector."""

    def connecting(self) -> None:
        """An attempt begins."""

    def waiting(self, reason: Exception, delay: float) -> None:
        """There is no connection, for ``reason``; the next attempt begins in ``delay`` seconds."""


class Unnoticed:
    """The waiter of attempts that the program is not told of."""

    def connecting(self) -> None:
        """Do nothing."""

    def waiting(self, reason: Exception, delay: float) -> None:
        """Do nothing."""


class Connector:
    """Connects again and again, with growing delays until ``welcomed`` is called.

    A connection alone is not a success: a server that accepts connections and then refuses every client
    would be called without a pause.

    :param owner: the user of the connections that are established.
    """

    def __init__(
        self, dialer: Dialer, owner: Owner, clock: Clock, waiter: Waiter, backoff: Callable[[int], float] = backoff
    ) -> None:
        self._dialer = dialer
        self._owner = owner
        self._clock = clock
        self._waiter = waiter
        self._backoff = backoff
        self._failures = 0
        self._is_trying = False
        self._attempt: Attempt | None = None
        self._timer: Timer | None = None

    def connect(self) -> None:
        """Begin an attempt now."""
        self._timer = None
        self._waiter.connecting()
        self._is_trying = True
        attempt = self._dialer.dial(JsonLines(self._owner, self._connected, self._failed))
        if self._is_trying:
            self._attempt = attempt

    def welcomed(self) -> None:
        """Count this connection as a success: the next delay is short again."""
        self._failures = 0

    def retry(self, reason: Exception) -> None:
        """Begin another attempt after a delay, since the connection was lost."""
        self._failures += 1
        delay = self._backoff(self._failures)
        self._timer = self._clock.call_later(delay, self.connect)
        self._waiter.waiting(reason, delay)

    def stop(self) -> None:
        """End the attempt or the wait, for good."""
        attempt, self._attempt = self._attempt, None
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if attempt is not None:
            attempt.cancel()

    def _connected(self) -> None:
        self._is_trying = False
        self._attempt = None

    def _failed(self, error: Exception) -> None:
        self._is_trying = False
        self._attempt = None
        self.retry(error)
