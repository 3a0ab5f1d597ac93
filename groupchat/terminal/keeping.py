"""How far the person has read is noted, so that the next run begins there."""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from groupchat.client.client import Client
from groupchat.terminal.display.display import Display
from groupchat.terminal.memory import Memory, Seat
from groupchat.terminal.surfaces.surface import Surface

KEEP_S = 10.0
"""Seconds between two notes."""


class Keeping:
    """Keeps the seat of whoever is in."""

    def __init__(self, memory: Memory, surface: Surface, display: Display) -> None:
        self._memory = memory
        self._surface = surface
        self._display = display
        self._timer: IDelayedCall | None = None
        self._wanted = False

    def seat(self) -> Seat | None:
        """The one that was kept last."""
        return self._memory.seat() if self._memory.hold() else None

    def seat_of(self, nick: str) -> Seat | None:
        """The same, if it is of this nickname."""
        seat = self.seat()
        return seat if seat is not None and seat.nick.casefold() == nick.casefold() else None

    def begin(self, reactor: Any, client: Client, drained: Callable[[], bool]) -> None:
        """The client is in; ``drained``: whether all that it heard is shown."""
        self._wanted = True
        self._stop_timer()
        self._keep_on(reactor, client, drained)

    def end(self, client: Client) -> None:
        """The person is going; everything was shown."""
        self._stop_timer()
        self._keep(client)
        self._wanted = False

    def forget(self) -> None:
        """Keep nothing of who is in, nor of who was."""
        self._stop_timer()
        self._wanted = False
        self._memory.forget()

    def release(self) -> None:
        """Let another client on this computer have the seat."""
        self._memory.release()

    def _keep_on(self, reactor: Any, client: Client, drained: Callable[[], bool]) -> None:
        if drained():
            self._keep(client)
        self._timer = reactor.callLater(KEEP_S, self._keep_on, reactor, client, drained)

    def _keep(self, client: Client) -> None:
        if client.token is None or not self._wanted:
            return
        since = client.since if type(client.since) is int else client.head
        try:
            self._memory.keep(Seat(client.nick, client.token, since))
        except OSError as error:
            self._surface.write(self._display.remark(f"How far you have read cannot be kept: {error}"))
            self._memory.release()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
