"""How much readers that catch up are shown in one turn of the reactor, so that a crowd of them holds up nobody."""

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred, DeferredLock

SHARE = 300
"""Posts that all readers together are shown in one turn before it ends: about a millisecond."""


class Turns:
    """Whose turn it is.

    ``turn_end(function)`` calls the function at the end of this turn of the reactor.
    """

    def __init__(self, turn_end: Callable[[Callable[[], None]], object]) -> None:
        self._turn_end = turn_end
        self._left = SHARE
        self._waiting: deque[Deferred[None]] = deque()
        self._begins = False
        """Whether the next turn is awaited."""
        self.page = DeferredLock()
        """Held while a page is read: the journal's reader uses the interpreter too, and a hundred pages one after
        another kept a message for 200 waiting for up to 90 ms, since each ``send`` hands the interpreter over."""

    @property
    def over(self) -> bool:
        """Whether there is nothing left of this turn, or others wait already."""
        return self._left <= 0 or bool(self._waiting)

    def next(self) -> "Deferred[None]":
        """Fires in one of the next turns, after who waits already."""
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        self._await()
        return waiting

    def spend(self, posts: int) -> None:
        """So many posts were shown."""
        self._left -= posts
        self._await()

    def _await(self) -> None:
        if not self._begins:
            self._begins = True
            self._turn_end(self._begin)

    def _begin(self) -> None:
        self._begins = False
        self._left = SHARE
        while self._waiting and self._left > 0:
            self._waiting.popleft().callback(None)
        if self._waiting:
            self._await()
