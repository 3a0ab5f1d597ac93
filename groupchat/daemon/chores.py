"""Work that comes again and again, by the clock."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

log = Logger()


class Chore:
    """One such work.  That it fails is logged, and ends nothing: it is done again when its time has come.

    :param period_s: seconds from one time to the next.
    :param work: what is done; when it gives a Deferred, the next time waits for that.
    :param failed: what the log says when it went wrong.
    """

    def __init__(self, clock: Any, period_s: float, work: "Callable[[], Deferred[Any] | None]", failed: str) -> None:
        self._period_s = period_s
        self._work = work
        self._failed = failed
        self._stopped = False
        self._looping = LoopingCall(self.do)
        self._looping.clock = clock

    def start(self, now: bool = False) -> None:
        """Do it from now on, for the first time after a period or ``now``."""
        self._looping.start(self._period_s, now=now)

    def stop(self) -> None:
        """Do it no more; what is under way may then fail as it likes."""
        self._stopped = True
        if self._looping.running:
            self._looping.stop()

    def do(self) -> "Deferred[Any]":
        """Do it once; does not fail."""
        return maybeDeferred(self._work).addErrback(self._excuse)

    def _excuse(self, failure: Failure) -> None:
        if not self._stopped:
            log.failure(self._failed, failure=failure)
