"""Deadlines that are the same time away for everybody, with one timer for all."""

from collections.abc import Callable
from itertools import islice
from typing import Generic, TypeVar

from twisted.internet.interfaces import IDelayedCall, IReactorTime

Party = TypeVar("Party")

SWEEP_S = 1.0
"""How often it is looked whose time is up, in seconds; so late can it be noticed."""

AT_ONCE = 100
"""For so many the time is up in one reactor turn; more wait for the next."""


class Deadlines(Generic[Party]):
    """Who has to be done within ``seconds``; ``expired`` is called for each who is not.

    Who was in time is not late because this process was: when one looks, what has come meanwhile is read first.

    ``seconds`` may be changed; who came before then keeps the time they had.
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

    def set(self, party: Party) -> None:
        """From now on the party's time runs."""
        self._ends[party] = self._clock.seconds() + self.seconds
        self._sweep_in(self._sweep_s)

    def move(self, party: Party, successor: Party) -> None:
        """What was the party's time is the successor's."""
        end = self._ends.pop(party, None)
        if end is not None:
            self._ends[successor] = end

    def cancel(self, party: Party) -> bool:
        """The party is done, or gone; whether its time was running."""
        ran = self._ends.pop(party, None) is not None
        if ran and not self._ends and self._next is not None:
            self._next.cancel()
            self._next = None
        return ran

    def parties(self) -> list[Party]:
        """Everybody whose time runs."""
        return list(self._ends)

    def _look(self) -> None:
        """Sweep in the next reactor turn: timers come before reading in a turn, also when they are late."""
        self._next = self._clock.callLater(0, self._sweep)

    def _sweep(self) -> None:
        self._next = None
        now = self._clock.seconds()
        late = list(islice((party for party, end in self._ends.items() if end <= now), AT_ONCE))
        for party in late:
            # One that is late may have been done with by what was done about another.
            if self._ends.pop(party, None) is not None:
                self._expired(party)
        if self._ends:
            self._sweep_in(0 if len(late) == AT_ONCE else self._sweep_s)

    def _sweep_in(self, seconds: float) -> None:
        if self._next is None:
            self._next = self._clock.callLater(seconds, self._look)
