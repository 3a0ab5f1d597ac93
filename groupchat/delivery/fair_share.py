"""Shares out what readers that catch up are shown in one turn of the reactor, so that a crowd of them delays nobody.

Costly requests are shared out likewise.
"""

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred, DeferredLock

SHARE = 300
"""Posts that all readers together are shown in one turn of the reactor: about a millisecond."""


class FairShare:
    """The share that is left of this turn, and those that wait for the next.

    ``turn_end(function)`` calls the function at the end of this turn of the reactor; ``share``: how much a turn has.
    """

    def __init__(self, turn_end: Callable[[Callable[[], None]], object], share: int = SHARE) -> None:
        self._turn_end = turn_end
        self._share = share
        self._left: float = share
        self._waiting: deque[Deferred[None]] = deque()
        self._is_awaited = False
        """True if the next turn is awaited."""
        self.page = DeferredLock()
        """Held while a page is read.  The journal's reader uses the interpreter too: a hundred pages one after another
        kept a message for 200 people waiting for up to 90 ms, since each ``send`` hands the interpreter over."""

    @property
    def over(self) -> bool:
        """Say whether nothing is left of this turn, or others wait already."""
        return self._left <= 0 or bool(self._waiting)

    def next_turn(self) -> "Deferred[None]":
        """Return a Deferred that fires in one of the next turns, after those that wait already."""
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        self._await()
        return waiting

    def spend(self, much: float) -> None:
        """Note that so much of the share was used, such as posts that were shown."""
        self._left -= much
        self._await()

    def _await(self) -> None:
        if not self._is_awaited:
            self._is_awaited = True
            self._turn_end(self._begin)

    def _begin(self) -> None:
        self._is_awaited = False
        self._left = self._share
        while self._waiting and self._left > 0:
            self._waiting.popleft().callback(None)
        if self._waiting:
            self._await()
