"""A thread that does one job after another, and hands the results to the reactor."""

import atexit
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeAlias, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger
from twisted.python.failure import Failure

P = ParamSpec("P")
T = TypeVar("T")

_Job: TypeAlias = tuple[Deferred[Any] | None, Callable[[], Any] | None, Callable[[], object] | None]
"""What gets the result, the function that gives it, and what is done then; any of them may be missing."""

GRACE = 0.005
"""Seconds without work after which a worker is idle, unless it is told otherwise."""

AT_EXIT = 2.0
"""Seconds that the interpreter, when it exits, waits for a worker that nobody has ended."""


class Worker:
    """One thread with a queue; cheaper than a thread pool, which wakes and locks more often.

    :param idle: called in the thread when no job waits; returns the seconds until it wants to be called again,
        or None when there is nothing to do until the next job.
    :param grace: called in the thread after each job; returns the seconds without work after which it is idle.
    """

    log = Logger()

    def __init__(
        self,
        reactor: IReactorFromThreads,
        name: str,
        idle: Callable[[], float | None] = lambda: None,
        grace: Callable[[], float] = lambda: GRACE,
    ) -> None:
        self._reactor = reactor
        self._idle = idle
        self._grace = grace
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        # A thread that is still at work while the interpreter takes itself apart is stopped wherever it is, also
        # where it holds a lock of SQLite that the closing of its connection would then wait for.
        atexit.register(self._exit)

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Deferred[T]":
        """Call a function in the thread, after all earlier jobs."""
        return self.call_and_go_on(lambda: function(*args, **kwargs), None)

    def call_and_go_on(self, function: Callable[[], T], then: Callable[[], object] | None) -> "Deferred[T]":
        """Call a function in the thread, and another one as soon as the result is handed over.

        The thread is woken once for both; an error of the second is only logged.
        """
        deferred: Deferred[T] = Deferred()
        self._queue.put((deferred, function, then))
        return deferred

    def tell(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call a function in the thread, without waking the reactor for a result; an error is only logged."""
        self._queue.put((None, None, lambda: function(*args, **kwargs)))

    def join(self) -> None:
        """End the thread after all earlier jobs, and wait for its end."""
        atexit.unregister(self._exit)
        self._queue.put(None)
        self._thread.join()

    def _exit(self) -> None:
        self._queue.put(None)
        self._thread.join(AT_EXIT)

    def _run(self) -> None:
        pause: float | None = self._grace()
        while True:
            try:
                job = self._queue.get(timeout=pause)
            except Empty:
                pause = self._idle()
                continue
            if job is None:
                return
            deferred, function, then = job
            if deferred is not None and function is not None:
                try:
                    result: Any = function()
                except BaseException:
                    result = Failure()
                self._reactor.callFromThread(deferred.callback, result)
                # Otherwise it would live until the next job.
                del result
            if then is not None:
                try:
                    then()
                except BaseException:
                    self.log.failure("{name} failed.", name=self._thread.name)
            del job, deferred, function, then
            pause = self._grace()
