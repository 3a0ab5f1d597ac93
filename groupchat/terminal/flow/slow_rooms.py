"""Slow rooms: for how long the server takes nothing more from the person, counted down second by second."""

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState


class SlowRooms:
    """Notes in each view until when the person must wait.

    :param refresh: is called each second while they must, anywhere.
    """

    def __init__(self, clock: IReactorTime, state: ChatState, refresh: Callable[[], object]) -> None:
        self._clock = clock
        self._state = state
        self._refresh = refresh
        self._next: IDelayedCall | None = None
        """The next second of the count-down."""

    def refused(self, place: Place, seconds: float) -> None:
        """Count down the seconds until one may speak again in a slow room, and learn its pace."""
        view, now = self._state.views.find(place), self._clock.seconds()
        if view is not None:
            view.slow_until = now + seconds
            view.pace = view.slow_until - view.spoke_at if view.spoke_at else 0.0
            self._count_down()

    def spoke(self, place: Place) -> None:
        """Note that the person said something, after which a slow room takes nothing more for a while."""
        view, now = self._state.views.find(place), self._clock.seconds()
        if view is not None:
            view.spoke_at = now
            if view.pace:
                view.slow_until = now + view.pace
                self._count_down()

    def finish(self) -> None:
        """Count no more."""
        timer, self._next = self._next, None
        if timer is not None and timer.active():
            timer.cancel()

    def _count_down(self) -> None:
        self._refresh()
        self.finish()
        if any(view.slow_until > self._clock.seconds() for view in self._state.views):
            self._next = self._clock.callLater(1.0, self._count_down)
