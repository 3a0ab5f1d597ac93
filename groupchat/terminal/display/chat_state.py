"""State of the chat as the person sees it: the room, its people, who is typing, what is unread, how far behind."""

from collections.abc import Iterable

from groupchat.client.core.protocol import Message
from groupchat.stdio.phrases import Reader
from groupchat.stdio.printable import one_line
from groupchat.terminal.display.addressees import Correspondents, Place

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
        self.room = ""
        self.query = ""
        """The person that lines go to in private; empty: they go to the room."""
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
        self.sending = ""
        """The files that are being sent, and how far each is; empty: none."""
        self.unread: dict[str, int] = {}
        """Messages in each other room since the person was last in it."""
        self.unseen = 0
        """Messages since the person last pressed a key."""
        self._people: dict[str, set[str]] = {}
        self._last: dict[Place, tuple[int, str]] = {}
        self._typing: dict[str, float] = {}
        self._start = self._head = self._position = 0

    @property
    def place(self) -> Place:
        """Return where the person's lines go now, as they see it."""
        return Place(nick=self.query) if self.query else Place(self.room)

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
        """Return the lines that wait for their answer longer than it takes on a working connection."""
        return [one_line(text) for since, text in self.unanswered.values() if now - since >= SOON_S]

    @property
    def last(self) -> tuple[int, str] | None:
        """Return the number and text of the person's last message where their lines go, safe to be shown."""
        return self._last.get(self.place)

    def rename(self, nick: str) -> None:
        """Note that this is the person's nickname now."""
        self.nick = nick
        self.reader.be(nick)

    def switch(self, room: str) -> None:
        """Note that the person's lines go to this room now; an empty name means no room."""
        for read in (self.room, room):
            self.unread.pop(read, None)
        if room != self.room:
            self._typing.clear()
        self.room = room

    def lose(self, place: Place, room: str) -> None:
        """Note that lines go to a room now because the place they went to was lost."""
        self.query = ""
        self.switch(room)
        self.lost = place

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
            return False
        is_private = kind == "whispered" or bool(event.get("to"))
        if is_private:
            self.correspondents.wrote(nick, now)
        self.unseen += 1
        if room and room != self.room:
            self.unread[room] = self.unread.get(room, 0) + 1
        is_answer = bool(event.get("reply")) and self.reader.is_me(event.get("reply_nick"))
        return is_private or is_answer or self.reader.mentions(text)

    def _take_change(self, kind: str, event: Message) -> None:
        for place, (number, _) in [*self._last.items()]:
            if event.get("target") != number:
                continue
            if kind == "edited":
                self._last[place] = (number, _safe(str(event.get("text", ""))))
            else:
                del self._last[place]

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
        if self.query == nick:
            self.query = new
        for people in self._people.values():
            if nick.casefold() in people:
                people.discard(nick.casefold())
                people.add(new.casefold())

    def _take_end(self, event: Message) -> None:
        """Note that somebody has left the server: whoever comes with their nickname next may be somebody else."""
        listed = event.get("nicks")
        for nick in map(str, listed if isinstance(listed, list) else [event.get("nick", "")]):
            self.correspondents.gone(nick)
            if self.query and nick == self.query:
                self.lose(Place(nick=nick), self.room)

    def _take_membership(self, kind: str, event: Message) -> None:
        room, people = str(event.get("room", "")), event.get("people")
        self._people.pop(room, None)
        if kind == "departed":
            self.unread.pop(room, None)
            if room == self.room and not self.query and event.get("code") not in BY_CHOICE:
                self.lost = Place(room)
            self.switch(str(event.get("current", "")))
            return
        if isinstance(people, list):
            self.list_people(room, people)
        # Not ``switch``: on coming back every room is entered again, the current one last, and nothing was read.
        self._typing.clear()
        self.room = room

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
