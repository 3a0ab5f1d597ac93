"""The chat between a client of the library and a surface: events are shown, lines are sent."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from groupchat.client.client import Client
from groupchat.client.core.client_errors import ClientError
from groupchat.client.core.protocol import Message
from groupchat.stdio.phrases import company, departure
from groupchat.stdio.printable import one_line
from groupchat.terminal.attention.calling import Calling
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.display import Display
from groupchat.terminal.flow.comings import Comings
from groupchat.terminal.flow.completing import Completing
from groupchat.terminal.flow.local_settings import LocalSettings
from groupchat.terminal.flow.secret_commands import SecretCommands
from groupchat.terminal.flow.sending import Sending
from groupchat.terminal.flow.showing import QUIET_S, Showing
from groupchat.terminal.surfaces.surface import Surface
from groupchat.terminal.viewing.viewing import Viewing

REPEAT_S = 3.0
"""Seconds between two announcements that the person is typing; more often would change nothing."""

PEOPLE = 10_000
"""People of a room that are asked for, page by page."""

LIST_S = 0.3
"""Seconds in which the server says by itself who is in a room; then it is asked."""

TOLD_OTHERWISE = frozenset({"kicked", "banned", "replaced", "logged-out"})
"""Refusals that answer no request, and of which the loss of the room or of the connection tells anyway."""


class Chat:
    """One session's chat, over any number of connections.

    :param leave: is called when the person wants to leave, with the reason they give.
    """

    def __init__(
        self, reactor: Any, client: Client, surface: Surface, display: Display, state: ChatState,
        settings: LocalSettings, leave: Callable[[str], object],
    ) -> None:  # fmt: skip
        self.secret_commands = SecretCommands()
        self.sending = Sending(reactor, client, surface, display, state, settings, self.secret_commands, self._answered)
        self.viewing = Viewing(reactor, client, surface, display, state, settings, self._moved)
        self._showing = Showing(reactor, client, self._show, surface.refresh, self._not_shown)
        self._reactor = reactor
        self._client = client
        self._surface = surface
        self._display = display
        self._state = state
        self._settings = settings
        self._completing = Completing(client, state, settings)
        self._leave = leave
        self._calling = Calling(reactor, settings, settings.notify, surface.ring, self._remark)
        self._comings = Comings(reactor, self._show_at_once)
        self._typed_at = float("-inf")
        self._list_timer: IDelayedCall | None = None
        self._helped = False
        self._is_placed = type(client.since) is int
        """True once it is known which posts are news: a client that resumes has read those before."""
        self._greeted: set[str] = set()
        """The rooms of which the person was told who is there."""
        self._untold = ""
        """The room that was lost during an interruption, until the person is told."""
        self._has_told_of_nonsense = False

    # The session calls these.

    def joined(self) -> None:
        """Begin, or go on, on a connection on which the client has joined."""
        since, before = self._client.since, self._state.room
        self.sending.joined()
        self._note_news()
        self._state.rename(self._client.nick)
        self.viewing.joined(self._client.rooms, self._client.room or "")
        if before and before not in self._client.rooms:
            self._lost_while_away(before)
        if type(since) is int:
            self._state.fall_behind(since, max(self._client.head, since))
            self._showing.expect()
            self._reactor.callLater(QUIET_S, self._end_progress)
        self._list_people_soon()
        if not self._helped:
            self._ask("help", then=self._learn)

    def heard(self, event: Message) -> None:
        """Take an event from the server."""
        self._note_news()
        if event.get("event") == "entered":
            self.viewing.heard_topic(str(event.get("room")), str(event.get("topic") or ""))
        self._showing.add(event)

    def drained(self) -> bool:
        """Return whether every event so far is shown."""
        return self._showing.drained

    def finish(self) -> tuple[list[str], list[str]]:
        """Show what is left; return the lines that may have been said, and those that were not."""
        try:
            self._showing.finish()
            self._comings.finish()
        finally:
            self._calling.finish()
            self.viewing.finish()
            left = self.sending.finish()
        return left

    # The person does these.

    def typed(self, line: str) -> None:
        """Take a line as a person types it."""
        if not line.strip():
            return
        command, _, rest = line.strip().partition(" ")
        if command.lower() in ("/exit", "/quit"):
            self._leave(rest.strip())
        elif self.sending.unsaid.take(line) or self.viewing.typed(line):
            self._surface.refresh()
        elif command.lower() == "/set" and not rest.strip():
            self._surface.write(self._display.answer(self._settings.listed()))
            self.sending.type(line)
        elif command.lower() == "/set" and (answer := self._settings.set(rest)) is not None:
            self._surface.write(self._display.answer(answer))
            self._tell_setting(rest)
        else:
            self._typed_at = float("-inf")  # so that the next key announces typing again
            self.sending.type(line)

    def touched(self) -> None:
        """Note that a key was pressed, so that everything shown counts as seen, and read."""
        self.viewing.touched()
        self._calling.touched()
        if self._state.unseen:
            self._state.unseen = 0
            self._surface.refresh()

    def written(self, text: str) -> None:
        """Announce that the person is typing, if they like, when the half-typed line has become this."""
        now = self._reactor.seconds()
        speaks = text and (not text.startswith("/") or text.startswith(("//", "/me ")))
        announces = speaks and self._settings.typing and self._connected and self._state.room and not self._state.query
        if announces and now - self._typed_at >= REPEAT_S:
            self._typed_at = now
            self._ask("typing", room=self._state.room)

    def complete(self, text: str) -> "Deferred[list[str]]":
        """Find what the last word could become, here and at the server."""
        return self._completing.complete(text)

    # Inside.

    @property
    def _connected(self) -> bool:
        """Return whether requests are sent at once."""
        return self._state.connection == "connected"

    def _show(self, event: Message) -> None:
        query = self._state.query
        calls = self._state.take(event, self._reactor.seconds())
        if self._state.lost.nick and query and not self._state.query:
            self._remark(f"{query} has left. {self._state.whereabouts}")
        if not self._comings.take(event, self._settings.joins):
            self.viewing.show(event, calls)
        match event.get("event"):
            case "renamed":
                old, new = (Place(nick=str(event.get(field))) for field in ("nick", "new"))
                self._surface.moved(old, new)
            case "said" | "acted" | "whispered" | "shared" if self._state.progress is None:
                if not self._state.reader.is_me(event.get("nick")):
                    self._calling.heard(event, calls)
            case "entered":
                self._list_people_soon()
                self._tell_company(event)
            case "many-joined" | "many-left":
                self._list_people_soon()
            case "listed" if event.get("what") == "unread":
                self.viewing.list_unread(event)
            case "read":
                self.viewing.read_elsewhere(event)
            case "refused" if str(event.get("code")) not in TOLD_OTHERWISE:
                self._surface.write(self._display.refused(str(event.get("code")), str(event.get("text"))))
            case "departed":
                self._greeted.discard(str(event.get("room")))
                self._tell_loss(event)
                self._list_people_soon()
                self.viewing.departed(str(event.get("current", "")))
                self.sending.unsaid.ask_soon()
        self.viewing.follow()

    def _not_shown(self, event: Message, error: Exception) -> None:
        """Tell of an event that makes no sense, once."""
        if not self._has_told_of_nonsense:
            self._has_told_of_nonsense = True
            what = one_line(str(event.get("event")))[:40]
            why = one_line(f"{type(error).__name__}: {error}")[:200]
            self._remark(f"The server sent an event ({what}) that cannot be shown: {why}. This is told only once.")

    def _tell_company(self, entered: Message) -> None:
        """Tell who is in a room that the person has come into; not again after an interruption."""
        room = str(entered.get("room"))
        with_them = company(entered, self._state.reader)
        if room not in self._greeted and with_them:
            self.viewing.greet(Place(room), with_them)
        self._greeted.add(room)

    def _note_news(self) -> None:
        """Note that what was posted before the person came is no news."""
        if not self._is_placed:
            self._is_placed = True
            self._state.news_after = self._client.head

    def _lost_while_away(self, room: str) -> None:
        """Note that the person is no longer in a room after an interruption; say so, unless the server tells why."""
        if not self._state.query:
            self._state.lost = Place(room)
        self._untold = room
        self._reactor.callLater(LIST_S, self._tell_untold)

    def _tell_untold(self) -> None:
        is_asked_about = Place(self._untold) in (place for place, _ in self._state.unsaid)
        if self._untold and not is_asked_about:
            self._tell_loss({"event": "departed", "room": self._untold, "current": self._state.room})

    def _tell_loss(self, departed: Message) -> None:
        """Tell of the loss of a room."""
        if departed.get("room") == self._untold:
            self._untold = ""
        sentence = departure(departed)
        if sentence is not None:
            room = str(departed.get("room"))
            is_kept = Place(room) in [place for place, _ in self._surface.drafts()]
            kept = f" What you have typed for {room} is kept until you are there again." if is_kept else ""
            self._surface.write(self._display.remark(sentence + kept))

    def _show_at_once(self, event: Message) -> None:
        """Show who has come and gone."""
        self.viewing.show(event, False)
        self._surface.refresh()

    def _remark(self, sentence: str) -> None:
        self._surface.write(self._display.remark(sentence))

    def _tell_setting(self, words: str) -> None:
        """Tell the server what it has to know of a setting of this client."""
        told = self._settings.at_server(words)
        if told is not None:
            name, value = told
            self._client.prefer(name, value)
            self._ask("set", name=name, value=value, remember=True)

    def _answered(self, place: Place, moves: int) -> None:
        """Go where an answer says that lines go now."""
        self.viewing.answered(place, moves)
        self._surface.refresh()

    def _moved(self) -> None:
        """Note that the person sees another view."""
        self._list_people_soon()
        self.sending.unsaid.ask_soon()

    def _list_people_soon(self) -> None:
        """Ask who is in the current room, unless the server says so by itself, as it does in ``entered``."""
        timer = self._list_timer
        if timer is not None and timer.active():
            timer.cancel()
        if self._state.people is None and self._state.room:
            self._list_timer = self._reactor.callLater(LIST_S, self._list_people, self._state.room)

    def _list_people(self, room: str) -> None:
        if self._state.people is not None or self._state.room != room or not self._connected:
            return

        people: list[object] = []

        def listed(answer: Message) -> None:
            items = answer.get("items")
            people.extend(items if isinstance(items, list) else ())
            last = items[-1] if isinstance(items, list) and items else None
            if answer.get("more") and isinstance(last, dict) and len(people) < PEOPLE:
                self._ask("list", then=listed, room=room, after=str(last.get("nick")))
                return
            self._state.list_people(room, people)
            self._surface.refresh()

        self._ask("list", then=listed, room=room)

    def _ask(self, do: str, then: Callable[[Message], object] = lambda answer: None, **fields: Any) -> None:
        """Send a request of the client's own, of which the person need not know."""
        asked = self._client.request(do, **fields)
        asked.addCallback(then).addErrback(lambda failure: failure.trap(ClientError) and None)

    def _learn(self, answer: Message) -> None:
        self._helped = True
        self.secret_commands.learn(answer.get("items", ()))

    def _end_progress(self) -> None:
        """Stop expecting missed messages when all have come, or nothing has come for a while."""
        if self._state.progress is None:
            self._state.catch_up()
        elif self._showing.quiet:
            self._state.catch_up()
            self._surface.refresh()
        else:
            self._reactor.callLater(QUIET_S / 2, self._end_progress)
