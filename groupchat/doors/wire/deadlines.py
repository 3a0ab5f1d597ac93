"""Deadlines that are about equally far away for all parties, with one timer for all."""

from collections.abc import Callable
from itertools import islice
from typing import Generic, TypeVar

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from zope.interface import implementer

from groupchat.interfaces.entrances import IDeadlines

Party = TypeVar("Party")

SWEEP_S = 1.0
"""Seconds between two looks for expired deadlines; a deadline is noticed at most this much late."""

AT_ONCE = 100
"""The most deadlines that expire in one turn of the reactor; more wait for the next."""


@implementer(IDeadlines)
class Deadlines(Generic[Party]):
    """Parties that have to be done within ``seconds``; ``expired`` is called for each that is not.

    A slow reactor never makes a party late: before deadlines are looked at, pending input is read.

    ``seconds`` may be changed; deadlines that run keep their end.
    """

    def __init__(
        self, clock: IReactorTime, seconds: float, expired: Callable[[Party], None], sweep_s: float = SWEEP_S
    ) -> None:
        self._clock = clock
        self.seconds = seconds
        self._expired = expired
        self._sweep_s = sweep_s
        self._ends: dict[Party, float] = {}
        self._next: IDelayedCall | None = None

    def __len__(self) -> int:
        return len(self._ends)

    def set(self, party: Party, more: float = 0.0) -> None:
        """Start the party's time, which is so many seconds longer."""
        self._ends[party] = self._clock.seconds() + self.seconds + more
        self._sweep_in(self._sweep_s)

    def move(self, party: Party, successor: Party) -> None:
        """Transfer the party's deadline, if it has one."""
        end = self._ends.pop(party, None)
        if end is not None:
            self._ends[successor] = end

    def cancel(self, party: Party) -> bool:
        """Stop the party's time; return whether it was running."""
        ran = self._ends.pop(party, None) is not None
        if ran and not self._ends and self._next is not None:
            self._next.cancel()
            self._next = None
        return ran

    def parties(self) -> list[Party]:
        """Return all parties whose time runs."""
        return list(self._ends)

    def _look(self) -> None:
        """Sweep in the next reactor turn: timers come before reading in a turn, also when they are late.

        However long the turn is, a party that comes in it is not late yet: nothing was read of it.
        """
        self._next = self._clock.callLater(0, self._sweep, self._clock.seconds())

    def _sweep(self, looked: float) -> None:
        self._next = None
        now, newest = self._clock.seconds(), looked + self.seconds
        late = list(islice((party for party, end in self._ends.items() if end <= now and end < newest), AT_ONCE))
        for party in late:
            # What was done about one late party may have ended another.
            if self._ends.pop(party, None) is not None:
                self._expired(party)
        if self._ends:
            self._sweep_in(0 if len(late) == AT_ONCE else self._sweep_s)

    def _sweep_in(self, seconds: float) -> None:
        if self._next is None:
            self._next = self._clock.callLater(seconds, self._look)
