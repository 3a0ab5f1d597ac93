"""One thread that waits for descriptors, for time, and for calls of other threads."""

import heapq
import os
import select
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from math import ceil

READ, WRITE = select.POLLIN | select.POLLPRI, select.POLLOUT


class Watch:
    """A descriptor that is watched, and the function that is called when something happens there."""

    __slots__ = ("_call", "_descriptor", "_loop")

    def __init__(self, loop: "Loop", descriptor: int, call: Callable[[int], object]) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._call = call

    def want(self, events: int) -> None:
        """Wait for these events, and for errors; with 0 for errors and hang-ups only."""
        self._loop.watched[self._descriptor] = self._call
        self._loop.poll.register(self._descriptor, events)

    def stop(self) -> None:
        """Wait for nothing any more; to be called before the descriptor is closed."""
        if self._loop.watched.pop(self._descriptor, None) is not None:
            self._loop.poll.unregister(self._descriptor)


class Call:
    """A call in the future."""

    __slots__ = ("_loop", "arguments", "call", "number", "when")

    def __init__(self, when: float, number: int, call: Callable[..., object], arguments: tuple[object, ...]) -> None:
        self.when = when
        self.number = number
        self.call: Callable[..., object] | None = call
        self.arguments = arguments

    def __lt__(self, other: "Call") -> bool:
        return (self.when, self.number) < (other.when, other.number)

    def cancel(self) -> None:
        """Do not call."""
        self.call = None
        self.arguments = ()


class Loop:
    """The loop; it is the core's clock, too.

    Regular files and /dev/null can be watched as well: poll says that they are always ready, where epoll refuses them.
    """

    def __init__(self) -> None:
        self.poll = select.poll()
        self.watched: dict[int, Callable[[int], object]] = {}
        self._timers: list[Call] = []
        self._calls: deque[tuple[Callable[..., object], tuple[object, ...]]] = deque()
        self._number = 0
        self._is_stopped = self._is_closed = False
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.watch(self._wake_read, self._woken).want(READ)

    def seconds(self) -> float:
        """Return the seconds since some moment."""
        return time.monotonic()

    def call_later(self, delay: float, call: Callable[..., object], *arguments: object) -> Call:
        """Call this in so many seconds."""
        self._number += 1
        later = Call(self.seconds() + delay, self._number, call, arguments)
        heapq.heappush(self._timers, later)
        return later

    def call_soon(self, call: Callable[..., object], *arguments: object) -> None:
        """Call this when what happens now is over; the only function that other threads and signals may use."""
        if self._is_closed:
            return  # by a thread that has finished too late
        self._calls.append((call, arguments))
        with suppress(BlockingIOError):  # it wakes up already
            os.write(self._wake_write, b"\0")

    def watch(self, descriptor: int, call: Callable[[int], object]) -> Watch:
        """Return a wish about a descriptor: what happens is told in poll's words, once there is something wanted."""
        return Watch(self, descriptor, call)

    def run(self) -> None:
        """Run until ``stop``; an exception of a call ends it, too."""
        while not self._is_stopped:
            for descriptor, event in self.poll.poll(self._patience()):
                call = self.watched.get(descriptor)
                if call is not None:  # otherwise a call before this one has ended it
                    call(event)
            while self._timers and self._timers[0].when <= self.seconds():
                timer = heapq.heappop(self._timers)
                if timer.call is not None:
                    timer.call(*timer.arguments)
            for _ in range(len(self._calls)):
                call_now, arguments = self._calls.popleft()
                call_now(*arguments)

    def stop(self) -> None:
        """End ``run`` when what happens now is over."""
        self._is_stopped = True

    def close(self) -> None:
        """Close the loop's own descriptors, for good."""
        self._is_closed = True
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _patience(self) -> int | None:
        """Return the milliseconds until the next call; None: there is none."""
        while self._timers and self._timers[0].call is None:
            heapq.heappop(self._timers)
        if self._calls or self._is_stopped:
            return 0
        if not self._timers:
            return None
        return max(0, ceil(1000 * (self._timers[0].when - self.seconds())))

    def _woken(self, event: int) -> None:
        with suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
