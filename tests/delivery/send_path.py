"""The send path without a hall round it: what is posted, from the queue to the screens."""

from collections.abc import Callable, Sequence
from typing import cast

from twisted.internet.task import Clock
from twisted.python.failure import Failure

from groupchat.config.settings import Settings
from groupchat.delivery.commits import Commits
from groupchat.delivery.fair_share import FairShare
from groupchat.delivery.fanout import Fanout
from groupchat.delivery.outcomes import Learned, Outcomes
from groupchat.delivery.queue import Posting, Queued, Receipt
from groupchat.delivery.readers import Readers
from groupchat.delivery.stream import Stream
from groupchat.interfaces.screens import Rendered
from groupchat.interfaces.storage import IJournal
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Draft, Kind
from groupchat.model.errors import Refusal
from groupchat.model.events import AuthorId, Event, Post, Ref, Refused
from groupchat.model.preferences import Preferences
from groupchat.state.people import Connection, Person
from groupchat.state.rooms import Rooms
from tests.fakes import FakeScreen, FakeStyle

NOW = 1795262400.0
"""12:00 UTC on Saturday 21 November 2026, in seconds since 1970 UTC."""


class RecordingStyle(FakeStyle):
    """A style that remembers when something was shown before each event."""

    def __init__(self, door: str, preferences: Preferences) -> None:
        super().__init__(door, preferences)
        self.previous: list[float] = []

    def render(self, events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        self.previous += previous
        return super().render(events, previous, marked)


class Reader:
    """Tells the readers that the screen of a connection is full, and that it takes something again."""

    def __init__(self, path: "SendPath", connection: Connection) -> None:
        self._path = path
        self._connection = connection

    def paused(self) -> None:
        """Note that the screen takes nothing more."""
        self._path.readers.pause(self._connection)

    def drained(self) -> None:
        """Note that the screen takes something again."""
        self._path.readers.resume(self._connection)


class SendPath:
    """All of groupchat/delivery, on a journal in memory (or another), and people with one connection each.

    ``learned``: the changes that are on disk, ``by``: who decided each;
    ``left``: the connections that were cut off, and why;
    ``behind``, ``level``: the nicknames of those who began to catch up, and who were live again, in order.
    """

    def __init__(
        self,
        journal: IJournal | None = None,
        turn_end: "Callable[[Callable[[], None]], object] | None" = None,
        **settings: object,
    ) -> None:
        self.settings = Settings().replaced(**settings)
        self.clock = Clock()
        self.journal = journal if journal is not None else MemoryJournal()
        self.people: dict[AuthorId, Person] = {}
        self.learned: list[Learned] = []
        self.by: list[str] = []
        self.left: list[tuple[str, str]] = []
        self.behind: list[str] = []
        self.level: list[str] = []
        self.failures: list[Failure] = []
        self.on_learn: Callable[[Learned], Callable[[], None] | None] = lambda change: None
        self.rooms = Rooms(self.now)
        self.stream = Stream(self.journal)
        self.fanout = Fanout(self.people.get)
        self.shares = FairShare(self.end_turn)
        self.readers = Readers(
            self.stream, self.fanout, self.shares, self.settings, self.clock, self.now, self.refuse, self.leave,
            lambda connection: self.behind.append(connection.person.nick),
            lambda connection: self.level.append(connection.person.nick),
        )  # fmt: skip
        self.outcomes = Outcomes(
            self.stream, self.rooms, self.fanout, self.readers, self.settings, self.clock, self.learn, self.refuse
        )
        self.commits = Commits(
            self.journal, self.settings, self.clock, self.outcomes.deliver, self.failures.append,
            turn_end if turn_end is not None else self.end_turn,
        )  # fmt: skip

    def now(self) -> float:
        """Return the wall-clock time."""
        return NOW + self.clock.seconds()

    def end_turn(self, function: Callable[[], None]) -> None:
        """Call the function at once: here each thing that is done is a turn of its own."""
        function()

    def learn(self, change: Learned, by: str) -> Callable[[], None] | None:
        """Take what is on disk; return what is to be done about it."""
        self.learned.append(change)
        self.by.append(by)
        return self.on_learn(change)

    def refuse(self, connection: Connection, refusal: Refusal, ref: Ref) -> None:
        """Tell a connection that something is refused."""
        connection.show(Refused(refusal.code, str(refusal)), ref)

    def leave(self, connection: Connection, reason: str) -> None:
        """Let a connection leave."""
        self.left.append((connection.person.nick, reason))
        self.readers.detach(connection)

    def connect(self, nick: str, *rooms: str, door: str = "json", live: bool = True) -> Connection:
        """Let somebody come into these rooms (none: the lobby), the last of them current; live at once, or not yet."""
        author = AuthorId(len(self.people) + 1)
        person = self.people[author] = Person(nick, nick, author, NOW)
        screen = FakeScreen(self.clock, door)
        connection = Connection(person, screen, NOW)
        screen.session = Reader(self, connection)
        person.connections = (connection,)
        connection.rooms = rooms or ("lobby",)
        connection.current = connection.rooms[-1]
        for name in connection.rooms:
            self.rooms.open(name).members[connection] = None
        if live:
            self.readers.begin(connection, self.stream.delivered)
        return connection

    def say(self, connection: Connection, words: str, room: str = "", ref: Ref = None) -> Receipt:
        """Let somebody say something, and wait for the answer."""
        receipt = Receipt()
        self.post(Posting(draft(connection, words, room), receipt, connection, ref, True))
        return receipt

    def post(self, item: Queued) -> None:
        """Queue something."""
        self.commits.post(item)


def draft(connection: Connection, words: str = "words", room: str = "", kind: Kind = Kind.SAID) -> Draft:
    """Return what somebody says, as a draft."""
    person = connection.person
    return Draft(kind, person.author, person.nick, NOW, room or connection.current, words)


def screen(connection: Connection) -> FakeScreen:
    """Return the screen of a connection, as the fake it is."""
    return cast(FakeScreen, connection.screen)


def shown(connection: Connection) -> list[object]:
    """Return what a connection was shown since this was asked last: events, and answers."""
    fake = screen(connection)
    events, fake.shown = [event for event, _ in fake.shown], []
    return list(events)


def ids(connection: Connection) -> list[int]:
    """Return the numbers of the posts a connection was shown so far."""
    return [event.id for event, _ in screen(connection).shown if isinstance(event, Post)]
