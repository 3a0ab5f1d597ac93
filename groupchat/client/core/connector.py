"""Connection attempts: to one server after the other, with growing delays.

1. A round is one attempt at each server, in order; after the last one comes the first.
2. There is no delay within a round, and after each round there is one.
3. A connection that has lasted begins a new round when it is lost, after a short delay at random: all clients of a
   server that has ended would otherwise be at the next one in the same moment.  The round begins with the server after
   the lost one, which is asked last: it may be there again by then.  A connection that is lost at once begins no round:
   servers that let clients in and then close every connection would be called without a pause.
4. In the first round no server is waited for as long as the network would, since another one may answer.
"""

import os
from collections.abc import Callable, Sequence
from typing import Protocol

from groupchat.client.core.client_errors import ClientError, NoServerAnswers, Refused, TimedOut
from groupchat.client.core.network import Attempt, Clock, Dialer, Receiver, Timer
from groupchat.client.core.protocol import JsonLines, Owner

SHORTEST, LONGEST = 0.5, 30.0
"""Seconds to wait after the first failure, and after many."""

SPREAD = 0.5
"""The most seconds until the next server is tried when a connection that has lasted is lost (rule 3)."""

HURRY = 5.0
"""Seconds for one attempt to connect in the first round, if there are other servers (rule 4)."""

LASTING = 2.0
"""Seconds from the welcome on after which a connection has lasted (rule 3).

It is longer than the first delay after a round, and so takes the place of that delay; and it is shorter than a node of
a cluster stays when all of them are restarted in turn.
"""

LOST_NODE = "node-lost"
"""The server's code for a node of a cluster that has lost its place in it, and takes everybody again."""


def backoff(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: twice as many each time, and up to one at random.

    The random part spreads the clients of a restarted server.  After no failure there is only that, up to ``SPREAD``:
    other servers are expected to answer.
    """
    part = int.from_bytes(os.urandom(4)) / 2**32
    return min(SHORTEST * 2.0 ** min(failures - 1, 10), LONGEST) + part if failures else SPREAD * part


class Dialers:
    """The servers of one chat, in the order in which they are tried; a Dialer for the one that the client has.

    :param servers: the name of each, and what connects to it.
    """

    def __init__(self, servers: Sequence[tuple[str, Dialer]]) -> None:
        self.servers = tuple(servers)
        self.current = 0
        """The place of the server that the client is connected to, or was connected to last."""

    @classmethod
    def of(cls, dialer: Dialer) -> "Dialers":
        """Return these servers, or the only one."""
        return dialer if isinstance(dialer, Dialers) else cls([("", dialer)])

    @property
    def name(self) -> str:
        """The name of the current server; empty if there is only one."""
        return self.servers[self.current][0] if len(self.servers) > 1 else ""

    @property
    def dialer(self) -> Dialer:
        """What connects to the current server, and to no other one later."""
        return self.servers[self.current][1]

    def dial(self, receiver: Receiver) -> Attempt:
        """Begin to connect to the current server."""
        return self.dialer.dial(receiver)


class Waiter(Protocol):
    """The user of a connector."""

    def connecting(self) -> None:
        """An attempt begins."""

    def moving(self, reason: Exception) -> None:
        """There is no connection, for ``reason``; an attempt at the next server follows, at once or nearly."""

    def waiting(self, reason: Exception, delay: float) -> None:
        """There is no connection, for ``reason``; the next attempt begins in ``delay`` seconds."""


class Unnoticed:
    """The waiter of attempts that the program is not told of."""

    def connecting(self) -> None:
        """Do nothing."""

    def moving(self, reason: Exception) -> None:
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
        self.place = 0
        """The server that is tried, or that was reached last."""
        self._servers = Dialers.of(dialer).servers
        self._owner = owner
        self._clock = clock
        self._waiter = waiter
        self._backoff = backoff
        self._failures = 0
        self._reasons: list[Exception] = []
        """What was wrong with the servers of this round."""
        self._left = len(self._servers) - 1
        """How many servers may be tried before the next delay, beside the one that is being tried."""
        self._lasts_from: float | None = None
        self._is_trying = False
        self._attempt: Attempt | None = None
        self._timer: Timer | None = None

    @property
    def is_hurried(self) -> bool:
        """True if another server may answer sooner than this one (rule 4)."""
        return len(self._servers) > 1 and not self._failures

    def connect(self) -> None:
        """Begin an attempt now."""
        self._timer = None
        self._waiter.connecting()
        self._is_trying = True
        if self.is_hurried:
            self._timer = self._clock.call_later(HURRY, self._too_late)
        attempt = self._servers[self.place][1].dial(JsonLines(self._owner, self._connected, self._failed))
        if self._is_trying:
            self._attempt = attempt

    def connect_beside(self, place: int) -> None:
        """Begin attempts beside a connection to this server, with the one that follows it."""
        self.place = (place + 1) % len(self._servers)
        self._begin_round()
        self.connect()

    def welcomed(self) -> None:
        """Count this connection as a success: the next delay is short again."""
        self._failures = 0
        self._lasts_from = self._clock.seconds() + LASTING

    def named(self, reason: Exception) -> Exception:
        """Note in an error which of several servers it is about, unless it is about all."""
        if len(self._servers) > 1 and isinstance(reason, ClientError) and not isinstance(reason, NoServerAnswers):
            reason.server = reason.server or self._servers[self.place][0]
        return reason

    def retry(self, reason: Exception) -> None:
        """Begin another attempt, since the connection was lost: at the next server, or after a delay."""
        lasted = self._lasts_from is not None and self._clock.seconds() >= self._lasts_from
        self._lasts_from = None
        if lasted:
            self._begin_round()
            # The only server is not asked again at once, unless it is one address for all nodes.
            self._left += len(self._servers) > 1 or getattr(reason, "code", "") == LOST_NODE
        reason = self.named(reason)
        if not (lasted and self._left):  # else others are asked now, and why it was lost is no answer to that
            self._reasons.append(reason)
        self.place = (self.place + 1) % len(self._servers)
        if self._left:
            self._left -= 1
            self._timer = self._clock.call_later(self._backoff(0) if lasted else 0, self.connect)
            self._waiter.moving(reason)
            return
        self._failures += 1
        delay = self._backoff(self._failures)
        why = self._why()
        self._begin_round()
        self._timer = self._clock.call_later(delay, self.connect)
        self._waiter.waiting(why, delay)

    def stop(self) -> None:
        """End the attempt or the wait, for good."""
        attempt, self._attempt = self._attempt, None
        self._stop_timer()
        if attempt is not None:
            attempt.cancel()

    # Inside.

    def _begin_round(self) -> None:
        self._left = len(self._servers) - 1
        self._reasons = []

    def _why(self) -> Exception:
        """Return what is wrong after a round: what a server has answered says more than the silence of others."""
        refusals = [reason for reason in self._reasons if isinstance(reason, Refused)]
        if refusals or len(self._servers) == 1:
            return (refusals or self._reasons)[-1]
        return NoServerAnswers(self._reasons)

    def _connected(self) -> None:
        self._is_trying = False
        self._attempt = None
        self._stop_timer()

    def _failed(self, error: Exception) -> None:
        self._is_trying = False
        self._attempt = None
        self._stop_timer()
        self.retry(error)

    def _too_late(self) -> None:
        self._timer = None
        attempt = self._attempt
        if attempt is not None:
            attempt.cancel()
        self._failed(TimedOut(f"there was no answer in {HURRY:g} seconds"))

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
