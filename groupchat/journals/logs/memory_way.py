"""A node's way to the servers of a shared log in memory, and the faults that can be on it."""

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.interfaces.shared_log import Closed, IWatch
from groupchat.journals.logs.memory_servers import Full, SharedLog, cancel

ATTEMPT_S = 1.0
"""Seconds after which a request that was not answered is repeated."""

T = TypeVar("T")


class Way:
    """A node's way to the servers.

    Faults: ``delay`` is the seconds that each request, answer and delivery takes; ``cut`` keeps everything from
    passing; ``lose_answers`` is how many of the next requests are carried out, but their answers lost.
    ``move`` is what happens when the servers are set up anew.  While ``is_beginning`` nothing is delivered.
    """

    def __init__(self, shared: SharedLog, delay: float = 0.0) -> None:
        self.shared = shared
        self.clock = shared.clock
        self.delay = delay
        self.lose_answers = 0
        self.is_beginning = False
        self.is_closed = False
        self.watches: list[Delivery] = []
        self._cut = False
        self._under_way: set[Request] = set()

    @property
    def cut(self) -> bool:
        """Whether nothing passes between this node and the servers."""
        return self._cut

    @cut.setter
    def cut(self, cut: bool) -> None:
        self._cut = cut
        self.look()

    def move(self, shared: SharedLog) -> None:
        """Find another log where the one of before was."""
        for watch in self.watches:
            self.shared.listeners.remove(watch.schedule)
        self.shared = shared
        shared.listeners.extend(watch.schedule for watch in self.watches)
        self.look()

    @property
    def is_reachable(self) -> bool:
        """Whether anything passes."""
        return not self.cut and self.shared.has_quorum

    def look(self) -> None:
        """Look soon whether there is anything to deliver."""
        for watch in tuple(self.watches):
            watch.schedule()

    def ask(self, do: Callable[[], T], wait: float = 0.0) -> "Deferred[T]":
        """Have something done at the servers, and fire with what that returns.  Fails with Closed after ``end``."""
        if self.is_closed:
            return fail(Closed())
        answer: Deferred[T] = Deferred()
        Request(self, do, answer, wait + self.delay)
        return answer

    def end(self) -> None:
        """Deliver nothing more, and let whatever is under way fail with Closed."""
        self.is_closed = True
        for watch in tuple(self.watches):
            watch.stop()
        for request in tuple(self._under_way):
            request.close()

    def joined(self, watch: "Delivery") -> None:
        """Deliver to this watch."""
        self.watches.append(watch)
        self.shared.listeners.append(watch.schedule)

    def left(self, watch: "Delivery") -> None:
        """Deliver nothing more to this watch."""
        self.watches.remove(watch)
        self.shared.listeners.remove(watch.schedule)

    def started(self, request: "Request") -> None:
        """Remember a request, to end it with the log."""
        self._under_way.add(request)

    def finished(self, request: "Request") -> None:
        """Forget a request."""
        self._under_way.discard(request)


class Request:
    """A request, repeated until it is answered."""

    def __init__(self, way: Way, do: Callable[[], T], answer: "Deferred[T]", wait: float) -> None:
        self._way = way
        self._do: Callable[[], Any] = do
        self._answer: Deferred[Any] = answer
        self._call = way.clock.callLater(wait, self._arrive)
        way.started(self)

    def close(self) -> None:
        """Fail, as the log is closed."""
        self._call.cancel()
        self._settle(Failure(Closed()))

    def _arrive(self) -> None:
        way = self._way
        if not way.is_reachable:
            self._again()
            return
        try:
            result = self._do()
        except Full:
            self._again()
            return
        except Exception:
            result = Failure()
        if way.lose_answers:
            way.lose_answers -= 1
            self._again()
        else:
            self._call = way.clock.callLater(way.delay, self._return, result)

    def _return(self, result: Any) -> None:
        if self._way.is_reachable:
            self._settle(result)
        else:
            self._again()

    def _again(self) -> None:
        self._call = self._way.clock.callLater(ATTEMPT_S, self._arrive)

    def _settle(self, result: Any) -> None:
        self._way.finished(self)
        self._answer.callback(result)


@implementer(IWatch)
class Delivery:
    """Deliver something as soon as it is there, unless this is paused."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self._call: IDelayedCall | None = None
        self._paused = self._stopped = False
        way.joined(self)
        self.schedule()

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        self.schedule()

    def stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self.way.left(self)
            cancel(self._call)

    def schedule(self) -> None:
        """Look soon whether there is anything to deliver."""
        if not self._stopped and (self._call is None or not self._call.active()):
            self._call = self.way.clock.callLater(self.way.delay, self.look)

    def look(self) -> None:
        """Deliver what is there, if that can be."""
        if not self._paused and not self.way.cut and not self.way.is_beginning:
            self.deliver()

    def deliver(self) -> None:
        """Deliver what is there."""
        raise NotImplementedError
