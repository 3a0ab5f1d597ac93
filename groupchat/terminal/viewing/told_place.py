"""Where the server lets lines go that name no place: it is told when the person stays somewhere for a moment.

Every line names its room or person anyway, and a walk through ten rooms must not use up what one may send.
"""

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from groupchat.client.client import Client
from groupchat.client.core.client_errors import ClientError, Refused
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState

TELL_S = 1.0
"""Seconds in one view after which the server is told that lines go there."""


class ToldPlace:
    """Tells the server where the person is, for the next connection, and for older servers.

    :param gone: is called with a nickname if the private conversation that the person is in cannot be.
    """

    def __init__(self, clock: IReactorTime, client: Client, state: ChatState, gone: Callable[[str], object]) -> None:
        self._clock = clock
        self._client = client
        self._state = state
        self._gone = gone
        self._told: Place | None = None
        """The place that the server knows lines to go to; None: that is not certain."""
        self._timer: IDelayedCall | None = None

    def joined(self, place: Place) -> None:
        """Note where lines go on a new connection, and go on with a private conversation."""
        self._told = place
        if self._state.query:
            self._ask_for_conversation(self._state.query)
        elif self._state.place != place:
            self.tell_soon()

    def heard(self, place: Place) -> None:
        """Note where the server lets lines go now."""
        self._told = place

    def tell_soon(self) -> None:
        """Tell the server where lines go, unless the person goes on or it knows that by then."""
        self.finish()
        delay = TELL_S if self._is_fetching or "type-room" in self._client.features else 0.0
        self._timer = self._clock.callLater(delay, self._tell)

    def finish(self) -> None:
        """Tell the server nothing more."""
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    @property
    def _is_fetching(self) -> bool:
        view = self._state.views.current
        return view is not None and view.gap is not None

    def _tell(self) -> None:
        self._timer = None
        place = self._state.place
        if not place or place == self._told or self._state.connection != "connected":
            return  # `joined` does it on the next connection
        if place.nick and self._is_fetching:
            self.tell_soon()  # somebody who has left may have written what is being fetched
            return
        if place.nick:
            self._ask_for_conversation(place.nick)
            return
        self._told = place
        asked = self._client.request("switch", room=place.room)
        asked.addErrback(lambda failure: failure.trap(ClientError) and None)

    def _ask_for_conversation(self, nick: str) -> None:
        """Ask for the private conversation; if that cannot be, lines go to the room, but not the next one."""

        def refused(failure: Failure) -> None:
            failure.trap(ClientError)
            error = failure.value
            if isinstance(error, Refused) and error.code == "no-such-nick" and self._state.query == nick:
                self._gone(nick)

        self._told = Place(nick=nick)
        self._client.request("query", nick=nick).addErrback(refused)
