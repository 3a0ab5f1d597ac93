"""Posts that waited until the person came: those that are held, and those that are fetched from the history."""

from collections.abc import Callable

from twisted.python.failure import Failure

from groupchat.client.client import Client
from groupchat.client.core.client_errors import ClientError, Refused
from groupchat.client.core.protocol import Message
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.display import Display
from groupchat.terminal.display.views import Gap, View, number_of
from groupchat.terminal.surfaces.surface import Surface

PAGE = 100
"""Posts that are fetched at a time: the more, the longer the person's next line waits at the server."""


class WaitingPosts:
    """Shows what waits in one view at a time, in the order of the numbers.

    :param write: shows an event.
    """

    def __init__(
        self, client: Client, surface: Surface, display: Display, state: ChatState, write: Callable[[Message], object]
    ) -> None:
        self._client = client
        self._surface = surface
        self._display = display
        self._state = state
        self._write = write
        self._view: View | None = None
        """The view of which a page of history is asked for."""

    def show(self, view: View) -> None:
        """Show what waits in a view: at once what is held, unless something before it must be fetched."""
        self._view, gap = None, view.gap
        if gap is None:
            self._flush(view)
            return
        self._view = view
        if self._state.connection != "connected":
            return  # `joined` goes on
        where = {"nick": view.place.nick} if view.place.nick else {"room": view.place.room}
        asked = self._client.request("history", since=gap.after, count=PAGE, **where)
        asked.addCallbacks(self._fetched, self._not_fetched, (view, gap.after), {}, (view, gap.after))

    def show_rest(self, view: View) -> None:
        """Show what is held of a view that the person has lost; nothing more of it can be fetched."""
        gap, view.gap = view.gap, None
        if gap is not None:
            self._remark(f"What was said before #{gap.before} cannot be fetched any more.")
        self._flush(view)

    def stop(self) -> None:
        """Fetch no more: the person has gone elsewhere.  What was not shown waits."""
        self._view = None

    def joined(self) -> None:
        """Go on, on another connection."""
        if self._view is not None:
            self.show(self._view)

    def _flush(self, view: View) -> None:
        held = [*view.held]
        view.held.clear()
        view.ahead.clear()
        for post in held:
            self._write(post)

    def _fetched(self, page: Message, view: View, after: int) -> None:
        gap = view.gap
        if view is not self._view or gap is None or gap.after != after:
            return  # the person has gone on meanwhile
        items, following = page.get("items"), page.get("next")
        posts = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        for post in posts:
            if after < number_of(post) < gap.before and number_of(post) not in view.ahead:
                self._write(post)
        view.gap = None
        if type(following) is int and after < following < gap.before - 1:
            view.gap = Gap(following, gap.before)
        self.show(view)
        self._surface.refresh()

    def _not_fetched(self, failure: Failure, view: View, after: int) -> None:
        failure.trap(ClientError)
        gap, error = view.gap, failure.value
        if view is not self._view or gap is None or gap.after != after or not isinstance(error, Refused):
            return
        if error.code == "no-such-nick":
            self._remark(f"What {view.place.nick} wrote before #{gap.before} cannot be fetched any more.")
        else:
            way = f"/history since #{after} shows it"
            self._remark(f"What was said before #{gap.before} could not be fetched; {way}. {error.text}")
        view.gap = None
        self.show(view)

    def _remark(self, sentence: str) -> None:
        self._surface.write(self._display.remark(sentence))
