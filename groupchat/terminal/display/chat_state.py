"""State of the chat as the person sees it: the room, its people, who is typing, what is unread, how far behind."""

from collections.abc import Iterable

from groupchat.client.core.protocol import Message
from groupchat.stdio.phrases import Reader
from groupchat.stdio.printable import one_line
from groupchat.terminal.display.addressees import Correspondents, Place
from groupchat.terminal.display.views import View, Views, number_of

BY_CHOICE = frozenset({"left", "logged-out"})
"""The codes of a ``departed`` that the person has asked for."""

LINGER_S = 8.0
"""Seconds after which somebody no longer counts as typing, if nothing more was heard of it."""

SOON_S = 1.0
"""Seconds within which an answer is expected; a line that waits longer is shown as waiting."""

FAR = 500
"""Missed messages from which on a progress bar is shown."""


class ChatState:
    """Kept up to date by events; the status bar and the line editor show it."""

    def __init__(self, host: str, nick: str) -> None:
        self.host = host
        self.reader = Reader(nick)
        self.nick = nick
        self.views = Views()
        self.lost = Place()
        """The place that lines went to until it was lost, and the person has not said anything since; else nowhere."""
        self.unsaid: list[tuple[Place, str]] = []
        """Lines that were not said, because they cannot be said any more where they were meant to."""
        self.correspondents = Correspondents()
        self.connection = "connecting"
        self.silence = 0.0
        """Seconds for which the server has not answered; 0.0: it does."""
        self.unanswered: dict[int, tuple[float, str]] = {}
        """Lines that are not answered yet, in their order: since when they wait, and their text."""
        self.headed: dict[int, Place] = {}
        """The places that these lines are meant for, each by the number of its line."""
        self.sending = ""
        """The files that are being sent, and how far each is; empty: none."""
        self.queued = 0
        """Pasted lines that are not sent yet."""
        self.unseen = 0
        """Messages since the person last pressed a key."""
        self.news_after = 0
        """The number after which posts are news: those before it are shown so that one knows what is talked about."""
        self._people: dict[str, set[str]] = {}
        self._last: dict[Place, tuple[int, str]] = {}
        self._typing: dict[str, float] = {}
        self._start = self._head = self._position = 0

    @property
    def place(self) -> Place:
        """Return where the person's lines go now, as they see it."""
        return self.views.current.place if self.views.current is not None else Place()

    @property
    def room(self) -> str:
        """Return the room that commands are about: the current one, or the last one before a private conversation."""
        return self.views.room.place.room if self.views.room is not None else ""

    @property
    def query(self) -> str:
        """Return the person that lines go to in private; empty: they go to the room."""
        return self.place.nick

    @property
    def whereabouts(self) -> str:
        """Return in a sentence where lines go now that they go to nobody in private."""
        return f"Your lines go to {self.room} now." if self.room else "You are in no room now."

    @property
    def people(self) -> int | None:
        """Return how many people are in the current room; None if that is not known."""
        people = self._people.get(self.room)
        return len(people) if people is not None else None

    @property
    def pending(self) -> int:
        """Return how many lines are not answered yet."""
        return len(self.unanswered)

    def waiting(self, now: float) -> list[str]:
        """Return the lines that wait for their answer longer than it takes on a working connection.

        Each that is meant for another place than the one that is seen has its place before it.
        """
        return [
            one_line(f"({place}) {text}" if (place := self.headed.get(number, self.place)) != self.place else text)
            for number, (since, text) in self.unanswered.items()
            if now - since >= SOON_S
        ]

    @property
    def last(self) -> tuple[int, str] | None:
        """Return the number and text of the person's last message where their lines go, safe to be shown."""
        return self._last.get(self.place)

    def rename(self, nick: str) -> None:
        """Note that this is the person's nickname now."""
        self.nick = nick
        self.reader.be(nick)

    def go(self, place: Place) -> None:
        """Note that the person's lines go here now, which may be nowhere."""
        room = self.room
        self.views.go(place)
        if self.room != room:
            self._typing.clear()

    def lose(self, place: Place, room: str) -> None:
        """Note that lines go to a room now because the place they went to was lost."""
        view = self.views.find(place)
        if view is not None:
            self.views.end(view)
        self.go(Place(room))
        self.lost = place

    def leave(self, place: Place, current: str) -> None:
        """Note that the person has left a place by their own choice.

        :param current: the room that lines go to now, if they went to that place.
        """
        view = self.views.find(place)
        if view is None:
            return
        is_current = view is self.views.current
        self.views.close(view)
        if is_current:
            self.go(Place(current))

    def end(self) -> None:
        """Forget everything that belongs to a session."""
        self.views = Views()
        self.lost = Place()
        self.news_after = 0
        self.disconnected()

    def list_people(self, room: str, people: Iterable[object]) -> None:
        """Note who is in a room, given as the server lists people."""
        self._people[room] = {str(person.get("nick")).casefold() for person in people if isinstance(person, dict)}

    def disconnected(self) -> None:
        """Forget who is in the rooms: people come and go unnoticed while there is no connection."""
        self._people.clear()
        self._typing.clear()

    def take(self, event: Message, now: float) -> bool:
        """Take note of an event; return whether it calls for the person: a mention or a private message.

        :param now: seconds that never go back.
        """
        kind, nick = str(event.get("event")), str(event.get("nick", ""))
        number = event.get("id")
        if type(number) is int and number > self._position:
            self._position = number
        match kind:
            case "said" | "acted" | "whispered" | "shared":
                return self._take_message(kind, nick, event, now)
            case "typing":
                self._take_typing(nick, event, now)
            case "edited" | "deleted":
                self._take_change(kind, event)
            case "renamed":
                self._take_name(nick, str(event.get("new", nick)))
            case "left" | "many-left" if event.get("gone"):
                self._take_end(event)
                self._take_presence(kind, event)
            case "entered" | "departed":
                self._take_membership(kind, event)
            case "topic-changed":
                self._take_topic(event)
            case "moderated" if event.get("act") == "slow":
                view = self.views.find(Place(str(event.get("room", ""))))
                if view is not None:
                    view.pace = view.slow_until = 0.0
            case _:
                self._take_presence(kind, event)
        return False

    def fall_behind(self, since: int, head: int) -> None:
        """Expect the messages after ``since`` up to ``head``."""
        self._start, self._head, self._position = since, head, since

    def catch_up(self) -> None:
        """Expect no more missed messages."""
        self._head = self._position

    @property
    def progress(self) -> tuple[int, int] | None:
        """Return how many messages have come, of how many; None unless more than 500 are fetched."""
        total = self._head - self._start
        if total <= FAR or self._position >= self._head:
            return None
        return self._position - self._start, total

    def typists(self, now: float) -> list[str]:
        """Return who is typing in this room."""
        for nick in [nick for nick, at in self._typing.items() if now - at > LINGER_S]:
            del self._typing[nick]
        return sorted(self._typing)

    def _take_message(self, kind: str, nick: str, event: Message, now: float) -> bool:
        self._typing.pop(nick, None)
        text, room = str(event.get("text", "")), str(event.get("room", ""))
        if self.reader.is_me(nick):
            number, to = event.get("id"), str(event.get("to", ""))
            if type(number) is int and (room or to) and kind != "shared":  # a file cannot be edited
                self._last[Place(room) if room else Place(nick=to)] = (number, _safe(text))
            view = self.views.find(Place(room))
            if view is not None:
                view.spoke_at = now  # perhaps on another device
            return False
        is_private = kind == "whispered" or bool(event.get("to"))
        if is_private:
            self.correspondents.wrote(nick, now)
        self.unseen += 1
        is_answer = bool(event.get("reply")) and self.reader.is_me(event.get("reply_nick"))
        calls = is_private or is_answer or event.get("all") is True or self.reader.mentions(text)
        view = self.views.open(Place(nick=nick)) if is_private else self.views.find(Place(room))
        return self._count(view, event, calls) if view is not None else calls

    def _count(self, view: View, event: Message, calls: bool) -> bool:
        """Count a message of somebody else in its view; return whether it is news that calls for the person."""
        number = number_of(event)
        view.spoke(str(event.get("nick", "")))
        view.shown += 1
        view.newest = max(view.newest, number)
        if view.is_new or 0 < number <= max(self.news_after, view.old):
            return False
        if view is not self.views.current:
            view.add_news(number, calls)
        return calls

    def _take_change(self, kind: str, event: Message) -> None:
        for place, (number, _) in [*self._last.items()]:
            if event.get("target") != number:
                continue
            if kind == "edited":
                self._last[place] = (number, _safe(str(event.get("text", ""))))
            else:
                del self._last[place]

    def _take_topic(self, event: Message) -> None:
        view = self.views.find(Place(str(event.get("room", ""))))
        if view is not None:
            view.topic = str(event.get("text", ""))
            view.newest = max(view.newest, number_of(event))

    def _take_typing(self, nick: str, event: Message, now: float) -> None:
        if event.get("room") != self.room or self.reader.is_me(nick):
            return
        if event.get("active", True):
            self._typing[nick] = now
        else:
            self._typing.pop(nick, None)

    def _take_name(self, nick: str, new: str) -> None:
        if self.reader.is_me(nick):
            self.rename(new)
        self.correspondents.renamed(nick, new)
        if Place(nick=nick) in self._last:
            self._last[Place(nick=new)] = self._last.pop(Place(nick=nick))
        talk = self.views.find(Place(nick=nick))
        if talk is not None and self.views.find(Place(nick=new)) in (None, talk):
            talk.place = Place(nick=new)
        for view in self.views:
            view.renamed(nick, new)
        for people in self._people.values():
            if nick.casefold() in people:
                people.discard(nick.casefold())
                people.add(new.casefold())

    def _take_end(self, event: Message) -> None:
        """Note that somebody has left the server: whoever comes with their nickname next may be somebody else."""
        listed = event.get("nicks")
        for nick in map(str, listed if isinstance(listed, list) else [event.get("nick", "")]):
            self.correspondents.gone(nick)
            talk = self.views.find(Place(nick=nick))
            if talk is not None and talk is self.views.current:
                self.lose(talk.place, self.room)
            elif talk is not None:
                self.views.end(talk)

    def _take_membership(self, kind: str, event: Message) -> None:
        room, people = str(event.get("room", "")), event.get("people")
        self._people.pop(room, None)
        if kind == "departed":
            self._take_departure(Place(room), str(event.get("current", "")), str(event.get("code")) in BY_CHOICE)
            return
        if isinstance(people, list):
            self.list_people(room, people)
        is_known = self.views.find(Place(room)) is not None
        view = self.views.open(Place(room))
        view.topic = str(event.get("topic", ""))
        # Until the request to join is answered, what comes is shown only so that one knows what is talked about.
        view.is_new = not is_known and self.connection == "connected" and self.views.current is not None
        if self.views.current is None and self.connection == "connected":
            self.go(Place(room))

    def _take_departure(self, place: Place, current: str, by_choice: bool) -> None:
        view = self.views.find(place)
        if by_choice:
            self.leave(place, current)
        elif place == self.place:
            self.lose(place, current)
        elif view is not None:
            self.views.end(view)
        if self.views.room is None:
            self.views.room = self.views.find(Place(current))

    def _take_presence(self, kind: str, event: Message) -> None:
        """Keep the lists of people; servers before ``many-joined`` named everybody gave only the number of others."""
        room = str(event.get("room", ""))
        people = self._people.get(room)
        if people is None or kind not in ("joined", "left", "many-joined", "many-left"):
            return
        listed = event.get("nicks")
        nicks = [str(nick) for nick in (listed if isinstance(listed, list) else [event.get("nick", "")])]
        if kind.endswith("joined"):
            people.update(nick.casefold() for nick in nicks)
        else:
            people.difference_update(nick.casefold() for nick in nicks)
            for nick in nicks if room == self.room else ():
                self._typing.pop(nick, None)
        if event.get("others"):
            del self._people[room]


def _safe(text: str) -> str:
    """Return the text of a message, which may have several lines, so that the line editor can show it."""
    return "\n".join(map(one_line, text.split("\n")))
