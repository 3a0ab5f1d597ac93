"""Events that a program has not read yet, within bounds."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from groupchat.client.core.resumption import Since

T = TypeVar("T")

FULL = 1000
"""How many events may wait for the program before reading pauses."""

OVERFULL = 10 * FULL
"""How many events may wait before further ones are left out, to be read again from the server.

More than FULL can come while the program waits for an answer: nothing could be read of that otherwise.
"""


class EventQueue(Generic[T]):
    """Events between the core, which has them all, and a program that takes them one by one.

    :param flow: is called with whether reading should pause, whenever that changes.
    :param read_again: is called with a number after which everything is to be read again from the server.
    """

    def __init__(
        self,
        flow: Callable[[bool], object],
        read_again: Callable[[int], object],
        full: int = FULL,
        overfull: int = OVERFULL,
    ) -> None:
        self._flow = flow
        self._read_again = read_again
        self._full = full
        self._overfull = overfull
        self._events: deque[T] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._left_out: int | None = None
        """The number after which everything is to be read again; None: nothing was left out."""
        self._needed = 0
        self._is_paused = False
        self.is_ended = False

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: T, since: Since) -> None:
        """Take an event in, unless there are too many: then everything from here on is read again later.

        :param since: the number of the last post before this event.
        """
        if self.is_ended or self._left_out is not None:
            return
        if len(self._events) >= self._overfull and type(since) is int:
            self._left_out = since
            return
        self._events.append(event)
        self._wake()
        self._steer()

    async def get(self) -> T | None:
        """Return the next event, when there is one; None at the end."""
        if self._waiter is not None:
            raise RuntimeError("another task is reading events; only one can")
        while not self._events:
            if self.is_ended:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        event = self._events.popleft()
        if self._left_out is not None and not self._events:
            since, self._left_out = self._left_out, None
            self._read_again(since)
        self._steer()
        return event

    def needed(self, change: int) -> None:
        """Count the answers that the program waits for: while there are any, reading goes on."""
        self._needed += change
        self._steer()

    def end(self, *, clear: bool = False) -> None:
        """Expect no more events; those that are there can be taken, unless they are cleared."""
        self.is_ended = True
        if clear:
            self._events.clear()
        self._wake()

    def _steer(self) -> None:
        """Pause reading when there are too many events, until half of them are taken."""
        enough = self._full // 2 if self._is_paused else self._full
        should_pause = len(self._events) >= enough and not self._needed and not self.is_ended
        if should_pause != self._is_paused:
            self._is_paused = should_pause
            self._flow(should_pause)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
