"""Showing of events: in their order, a few milliseconds' worth at a time; one that cannot be shown is left out."""

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IPushProducer

from groupchat.client.core.protocol import Message

SLICE_S = 0.008
"""Seconds of showing events at a time; then the keys have their turn."""

MANY, FEW = 2000, 500
"""Waiting events from which on no more are read, and below which more are read again."""

QUIET_S = 1.0
"""Seconds without an event after which everything has come."""


class Showing:
    """A queue of events, which pauses a server that sends them faster than they can be shown.

    :param show: shows one event.
    :param shown: is called after some were shown.
    :param source: sends the events, and can be paused.
    :param broken: is called with an event that cannot be shown, and why; it must not raise.
    """

    def __init__(
        self,
        reactor: Any,
        source: IPushProducer,
        show: Callable[[Message], object],
        shown: Callable[[], object],
        broken: Callable[[Message, Exception], object],
    ) -> None:
        self._reactor = reactor
        self._source = source
        self._show = show
        self._shown = shown
        self._broken = broken
        self._queue: deque[Message] = deque()
        self._timer: IDelayedCall | None = None
        self._paused = False
        self._heard_at = float("-inf")

    def add(self, event: Message) -> None:
        """Show an event after those that wait."""
        self._queue.append(event)
        self.expect()
        if len(self._queue) > MANY and not self._paused:
            self._paused = True
            self._source.pauseProducing()
        if self._timer is None:
            self._timer = self._reactor.callLater(0, self._show_some)

    def expect(self) -> None:
        """Count as not quiet from now on: more is about to come."""
        self._heard_at = self._reactor.seconds()

    @property
    def drained(self) -> bool:
        """Return whether every event so far is shown."""
        return not self._queue

    @property
    def quiet(self) -> bool:
        """Return whether every event is shown, and none has come for a second."""
        return self.drained and self._reactor.seconds() - self._heard_at >= QUIET_S

    def finish(self) -> None:
        """Show everything that is left."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._queue:
            self._show_next()

    def _show_next(self) -> None:
        event = self._queue.popleft()
        try:
            self._show(event)
        except Exception as error:
            self._broken(event, error)

    def _show_some(self) -> None:
        self._timer = None
        end = self._reactor.seconds() + SLICE_S
        while self._queue and self._reactor.seconds() < end:
            self._show_next()
        if self._queue:
            self._timer = self._reactor.callLater(0, self._show_some)
        if self._paused and len(self._queue) < FEW:
            self._paused = False
            self._source.resumeProducing()
        self._shown()
