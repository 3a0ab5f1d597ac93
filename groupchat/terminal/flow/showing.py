"""Events on their way to the screen: in their order, a moment at a time."""

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IPushProducer

from groupchat.client.protocol import Message

SLICE_S = 0.008
"""Seconds of showing events in one go; then keys have their turn."""

MANY, FEW = 2000, 500
"""Events that wait to be shown until no more are read, and until more are read again."""

QUIET_S = 1.0
"""Seconds without an event after which all there is has come."""


class Showing:
    """Holds a server back that sends faster than events can be shown.

    :param show: shows one event.
    :param shown: is called when some were shown.
    """

    def __init__(self, reactor: Any, show: Callable[[Message], object], shown: Callable[[], object]) -> None:
        self._reactor = reactor
        self._show = show
        self._shown = shown
        self._source: IPushProducer | None = None
        self._queue: deque[Message] = deque()
        self._timer: IDelayedCall | None = None
        self._paused = False
        self._heard_at = float("-inf")

    def use(self, source: IPushProducer) -> None:
        """Events come from here, which can be paused."""
        self._source = source

    def heard(self, event: Message) -> None:
        """Show this after those that wait."""
        self._queue.append(event)
        self.touch()
        if len(self._queue) > MANY and not self._paused and self._source is not None:
            self._paused = True
            self._source.pauseProducing()
        if self._timer is None:
            self._timer = self._reactor.callLater(0, self._show_some)

    def touch(self) -> None:
        """Something is to be expected from now on."""
        self._heard_at = self._reactor.seconds()

    @property
    def drained(self) -> bool:
        """Whether everything heard is shown."""
        return not self._queue

    @property
    def quiet(self) -> bool:
        """Whether everything is shown, and nothing more has come for a moment."""
        return self.drained and self._reactor.seconds() - self._heard_at >= QUIET_S

    def finish(self) -> None:
        """Show all that is left."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._queue:
            self._show(self._queue.popleft())

    def _show_some(self) -> None:
        """Show events for a moment, then let keys have their turn."""
        self._timer = None
        end = self._reactor.seconds() + SLICE_S
        while self._queue and self._reactor.seconds() < end:
            self._show(self._queue.popleft())
        if self._queue:
            self._timer = self._reactor.callLater(0, self._show_some)
        if self._paused and len(self._queue) < FEW and self._source is not None:
            self._paused = False
            self._source.resumeProducing()
        self._shown()
