"""How far the person has read, told to the server, so that their other devices know."""

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from groupchat.client.client import Client
from groupchat.client.core.client_errors import ClientError, Unanswered
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.views import View

TELL_S = 3.0
"""Seconds in which marks gather: a request counts against what one may send."""


class Marks:
    """Tells the server of views that were read, some seconds later and once for each."""

    def __init__(self, clock: IReactorTime, client: Client, state: ChatState) -> None:
        self._clock = clock
        self._client = client
        self._state = state
        self._told = {view: view.read for view in state.views}
        """The number up to which the server was told that a view was read."""
        self._timer: IDelayedCall | None = None
        self._all = 0
        """The number up to which everything was read, also what was never shown here; 0: the server was told."""

    def read(self, view: View) -> None:
        """Note that the person has read everything that there is in a view."""
        view.mark_read()
        if self._timer is None and self._is_news(view):
            self._timer = self._clock.callLater(TELL_S, self.tell)

    def read_all(self) -> None:
        """Note that the person has read everything everywhere, but nothing that comes later."""
        for view in self._state.views:
            view.mark_read()
        self._all = max((view.read for view in self._state.views), default=0)
        self.tell()

    def joined(self) -> None:
        """Tell the server, on another connection, what it does not know."""
        self.tell()

    def tell(self) -> None:
        """Tell the server now, if there is a connection; otherwise on the next one."""
        self._stop_timer()
        if "read" not in self._client.features or self._state.connection != "connected":
            return
        upto, self._all = self._all, 0
        news = [view for view in self._state.views if self._is_news(view) and view.read > upto]
        self._told = {view: view.read for view in self._state.views}
        if upto:
            self._client.request("read", all=True, id=upto).addErrback(self._lost_all, upto)
        for view in news:
            where = {"nick": view.place.nick} if view.place.nick else {"room": view.place.room}
            self._client.request("read", id=view.read, **where).addErrback(self._lost, view)

    def finish(self) -> None:
        """Stop: tell the server nothing more."""
        self._stop_timer()

    def _is_news(self, view: View) -> bool:
        is_lost = view.is_over and view.place.room  # what was left of a private conversation can be read
        return view.read > self._told.get(view, 0) and not is_lost

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def _lost(self, failure: Failure, view: View) -> None:
        """Tell it again on the next connection; what the server refuses is of no consequence."""
        failure.trap(ClientError)
        if failure.check(Unanswered):
            self._told.pop(view, None)

    def _lost_all(self, failure: Failure, upto: int) -> None:
        failure.trap(ClientError)
        if failure.check(Unanswered):
            self._all = max(self._all, upto)
