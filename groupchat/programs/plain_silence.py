"""A server that the plain client waits for: its silence is told, and does not last for ever."""

from collections.abc import Callable

from groupchat.client.core.network import Clock
from groupchat.client.core.protocol import JsonLines
from groupchat.client.core.pulse import Pulse
from groupchat.stdio.silence import ANSWERS, no_answer

PATIENCE_S = 60.0
"""Seconds of silence after which a connection is given up, as by the other programs that nobody need sit at."""


class Silence:
    """Asks a quiet server for a sign of life, and tells when there is none.

    :param waiting: returns how many lines wait for an answer.
    :param tell: is called with a sentence, once for each silence, and once when it ends.
    :param give_up: is called after so many seconds, PATIENCE_S or a little more.
    """

    def __init__(
        self, clock: Clock, waiting: Callable[[], int], tell: Callable[[str], object],
        give_up: Callable[[float], object],
    ) -> None:  # fmt: skip
        self._pulse = Pulse(clock, self._silent)
        self._waiting = waiting
        self._tell = tell
        self._give_up = give_up
        self._is_told = False

    def watch(self, wire: JsonLines) -> None:
        """Expect answers on this connection from now on."""
        self.stop()
        self._pulse.watch(wire)

    def stop(self) -> None:
        """Expect nothing any more, while a person is asked or when the connection is over."""
        self._is_told = False
        self._pulse.stop()

    def _silent(self, seconds: float) -> None:
        if seconds >= PATIENCE_S:
            self._give_up(seconds)
        elif seconds and not self._is_told:
            self._is_told = True
            self._tell(no_answer(seconds, self._waiting()))
        elif not seconds and self._is_told:
            self._is_told = False
            self._tell(ANSWERS)
