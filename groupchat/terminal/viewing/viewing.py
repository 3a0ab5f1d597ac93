"""Views on the screen: what is shown at once, what is held until the person comes, and where a key leads.

Rules:

1. Whatever changes the current view, `follow` notices, and shows what waited there: a key, an answer, a kick.
2. The person is in another view at once, also without a connection; the server is told later (`ToldPlace`).
3. An answer to what was asked before the last key leads nowhere any more.
"""

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from groupchat.client.client import Client
from groupchat.client.core.protocol import Message
from groupchat.model.wording import plural
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.display import Display
from groupchat.terminal.display.views import Gap, View, number_of
from groupchat.terminal.flow.local_settings import LocalSettings
from groupchat.terminal.surfaces.surface import Surface
from groupchat.terminal.viewing.marks import Marks
from groupchat.terminal.viewing.told_place import ToldPlace
from groupchat.terminal.viewing.view_list import view_list
from groupchat.terminal.viewing.waiting_posts import WaitingPosts

MOST_TOPICS = 1000
"""The most topics that are remembered."""


class Viewing:
    """Shows events in their view, and leads the person from view to view.

    :param moved: is called when the person has come to another view.
    """

    def __init__(
        self, clock: IReactorTime, client: Client, surface: Surface, display: Display, state: ChatState,
        settings: LocalSettings, moved: Callable[[], object],
    ) -> None:  # fmt: skip
        self._client = client
        self._surface = surface
        self._display = display
        self._state = state
        self._settings = settings
        self._moved = moved
        self._seen: View | None = None
        """The view whose posts are shown."""
        self._has_begun = False
        self._is_fresh = type(client.since) is not int
        """True if the client does not go on where it was, but is shown the last posts of one room only."""
        self._is_ordered = len(state.views) > 0
        """True if the rooms have an order that the person knows."""
        self._topics: dict[str, str] = {}
        """The topics of rooms that the server has told of, which may not be shown yet."""
        self._told_place = ToldPlace(clock, client, state, self._gone)
        self._waiting = WaitingPosts(client, surface, display, state, self._write)
        self._marks = Marks(clock, client, state)

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

    def list_unread(self, listed: Message) -> None:
        """Take over what the server has counted as unread.  What is not in its list has nothing new."""
        items, upto = listed.get("items"), listed.get("upto")
        if not isinstance(items, list) or type(upto) is not int:
            return  # an older server, which lists only what is new
        unread = {place_of(item): item for item in items if isinstance(item, dict)}
        for place in unread:
            if place.nick:
                self._state.views.open(place)
        for view in self._state.views:
            if view is not self._seen:
                self._take_count(view, unread.get(view.place, {}), upto)
        here = unread.get(self._state.place, {})
        if self._is_fresh and self._seen is not None and whole(here, "new") > self._seen.shown:
            news = plural(whole(here, "new"), "message is", "messages are")
            way = f"/history since #{whole(here, 'after')}"
            self._remark(f"{news} new in {self._seen.place} since you were here; {way} shows them.")
        self._is_fresh = False

    def _take_count(self, view: View, item: Message, upto: int) -> None:
        after = whole(item, "after")
        if item and view.read > after:
            return  # the server has not been told yet that this was read
        view.count(whole(item, "new"), whole(item, "mentions"), upto)
        # Private messages that were kept are shown at once, but only on the first device that comes.
        if item and self._is_fresh and view.gap is None and (view.place.room or not view.shown):
            view.gap = Gap(after, upto + 1)

    def read_elsewhere(self, event: Message) -> None:
        """Note what was read on another device."""
        place, upto = place_of(event), event.get("upto")
        if type(upto) is int:
            for view in self._state.views:
                if view.place == place or (not place and view.place.nick):
                    view.read_upto(upto)

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
        for name in rooms:
            if views.find(Place(name)) is None:
                views.open(Place(name))
        if not self._is_ordered:
            self._is_ordered = True
            views.sort(rooms)  # the server may have told of the current one last
        if not place or (place.room and place.room not in rooms):
            self._state.go(Place(room))
        for view in views.rooms:
            if view.place.room not in rooms:
                views.end(view)
        if views.room is None:
            views.room = views.find(Place(room))
        self._told_place.joined(Place(room))
        self.follow()
        self._waiting.joined()
        self._marks.joined()

    def answered(self, place: Place, moves: int) -> None:
        """Go where an answer says that lines go now, unless a key has led elsewhere since.

        :param moves: how often the person had gone to another view when they asked.
        """
        self._told_place.heard(place)
        views = self._state.views
        view = views.find(place)
        if place and (view is None or view.is_new):
            # The answer may overtake what is shown of the room before it, but not what the client has heard.
            view = views.open(place)
            view.topic = self._topics.get(place.room, "")
            view.is_new, view.old = False, self._client.since if type(self._client.since) is int else 0
        if moves == views.moves:
            self._state.go(place)
            self.follow()
        else:
            self._told_place.tell_soon()

    def heard_topic(self, room: str, topic: str) -> None:
        """Note the topic of a room that the person comes into: an answer may lead there before that is shown."""
        if len(self._topics) > MOST_TOPICS:
            self._topics.clear()
        self._topics[room] = topic

    def departed(self, current: str) -> None:
        """Note where the server lets lines go after the loss of a room."""
        self._told_place.heard(Place(current))
        if self._state.place != Place(current):
            self._told_place.tell_soon()

    def follow(self) -> None:
        """Show what waits in the view that the person is in now, if it is another one than before."""
        view = self._state.views.current
        if view is self._seen:
            return
        self._seen = view
        self._waiting.stop()
        if view is None:
            return
        if self._has_begun:
            self._write_rule(view)
        self._has_begun = True
        if view.greeting:
            self._remark(view.greeting)
        view.greeting = ""
        self._marks.read(view)
        view.is_new = False
        self._waiting.show(view)
        self._moved()

    # What the person does.

    def typed(self, line: str) -> bool:
        """Carry out a command that leads to a view the person has, or is about views; return whether it was one."""
        command, _, rest = line.strip().partition(" ")
        name, words = command.lower(), rest.split()
        match [name, *words]:
            case ["/switch" | "/s" | "/join" | "/j", room]:
                return self._go_like(Place(room))
            case ["/query", nick]:
                return self._go_like(Place(nick=nick))
            case ["/query"] if self._state.query:
                return self._go(self._state.views.room)
            case ["/leave" | "/part"] if self._state.query and self._state.room:
                self._close_talk()
            case ["/next"]:
                self.go("urgent")
            case ["/back"]:
                self.go("back")
            case ["/views"]:
                self._surface.write(self._display.answer(view_list(self._state.views)))
            case ["/read", "all"]:
                self.mark_read()
                self._surface.write(self._display.answer("Everything counts as read."))
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
        self._marks.read_all()
        self._surface.refresh()

    def touched(self) -> None:
        """Note that the person is there, and has read what they see."""
        if self._seen is not None and self._seen.newest > self._seen.read:
            self._marks.read(self._seen)

    def leave(self) -> None:
        """Tell the server what was read, before the connection ends."""
        self._marks.tell()

    def finish(self) -> None:
        """Tell nobody any more."""
        self._told_place.finish()
        self._marks.finish()

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
        if view is None:
            return False
        if view is self._state.views.current:
            self._state.views.moves += 1  # answers that are still to come lead nowhere
            return False
        if view.is_over:
            self._show_last(view)
            return True
        self._state.views.moves += 1
        self._state.lost = Place()
        self._state.go(view.place)
        self.follow()
        self._told_place.tell_soon()
        self._surface.refresh()
        return True

    def _go_like(self, typed: Place) -> bool:
        """Go to the place that was typed; return whether the person has it among their views."""
        view = self._state.views.like(typed)
        if not self._go(view) and view is not None:
            self._remark(f"Your lines go to {view.place} already.")
        return view is not None

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
        self._waiting.show_rest(view)
        self._marks.read(view)
        self._marks.tell()  # while there is a view of it
        self._remark(f"You are no longer in {view.place.room}." if view.place.room else f"{view.place.nick} has left.")
        self._state.views.close(view)
        here = self._state.views.current
        if here is not None:
            self._write_rule(here)

    def _write_rule(self, view: View) -> None:
        self._surface.write(self._display.view(view))

    def _write(self, event: Message) -> None:
        names_room = self._display.names_rooms and self._settings.others == "all"
        line = self._display.event(event, "" if names_room else self._state.place.room)
        if line is not None:
            self._surface.write(line)

    def _remark(self, sentence: str) -> None:
        self._surface.write(self._display.remark(sentence))

    def _gone(self, nick: str) -> None:
        """Leave the conversation with somebody who cannot be reached: lines go to the room, but not the next one."""
        self._marks.tell()  # while there is a view of it
        self._state.lose(Place(nick=nick), self._state.room)
        self._remark(f"{nick} is not here any more. {self._state.whereabouts}")
        self.follow()
        self._surface.refresh()


def place_of(item: Message) -> Place:
    """Return the place that an item of a list of the server, or an event, is about."""
    room = str(item.get("room") or "")
    return Place(room, "" if room else str(item.get("nick") or ""))


def whole(item: Message, name: str) -> int:
    """Return a number in an item; 0 if there is none."""
    number = item.get(name)
    return number if type(number) is int and number > 0 else 0
