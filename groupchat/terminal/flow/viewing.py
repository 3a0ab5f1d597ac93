"""Views on the screen: what is shown at once, what is held until the person comes, and where a key leads.

Rules:

1. Whatever changes the current view, `follow` notices, and shows what waited there: a key, an answer, a kick.
2. The person is in another view at once, also without a connection.  The server is told when they stay for a moment:
   every line names its room or person anyway, and a walk through ten rooms must not use up what they may send.
3. An answer to what was asked before the last key leads nowhere any more.
"""

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from groupchat.client.client import Client
from groupchat.client.core.client_errors import ClientError, Refused
from groupchat.client.core.protocol import Message
from groupchat.model.wording import plural
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.display import Display
from groupchat.terminal.display.views import Gap, View, number_of
from groupchat.terminal.flow.local_settings import LocalSettings
from groupchat.terminal.surfaces.surface import Surface

TELL_S = 1.0
"""Seconds in one view after which the server is told that lines go there."""

PAGE = 100
"""Posts that are fetched at a time: the more, the longer the person's next line waits at the server."""

JOINS, NEXT, BACK, LIST = ("/switch", "/s", "/join", "/j"), "/next", "/back", "/views"
COMMANDS = (NEXT, BACK, LIST)
"""The commands of this client about views."""


class Viewing:
    """Shows events in their view, and leads the person from view to view.

    :param moved: is called when the person has come to another view.
    """

    def __init__(
        self, clock: IReactorTime, client: Client, surface: Surface, display: Display, state: ChatState,
        settings: LocalSettings, moved: Callable[[], object],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._client = client
        self._surface = surface
        self._display = display
        self._state = state
        self._settings = settings
        self._moved = moved
        self._seen: View | None = None
        """The view whose posts are shown."""
        self._has_begun = False
        self._told: Place | None = None
        """The place that the server knows lines to go to; None: that is not certain."""
        self._timer: IDelayedCall | None = None
        self._filling: View | None = None
        """The view of which a page of history is asked for."""

    # What comes from the server.

    def show(self, event: Message, calls: bool) -> None:
        """Show an event, or hold it until the person comes to its view."""
        view = self._view_of(event)
        is_post = number_of(event) > 0
        if view is None or (view is self._seen and (view.gap is None or not is_post)):
            self._write(event)
        elif not is_post:
            if self._settings.others == "all":
                self._write(event)
        elif self._is_shown_elsewhere(view, event, calls):
            view.shown_elsewhere(number_of(event))
            self._write(event)
        else:
            self._state.views.hold(view, event)

    def greet(self, place: Place, sentence: str) -> None:
        """Tell the person something about a place, if they are there or are about to come."""
        view = self._state.views.find(place)
        if view is not None and view is self._seen:
            self._remark(sentence)
        elif view is not None and (view.is_new or view is self._state.views.current):
            view.greeting = sentence

    def joined(self, rooms: tuple[str, ...], room: str) -> None:
        """Take over the rooms that the server has put the person in, on a connection."""
        views, place = self._state.views, self._state.place
        for name in sorted(name for name in rooms if views.find(Place(name)) is None):
            views.open(Place(name))
        self._told = Place(room)
        if not place or (place.room and place.room not in rooms):
            self._state.go(Place(room))
        for view in views.rooms:
            if view.place.room not in rooms:
                views.end(view)
        if views.room is None:
            views.room = views.find(Place(room))
        if self._state.query:
            self._ask_for_conversation(self._state.query)
        elif self._state.place != self._told:
            self._tell_soon()
        self.follow()
        if self._filling is not None:
            self._fill(self._filling)

    def answered(self, place: Place, moves: int) -> None:
        """Go where an answer says that lines go now, unless a key has led elsewhere since.

        :param moves: how often the person had gone to another view when they asked.
        """
        self._told, views = place, self._state.views
        view = views.find(place)
        if place and (view is None or view.is_new):
            # The answer may overtake what is shown of the room before it, but not what the client has heard.
            view = views.open(place)
            view.is_new, view.old = False, self._client.since if type(self._client.since) is int else 0
        if moves == self._state.views.moves:
            self._state.go(place)
            self.follow()
        else:
            self._tell_soon()

    def departed(self, current: str) -> None:
        """Note where the server lets lines go after the loss of a room."""
        self._told = Place(current)
        if self._state.place != self._told:
            self._tell_soon()

    def follow(self) -> None:
        """Show what waits in the view that the person is in now, if it is another one than before."""
        view = self._state.views.current
        if view is self._seen:
            return
        self._seen, self._filling = view, None
        if view is None:
            return
        if self._has_begun:
            self._write_rule(view)
        self._has_begun = True
        if view.greeting:
            self._remark(view.greeting)
        view.greeting = ""
        view.mark_read()
        view.is_new = False
        if view.gap is not None:
            self._fill(view)
        else:
            self._flush(view)
        self._moved()

    # What the person does.

    def typed(self, line: str) -> bool:
        """Carry out a command that leads to a view the person has, or is about views; return whether it was one."""
        command, _, rest = line.strip().partition(" ")
        name, words = command.lower(), rest.split()
        match [name, *words]:
            case ["/switch" | "/s" | "/join" | "/j", room]:
                return self._go(self._state.views.like(Place(room)))
            case ["/query", nick]:
                return self._go(self._state.views.like(Place(nick=nick)))
            case ["/query"] if self._state.query:
                return self._go(self._state.views.room)
            case ["/leave" | "/part"] if self._state.query and self._state.room:
                self._close_talk()
            case ["/next"]:
                self.go("urgent")
            case ["/back"]:
                self.go("back")
            case ["/views"]:
                self._list()
            case _:
                return False
        return True

    def go(self, way: str) -> None:
        """Go to another view: by its number, to the next or previous one, back, or (``urgent``) to what is unread."""
        views = self._state.views
        match way:
            case "next":
                self._go(views.beside(1))
            case "previous":
                self._go(views.beside(-1))
            case "back":
                self._go(views.before)
            case "urgent":
                if not self._go(views.urgent()):
                    self._remark("Nothing is unread elsewhere.")
            case number:
                self._go(views.numbered(int(number)))

    def mark_read(self) -> None:
        """Count everything as read, everywhere."""
        for view in self._state.views:
            view.mark_read()
        self._surface.refresh()

    def finish(self) -> None:
        """Tell nobody any more."""
        self._stop_timer()

    # Inside.

    def _view_of(self, event: Message) -> View | None:
        """Return the view that an event belongs to; None: it belongs to none."""
        room, to, nick = str(event.get("room", "")), str(event.get("to", "")), str(event.get("nick", ""))
        if room:
            return self._state.views.find(Place(room))
        if not to and event.get("event") != "whispered":
            return None
        is_ours = self._state.reader.is_me(nick)
        return self._state.views.find(Place(nick=to if is_ours and to else nick))

    def _is_shown_elsewhere(self, view: View, event: Message, calls: bool) -> bool:
        """Return whether a post of another view than the current one is shown all the same."""
        if view is self._seen or view.is_new or self._settings.others == "none":
            return False
        is_mine = self._state.reader.is_me(event.get("target"))
        return self._settings.others == "all" or calls or is_mine or not view.place.room

    def _go(self, view: View | None) -> bool:
        """Go to a view; return whether there is another one to go to."""
        if view is None or view is self._state.views.current:
            return False
        if view.is_over:
            self._show_last(view)
            return True
        self._state.views.moves += 1
        self._state.lost = Place()
        self._state.go(view.place)
        self.follow()
        self._tell_soon()
        self._surface.refresh()
        return True

    def _close_talk(self) -> None:
        """Leave a private conversation for the room."""
        talk = self._state.place
        self._go(self._state.views.room)
        view = self._state.views.find(talk)
        if view is not None:
            self._state.views.close(view)

    def _show_last(self, view: View) -> None:
        """Show what waits in a view that the person cannot go to any more, and close it."""
        self._write_rule(view)
        gap, view.gap = view.gap, None
        if gap is not None:
            self._remark(f"What was said before #{gap.before} cannot be fetched any more.")
        self._flush(view)
        self._remark(f"You are no longer in {view.place.room}." if view.place.room else f"{view.place.nick} has left.")
        self._state.views.close(view)
        here = self._state.views.current
        if here is not None:
            self._write_rule(here)

    def _write_rule(self, view: View) -> None:
        self._surface.write(self._display.view(view))

    def _write(self, event: Message) -> None:
        line = self._display.event(event, self._state.place.room)
        if line is not None:
            self._surface.write(line)

    def _remark(self, sentence: str) -> None:
        self._surface.write(self._display.remark(sentence))

    def _list(self) -> None:
        """List the views, with their numbers and what is unread there."""
        lines = []
        for number, view in enumerate(self._state.views, 1):
            what = plural(view.unread, "unread message") if view.unread else "nothing unread"
            marked = f", {view.mentions} for you" if view.mentions else ""
            here = " (you are here)" if view is self._state.views.current else ""
            gone = " (you are no longer there)" if view.is_over else ""
            private = ", in private" if view.place.nick else ""
            lines.append(f"{number} {view.place}{private}: {what}{marked}{here}{gone}")
        self._surface.write(self._display.answer("\n".join(lines) or "You are in no room."))

    # Posts that waited.

    def _flush(self, view: View) -> None:
        """Show what was held."""
        held = [*view.held]
        view.held.clear()
        view.ahead.clear()
        for post in held:
            self._write(post)

    def _fill(self, view: View) -> None:
        """Fetch a page of the posts that are not held; then what is held is shown."""
        gap = view.gap
        if gap is None:
            self._filling = None
            self._flush(view)
            return
        self._filling = view
        if self._state.connection != "connected":
            return  # `joined` goes on
        where = {"nick": view.place.nick} if view.place.nick else {"room": view.place.room}
        asked = self._client.request("history", since=gap.after, count=PAGE, **where)
        asked.addCallbacks(self._filled, self._not_filled, (view, gap.after), {}, (view, gap.after))

    def _filled(self, page: Message, view: View, after: int) -> None:
        gap = view.gap
        if view is not self._filling or gap is None or gap.after != after:
            return  # the person has gone on meanwhile
        items, following = page.get("items"), page.get("next")
        posts = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        for post in posts:
            if after < number_of(post) < gap.before and number_of(post) not in view.ahead:
                self._write(post)
        view.gap = None
        if type(following) is int and after < following < gap.before - 1:
            view.gap = Gap(following, gap.before)
        self._fill(view)
        self._surface.refresh()

    def _not_filled(self, failure: Failure, view: View, after: int) -> None:
        failure.trap(ClientError)
        gap, error = view.gap, failure.value
        if view is not self._filling or gap is None or gap.after != after or not isinstance(error, Refused):
            return
        self._surface.write(self._display.refused(error.code, error.text))
        self._remark(f"What was said before #{gap.before} could not be fetched; /history since #{after} shows it.")
        view.gap = None
        self._fill(view)

    # The server.

    def _tell_soon(self) -> None:
        self._stop_timer()
        delay = TELL_S if "type-room" in self._client.features else 0.0
        self._timer = self._clock.callLater(delay, self._tell)

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def _tell(self) -> None:
        """Tell the server where lines go, for the next connection, and for older servers."""
        self._timer = None
        place = self._state.place
        if not place or place == self._told or self._state.connection != "connected":
            return  # `joined` does it on the next connection
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
                self._state.lose(Place(nick=nick), self._state.room)
                self._surface.write(self._display.refused(error.code, error.text))
                self.follow()
                self._surface.refresh()

        self._told = Place(nick=nick)
        self._client.request("query", nick=nick).addErrback(refused)
