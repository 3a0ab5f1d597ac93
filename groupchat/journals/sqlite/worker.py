"""A thread that does one thing after another and hands the results back to the reactor."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger
from twisted.python.failure import Failure

P = ParamSpec("P")
T = TypeVar("T")

GRACE = 0.005
"""Seconds without work after which a worker is idle: the reactor's next request mostly comes sooner."""


class Worker:
    """One thread with a queue; cheaper than a thread pool, which wakes and locks more.

    :param idle: called in the thread when nothing waits; gives the seconds until it wants to be called again,
        or None when there is nothing more to do until the next request.
    """

    log = Logger()

    def __init__(
        self, reactor: IReactorFromThreads, name: str, idle: Callable[[], float | None] = lambda: None
    ) -> None:
        self._reactor = reactor
        self._idle = idle
        self._queue: SimpleQueue[tuple[Deferred[Any] | None, Callable[[], Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name)
        self._thread.start()

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Deferred[T]":
        """Call a function in the thread, after everything asked before."""
        deferred: Deferred[T] = Deferred()
        self._queue.put((deferred, lambda: function(*args, **kwargs)))
        return deferred

    def tell(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Have a function called that never raises, without waking the reactor for its answer."""
        self._queue.put((None, lambda: function(*args, **kwargs)))

    def join(self) -> None:
        """End the thread, and wait for that; what was asked before is done first."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        pause: float | None = GRACE
        while True:
            try:
                job = self._queue.get(timeout=pause)
            except Empty:
                pause = self._idle()
                continue
            if job is None:
                return
            deferred, function = job
            try:
                result: Any = function()
            except BaseException:
                result = Failure()
            if deferred is not None:
                self._reactor.callFromThread(deferred.callback, result)
            elif isinstance(result, Failure):
                self.log.failure("{name} failed.", result, name=self._thread.name)
            # Else the last answer would live until the next request.
            del job, deferred, function, result
            pause = GRACE
