"""The steps of a stop: each is tried, whatever became of those before it, and all together take a limited time."""

from collections.abc import Callable, Generator
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, TimeoutError, inlineCallbacks, maybeDeferred
from twisted.logger import Logger

CLOSING_S = 1.5
"""Seconds of the time for a stop that are kept for closing the journal, and the least it is waited for."""


class Steps:
    """The steps of one stop.

    A stop that waits for ever is worse than any step that is left out: sooner or later the process is killed.

    :param seconds: the time for all steps together.
    """

    log = Logger()

    def __init__(self, clock: Any, seconds: float) -> None:
        self._clock = clock
        begun = clock.seconds()
        self.readers_end = begun + max(seconds - CLOSING_S, 0.0)
        """Until when the peers are waited for, on the clock."""
        self._end = begun + seconds

    @inlineCallbacks
    def take(self, what: str, step: "Callable[[], Deferred[Any] | None]") -> Generator["Deferred[Any]", Any, bool]:
        """Take one step; return whether it was done.  It never fails: what goes wrong is logged.

        :param what: the step as the log names it, such as "closing the ports".
        """
        patience = max(self._end - self._clock.seconds(), CLOSING_S)
        try:
            yield maybeDeferred(step).addTimeout(patience, self._clock)
        except (TimeoutError, CancelledError):
            self.log.error("Stopping: {what} takes too long, and is not waited for", what=what)
        except Exception:
            self.log.failure("Stopping: {what} failed, and the stop goes on", what=what)
        else:
            return True
        return False
