"""Limits to how long something may take, by one timer for all of them.

Nearly everything is done long before its time.  A timer of its own would be made and cancelled for each request; here
the one timer goes on, looks what is over when it is due, and is set again for whatever ends next.
"""

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime


class TimeLimit:
    """A limit: when it ends, and what is called then.  ``is_over``: whether it has ended before it was lifted."""

    __slots__ = ("at", "end", "is_over")

    def __init__(self, at: float, end: Callable[[], object]) -> None:
        self.at = at
        self.end = end
        self.is_over = False


class TimeLimits:
    """The limits that hold now."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._limits: dict[TimeLimit, None] = {}
        self._timer: IDelayedCall | None = None

    def begin(self, seconds: float, end: Callable[[], object]) -> TimeLimit:
        """Call a function after some seconds, unless the limit is lifted before."""
        limit = TimeLimit(self._clock.seconds() + seconds, end)
        self._limits[limit] = None
        if self._timer is None or limit.at < self._timer.getTime():
            self._set()
        return limit

    def lift(self, limit: TimeLimit) -> None:
        """Let something take as long as it likes."""
        self._limits.pop(limit, None)

    def stop(self) -> None:
        """Lift all limits, and leave no timer behind."""
        self._limits.clear()
        self._set()

    # How

    def _set(self) -> None:
        """Set the timer for the limit that ends first; none is left when there is no limit."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._limits:
            first = min(limit.at for limit in self._limits)
            self._timer = self._clock.callLater(max(0.0, first - self._clock.seconds()), self._look)

    def _look(self) -> None:
        """End what is over; whatever is told then may begin and lift others."""
        self._timer = None
        now = self._clock.seconds()
        over = [limit for limit in self._limits if limit.at <= now]
        for limit in over:
            if self._limits.pop(limit, self) is None:
                limit.is_over = True
                limit.end()
        if self._timer is None:
            self._set()
