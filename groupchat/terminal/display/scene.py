"""What the person is in the middle of: room, people, who is typing, what is unread, how far behind."""

from groupchat.client.protocol import Message
from groupchat.stdio.phrases import Reader
from groupchat.stdio.printable import one_line

LINGER_S = 8.0
"""Seconds after which somebody who was typing no longer counts, when nothing more was heard of it."""

FAR = 500
"""Messages behind from which on a progress bar is shown."""

WORDS = frozenset({"said", "acted", "whispered"})


class Scene:
    """Kept up to date by events; pure state, which the bar and the prompt show."""

    def __init__(self, host: str, nick: str) -> None:
        self.host = host
        self.reader = Reader(nick)
        self.nick = nick
        self.room = ""
        self.people: int | None = None
        self.connection = "connecting"
        self.pending = 0
        """Lines that are not answered yet."""
        self.unread: dict[str, int] = {}
        """Messages in other rooms since one was last there."""
        self.unseen = 0
        """Messages since the person last pressed a key."""
        self.last: tuple[int, str] | None = None
        """The number and text of one's own last message, safe to be shown."""
        self._typing: dict[str, float] = {}
        self._start = self._head = self._position = 0

    def be(self, nick: str) -> None:
        """The person is called so."""
        self.nick = nick
        self.reader.be(nick)

    def go(self, room: str) -> None:
        """One's lines go to this room now."""
        if room != self.room:
            self._typing.clear()
            self.people = None
        self.room = room
        self.unread.pop(room, None)

    def happened(self, event: Message, now: float) -> bool:
        """Take note of an event; whether it is one to ring a bell for: a mention or something private.

        :param now: seconds that never go back.
        """
        kind, nick = str(event.get("event")), str(event.get("nick", ""))
        number = event.get("id")
        if type(number) is int and number > self._position:
            self._position = number
        if kind in WORDS:
            return self._said(kind, nick, event)
        if kind == "typing":
            self._types(nick, event, now)
        elif kind == "edited" and self.last is not None and event.get("target") == self.last[0]:
            self.last = (self.last[0], one_line(str(event.get("text", ""))))
        elif kind == "deleted" and self.last is not None and event.get("target") == self.last[0]:
            self.last = None
        elif kind == "renamed" and self.reader.is_me(nick):
            self.be(str(event.get("new", nick)))
        else:
            self._counted(kind, event)
        return False

    def behind(self, since: int, head: int) -> None:
        """Messages from ``since`` up to ``head`` are on their way."""
        self._start, self._head, self._position = since, head, since

    def caught_up(self) -> None:
        """Nothing more is on its way."""
        self._head = self._position

    @property
    def progress(self) -> tuple[int, int] | None:
        """How many have come of how many, while more than 500 are fetched."""
        total = self._head - self._start
        if total <= FAR or self._position >= self._head:
            return None
        return self._position - self._start, total

    def typists(self, now: float) -> list[str]:
        """Who is typing in this room."""
        for nick in [nick for nick, at in self._typing.items() if now - at > LINGER_S]:
            del self._typing[nick]
        return sorted(self._typing)

    def _said(self, kind: str, nick: str, event: Message) -> bool:
        self._typing.pop(nick, None)
        text, room = str(event.get("text", "")), str(event.get("room", ""))
        if self.reader.is_me(nick):
            number = event.get("id")
            if type(number) is int:
                self.last = (number, one_line(text))
            return False
        self.unseen += 1
        if room and room != self.room:
            self.unread[room] = self.unread.get(room, 0) + 1
        return kind == "whispered" or self.reader.mentions(text)

    def _types(self, nick: str, event: Message, now: float) -> None:
        if event.get("room") != self.room or self.reader.is_me(nick):
            return
        if event.get("active", True):
            self._typing[nick] = now
        else:
            self._typing.pop(nick, None)

    def _counted(self, kind: str, event: Message) -> None:
        """Keep count of the people in this room."""
        if event.get("room") != self.room or self.people is None:
            return
        others, nicks = event.get("others", 0), event.get("nicks", ())
        many = (len(nicks) if isinstance(nicks, list) else 0) + (others if type(others) is int else 0)
        change = {"joined": 1, "left": -1, "many-joined": many, "many-left": -many}.get(kind, 0)
        self.people = max(self.people + change, 1)
        if kind == "left":
            self._typing.pop(str(event.get("nick", "")), None)
