"""Pace: lines are sent in order as fast as the server takes them, and again where it says after how long.

Rules:

1. The first lines are sent one by one: the second one that is taken shows that the room is not slow.
   So no line overtakes one that is refused for a while.
2. An answer that comes late is one that the server held back: then fewer are sent ahead, after a pause that the server
   sees. Whoever never pauses is cut off at last.
3. A line that is refused with a time to wait is sent again, unless that is longer than the program's patience.
"""

import heapq
from collections.abc import Callable
from math import isfinite

from groupchat.client.core.network import Clock, Timer

PROMPT_S = 0.2
"""Seconds by which an answer may be later than usual, and is not yet held back."""

REST_S = 0.6
"""Seconds to pause then."""

SHORTEST_WAIT_S = 0.5
"""The least seconds after which a refused line is sent again, so that no server makes the program send all the time."""

PATIENCE_S = 60.0
"""The most seconds that one line waits because the server says so."""

SURE = 2
"""Lines that were taken before more than one is sent ahead."""


class Pace:
    """Lines that wait to be sent, and those that are not answered yet.

    :param send: is called with the number of a line and its words; then ``answered`` or ``refused`` has to be called.
    :param told: is called with the reason and the seconds when the program waits because the server says so.
    :param ahead: the most lines that are sent ahead of the server's answers.
    """

    def __init__(
        self, clock: Clock, send: Callable[[int, str], object], told: Callable[[str, float], object], ahead: int
    ) -> None:
        self._clock = clock
        self._send = send
        self._told = told
        self._most = ahead
        self._window = 1.0
        self._taken = 0
        self._is_slow = False
        """True after an answer that was held back: the window grows by one line at a time then."""
        self._waiting: list[tuple[int, str]] = []
        self._sent: dict[int, tuple[str, float]] = {}
        self._refused_at: dict[int, float] = {}
        """When a line that waits was refused first."""
        self._fastest = float("inf")
        self._rests = False
        self._until = 0.0
        self._timer: Timer | None = None

    def __len__(self) -> int:
        """Return how many lines are not answered, or not sent, yet."""
        return len(self._waiting) + len(self._sent)

    def add(self, number: int, words: str) -> None:
        """Send a line when it is its turn; those with lower numbers go first."""
        heapq.heappush(self._waiting, (number, words))
        self._go_on()

    def answered(self, number: int) -> None:
        """Note that a line was taken, or that its answer is lost."""
        _, at = self._sent.pop(number)
        self._refused_at.pop(number, None)
        took = self._clock.seconds() - at
        self._taken += 1
        if took > PROMPT_S + 2 * self._fastest:
            self._rests = self._is_slow = True
        elif self._taken >= SURE and not self._rests:
            self._window = min(self._most, self._window + (1 / self._window if self._is_slow else 1))
        self._fastest = min(self._fastest, took)
        self._go_on()

    def refused(self, number: int, reason: str, wait: float) -> bool:
        """Note that a line was refused; return whether it is sent again.

        :param wait: the seconds after which it may be sent again; 0, or nonsense: it may not.
        """
        words, _ = self._sent.pop(number)
        now = self._clock.seconds()
        first = self._refused_at.setdefault(number, now)
        is_allowed = isfinite(wait) and wait > 0
        wait = max(wait, SHORTEST_WAIT_S)
        if not is_allowed or now + wait > first + PATIENCE_S:
            del self._refused_at[number]
            self._go_on()
            return False
        heapq.heappush(self._waiting, (number, words))
        self._window, self._most = 1.0, 1
        if now + wait > self._until:
            if now >= self._until:
                self._told(reason, wait)
            self._until = now + wait
        self._go_on()
        return True

    def stop(self) -> list[int]:
        """Send nothing more; return the numbers of the lines that were not sent, or were refused for a while."""
        unsent = sorted(number for number, _ in self._waiting)
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return unsent

    def _go_on(self) -> None:
        now = self._clock.seconds()
        if self._timer is not None:
            return
        if self._rests and not self._sent:
            self._rests, self._window = False, max(1.0, self._window / 2)
            self._until = max(self._until, now + REST_S)
        if self._waiting and now < self._until and not self._sent:
            self._timer = self._clock.call_later(self._until - now, self._rested)
            return
        while self._waiting and len(self._sent) < int(self._window) and not self._rests and now >= self._until:
            number, words = heapq.heappop(self._waiting)
            self._sent[number] = words, now
            self._send(number, words)

    def _rested(self) -> None:
        self._timer = None
        self._go_on()
