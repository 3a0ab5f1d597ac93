"""Deadlines that are the same time away for everybody, with one timer for all."""

from collections.abc import Callable
from itertools import takewhile
from typing import Generic, TypeVar

from twisted.internet.interfaces import IDelayedCall, IReactorTime

Party = TypeVar("Party")

SWEEP_S = 1.0
"""How often it is looked whose time is up, in seconds; so late can it be noticed."""


class Deadlines(Generic[Party]):
    """Who has to be done within ``seconds``; ``expired`` is called for each who is not.

    Since all have the same time, they expire in the order they came: the first are looked at only.
    ``seconds`` may be changed; who came before then keeps the time they had.
    """

    def __init__(self, clock: IReactorTime, seconds: float, expired: Callable[[Party], None]) -> None:
        self._clock = clock
        self.seconds = seconds
        self._expired = expired
        self._ends: dict[Party, float] = {}
        self._next: IDelayedCall | None = None

    def __len__(self) -> int:
        return len(self._ends)

    def set(self, party: Party) -> None:
        """From now on the party's time runs."""
        self._ends.pop(party, None)
        self._ends[party] = self._clock.seconds() + self.seconds
        if self._next is None:
            self._next = self._clock.callLater(SWEEP_S, self._sweep)

    def cancel(self, party: Party) -> None:
        """The party is done, or gone."""
        if self._ends.pop(party, None) is not None and not self._ends and self._next is not None:
            self._next.cancel()
            self._next = None

    def _sweep(self) -> None:
        self._next = None
        now = self._clock.seconds()
        late = [party for party, _ in takewhile(lambda entry: entry[1] <= now, self._ends.items())]
        for party in late:
            self._ends.pop(party, None)
            self._expired(party)
        if self._ends and self._next is None:
            self._next = self._clock.callLater(SWEEP_S, self._sweep)
