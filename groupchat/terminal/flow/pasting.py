"""Pasting of many lines: they are sent one by one, as fast as the server takes them."""

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from groupchat.client.core.client_errors import ClientError, Left
from groupchat.terminal.display.addressees import Place

PROMPT_S = 0.2
"""Seconds after which an answer counts as held back by the server: the lines came too fast."""

REST_S = 0.6
"""Seconds to wait then, so that the server sees a pause: nobody is cut off for flooding at 2 lines a second."""


class Paste:
    """Lines that wait to be sent; at most one of them is unanswered.

    :param say: posts a line to a place.
    :param failed: is called with a line that was refused, or whose answer is lost, its place, and why; the others are
        sent all the same.
    """

    def __init__(
        self, clock: IReactorTime, say: "Callable[[str, Place], Deferred[Any]]",
        failed: Callable[[str, Place, ClientError], object],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._say = say
        self._failed = failed
        self._lines: deque[tuple[str, Place]] = deque()
        self._busy = self._ended = False
        self.under_way = ""
        """The line that is not answered yet; empty: there is none."""

    def __len__(self) -> int:
        """Return how many lines are not sent yet."""
        return len(self._lines)

    def add(self, lines: list[str], place: Place) -> None:
        """Send these lines to this place, after those that wait."""
        self._lines.extend((line, place) for line in lines)
        if not self._busy:
            self._next()

    def stop(self) -> list[str]:
        """Send no more; return the lines that were not sent, without the one that is under way."""
        left = [line for line, _ in self._lines]
        self._lines.clear()
        return left

    def _next(self) -> None:
        if not self._lines or self._ended:
            self._busy = False
            return
        self._busy = True
        (line, place), begun = self._lines.popleft(), self._clock.seconds()
        self.under_way = line
        self._say(line, place).addErrback(self._refused, line, place).addCallback(self._answered, begun)

    def _refused(self, failure: Failure, line: str, place: Place) -> None:
        if failure.check(Left):
            self._ended = True
            return
        if not isinstance(failure.value, ClientError):
            failure.raiseException()
        self._failed(line, place, failure.value)

    def _answered(self, _: object, begun: float) -> None:
        if self._ended:
            return
        self.under_way = ""
        took = self._clock.seconds() - begun
        self._clock.callLater(REST_S if took > PROMPT_S else 0, self._next)
