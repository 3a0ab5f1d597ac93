"""Stand-ins for the tests, written by hand and honest by ``verifyObject``."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from zope.interface import implementer

from groupchat.interfaces.identity import IPasswords
from groupchat.interfaces.screens import Hold, IScreen, IStyle, Rendered
from groupchat.interfaces.storage import IJournal
from groupchat.model.drafts import (
    Audience,
    Fact,
    Operation,
    Outcome,
    SharedFile,
    StoredFile,
    StoredPost,
    StoredRoom,
    StoredSession,
)
from groupchat.model.errors import Busy
from groupchat.model.events import Acted, Answer, AuthorId, Event, Joined, Left, Moved, Ref, Said, Typing
from groupchat.model.message.sought import Sought
from groupchat.model.preferences import Preferences


@implementer(IJournal)
class HeldJournal:
    """A journal whose appends wait until the test lets them: ``commit()`` one, or ``fail(exception)`` it.

    ``pending`` holds the operations of the appends that wait, oldest first.
    Reading goes straight to the journal within.
    """

    def __init__(self, within: IJournal) -> None:
        self.within = within
        self.pending: list[Sequence[Operation]] = []
        self._waiting: list[Deferred[list[Outcome]]] = []

    @property
    def head(self) -> int:
        """The head of the journal within."""
        return self.within.head

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        """Keep it waiting."""
        waiting: Deferred[list[Outcome]] = Deferred()
        self.pending.append(tuple(operations))
        self._waiting.append(waiting)
        return waiting

    def commit(self) -> None:
        """Let the oldest waiting append be written."""
        self.within.append(self.pending.pop(0)).chainDeferred(self._waiting.pop(0))

    def fail(self, exception: Exception) -> None:
        """Let the oldest waiting append fail, with nothing written."""
        del self.pending[0]
        self._waiting.pop(0).errback(exception)

    def page(self, audience: Audience, after: int, upto: int, limit: int) -> "Deferred[list[StoredPost]]":
        return self.within.page(audience, after, upto, limit)

    def recent(self, audience: Audience, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        return self.within.recent(audience, upto, count)

    def calls(self, audience: Audience, count: int) -> "Deferred[list[StoredPost]]":
        return self.within.calls(audience, count)

    def following(self, audience: Audience, after: int, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        return self.within.following(audience, after, upto, count)

    def between(self, audience: Audience, start: float, end: float, count: int) -> "Deferred[list[StoredPost]]":
        return self.within.between(audience, start, end, count)

    def around(self, audience: Audience, id: int, count: int) -> "Deferred[list[StoredPost]]":
        return self.within.around(audience, id, count)

    def latest(self, author: AuthorId, room: str) -> "Deferred[StoredPost | None]":
        return self.within.latest(author, room)

    def keyed(self, author: AuthorId, key: str) -> "Deferred[int | None]":
        return self.within.keyed(author, key)

    def search(self, audience: Audience, sought: Sought, count: int) -> "Deferred[list[StoredPost]]":
        return self.within.search(audience, sought, count)

    def rooms(self) -> "Deferred[list[StoredRoom]]":
        return self.within.rooms()

    def room(self, name: str) -> "Deferred[StoredRoom | None]":
        return self.within.room(name)

    def message(self, id: int) -> "Deferred[StoredPost | None]":
        return self.within.message(id)

    def facts(self, kind: str) -> "Deferred[list[Fact]]":
        return self.within.facts(kind)

    def moderated(self, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        return self.within.moderated(upto, count)

    def shared(self, link: str) -> "Deferred[SharedFile | None]":
        return self.within.shared(link)

    def files(
        self, audience: Audience, author: AuthorId | None, before: int, count: int
    ) -> "Deferred[list[SharedFile]]":
        return self.within.files(audience, author, before, count)

    def kept_files(self, author: AuthorId | None = None) -> "Deferred[list[StoredFile]]":
        return self.within.kept_files(author)

    def recall(self, digest: str) -> "Deferred[StoredSession | None]":
        return self.within.recall(digest)

    def close(self) -> "Deferred[None]":
        return self.within.close()


@implementer(IJournal)
class SlowJournal:
    """A journal whose reads wait while ``slow``, until the test lets them: ``answer()`` the oldest, or all.

    What was asked for is looked up when it is asked, or (``late``) only when it is answered.
    Writing goes straight to the journal within.
    """

    def __init__(self, within: IJournal, slow: bool = False, late: bool = False) -> None:
        self.within = within
        self.slow = slow
        self.late = late
        self.reads: list[tuple[Callable[[], Deferred[Any]], Deferred[Any]]] = []

    def answer(self) -> None:
        """Let the oldest read have its answer."""
        look_up, waiting = self.reads.pop(0)
        look_up().chainDeferred(waiting)

    def answer_all(self) -> None:
        """Let reads have their answers until none waits, those that begin meanwhile too."""
        while self.reads:
            self.answer()

    def fail(self, exception: Exception) -> None:
        """Let the oldest read fail."""
        self.reads.pop(0)[1].errback(exception)

    def _wait(self, look_up: "Callable[[], Deferred[Any]]") -> "Deferred[Any]":
        if not self.slow:
            return look_up()
        found = None if self.late else look_up()
        waiting: Deferred[Any] = Deferred()
        self.reads.append((look_up if found is None else lambda: found, waiting))
        return waiting

    @property
    def head(self) -> int:
        """The head of the journal within."""
        return self.within.head

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        return self.within.append(operations)

    def page(self, audience: Audience, after: int, upto: int, limit: int) -> "Deferred[list[StoredPost]]":
        return self._wait(lambda: self.within.page(audience, after, upto, limit))

    def recent(self, audience: Audience, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        return self._wait(lambda: self.within.recent(audience, upto, count))

    def calls(self, audience: Audience, count: int) -> "Deferred[list[StoredPost]]":
        return self._wait(lambda: self.within.calls(audience, count))

    def following(self, audience: Audience, after: int, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        return self._wait(lambda: self.within.following(audience, after, upto, count))

    def between(self, audience: Audience, start: float, end: float, count: int) -> "Deferred[list[StoredPost]]":
        return self._wait(lambda: self.within.between(audience, start, end, count))

    def around(self, audience: Audience, id: int, count: int) -> "Deferred[list[StoredPost]]":
        return self._wait(lambda: self.within.around(audience, id, count))

    def latest(self, author: AuthorId, room: str) -> "Deferred[StoredPost | None]":
        return self._wait(lambda: self.within.latest(author, room))

    def keyed(self, author: AuthorId, key: str) -> "Deferred[int | None]":
        return self._wait(lambda: self.within.keyed(author, key))

    def search(self, audience: Audience, sought: Sought, count: int) -> "Deferred[list[StoredPost]]":
        return self._wait(lambda: self.within.search(audience, sought, count))

    def rooms(self) -> "Deferred[list[StoredRoom]]":
        return self._wait(self.within.rooms)

    def room(self, name: str) -> "Deferred[StoredRoom | None]":
        return self._wait(lambda: self.within.room(name))

    def message(self, id: int) -> "Deferred[StoredPost | None]":
        return self._wait(lambda: self.within.message(id))

    def facts(self, kind: str) -> "Deferred[list[Fact]]":
        return self._wait(lambda: self.within.facts(kind))

    def moderated(self, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        return self._wait(lambda: self.within.moderated(upto, count))

    def shared(self, link: str) -> "Deferred[SharedFile | None]":
        return self._wait(lambda: self.within.shared(link))

    def files(
        self, audience: Audience, author: AuthorId | None, before: int, count: int
    ) -> "Deferred[list[SharedFile]]":
        return self._wait(lambda: self.within.files(audience, author, before, count))

    def kept_files(self, author: AuthorId | None = None) -> "Deferred[list[StoredFile]]":
        return self._wait(lambda: self.within.kept_files(author))

    def recall(self, digest: str) -> "Deferred[StoredSession | None]":
        return self._wait(lambda: self.within.recall(digest))

    def close(self) -> "Deferred[None]":
        return self.within.close()


class Reading(Protocol):
    """What is told that a screen takes nothing more, and that it takes something again: a session, or a test."""

    def paused(self) -> None:
        """Note that the screen takes nothing more."""

    def drained(self) -> None:
        """Note that the screen takes something again."""


@implementer(IStyle)
class FakeStyle:
    """Shows things as numbers, and knows what each stands for: ``(event or answer, mark or ref)``."""

    shown: ClassVar[list[tuple[Event, Any]]] = []
    _styles: ClassVar[dict[tuple[str, Preferences], "FakeStyle"]] = {}

    def __init__(self, door: str, preferences: Preferences) -> None:
        self.door = door
        self.resumes = door == "json"
        self.attended = self.prose = door == "text"
        self.preferences = preferences
        self.renders = 0
        """How often ``render`` was called."""

    @classmethod
    def of(cls, door: str, preferences: Preferences = Preferences()) -> "FakeStyle":  # noqa: B008  # it is frozen
        """Return the style of a door with these preferences, always the same object."""
        return cls._styles.setdefault((door, preferences), cls(door, preferences))

    def render(self, events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        assert len(events) == len(previous)
        self.renders += 1
        return [Rendered(b"") if isinstance(event, Moved) else self.number(event, marked) for event in events]

    def echoes(self, event: Event) -> bool:
        if isinstance(event, Said | Acted):
            return self.preferences.echo
        return not isinstance(event, Joined | Left | Typing)

    def number(self, event: Event, detail: object) -> Rendered:
        """Return a number that stands for this."""
        self.shown.append((event, detail))
        return Rendered(b"%d " % (len(self.shown) - 1))


@implementer(IScreen)
class FakeScreen:
    """A connection without bytes: lines wait while there is a reason to hold, as at a real door.

    ``shown``: what it was handed, in order; ``writes``: how many pieces that came in.
    ``room``: after so many more writes the connection takes nothing more (None: never).
    """

    address = "192.0.2.1"
    base = "http://192.0.2.9:5000"
    terminal = ""
    secure = False
    silent_s = 0.0
    """For how many seconds its network has been out."""

    def __init__(self, clock: Clock, door: str, exempt: bool = True) -> None:
        self.style: IStyle = FakeStyle.of(door)
        self.exempt = exempt
        self.session: Reading
        self.shown: list[tuple[Event, Any]] = []
        self.writes = 0
        self.room: int | None = None
        self.full = False
        self.holds = Hold(0)
        self.yielded = 0
        self.closed = False
        self.aborted = False
        self.concealed = False
        self.nick = ""
        """The nickname it was told last that its reader has."""
        self.codes: list[str] = []
        """Why it was closed."""
        self.lines: list[Callable[[], None]] = []
        self._clock = clock

    # The session calls these.

    def answer(self, answer: Answer, ref: Ref, nick: str, current: str) -> Rendered:
        self.nick = nick
        return FakeStyle.of(self.style.door, self.style.preferences).number(answer, ref)

    def write(self, rendered: Rendered) -> None:
        if self.closed or not rendered:
            return
        self.writes += 1
        self.shown.extend(FakeStyle.shown[int(number)] for number in rendered.split())
        if self.room is not None:
            self.room -= 1
            if self.room <= 0:
                self.fill()

    def prefer(self, preferences: Preferences) -> None:
        self.style = FakeStyle.of(self.style.door, preferences)

    def hold(self, reason: Hold) -> None:
        self.holds |= reason

    def release(self, reason: Hold) -> None:
        self.holds &= ~reason
        self._clock.callLater(0, self.take_lines)

    def yield_turn(self) -> None:
        self.yielded += 1

    def answer_pings(self) -> None:
        """Do nothing: what waits here cannot be looked into."""

    def silence(self) -> float:
        return self.silent_s

    def conceal(self) -> None:
        self.concealed = True

    def reveal(self) -> None:
        self.concealed = False

    def close(self, code: str) -> None:
        if not self.closed:
            self.codes.append(code)
        self.closed = True
        self.lines.clear()

    def abort(self) -> None:
        self.aborted = True
        self.closed = True
        self.lines.clear()

    # The test calls these.

    def take_lines(self) -> None:
        """Take the lines that wait, as long as there is no reason to hold."""
        while self.lines and not self.holds and not self.closed:
            self.lines.pop(0)()

    def fill(self) -> None:
        """Take nothing more from now on."""
        self.full = True
        self.session.paused()

    def drain(self, room: int | None = None) -> None:
        """Take something again: so many writes, or (None) all."""
        self.full, self.room = False, room
        self.session.drained()


def hashed(password: str) -> str:
    """Return what FakePasswords makes of a password."""
    return f"1:{password[::-1]}"


@implementer(IPasswords)
class FakePasswords:
    """Hashes that cost nothing.

    ``held``: answers wait until the test lets them: ``answer()`` the oldest; ``busy``: every question is refused.
    ``verified``: for each check whether there was a hash; ``households``: who asked.
    """

    def __init__(self, held: bool = False) -> None:
        self.held = held
        self.busy = False
        self.verified: list[bool] = []
        self.households: list[str] = []
        self.waiting: list[Callable[[], None]] = []

    def hash(self, password: str, household: str) -> "Deferred[str]":
        self.households.append(household)
        return self._answer(hashed(password))

    def verify(self, hashed_: str | None, password: str, household: str) -> "Deferred[bool]":
        self.households.append(household)
        self.verified.append(hashed_ is not None)
        return self._answer(hashed_ is not None and hashed_.partition(":")[2] == hashed(password).partition(":")[2])

    def is_outdated(self, hashed_: str) -> bool:
        return not hashed_.startswith("1:")

    def answer(self) -> None:
        """Let the oldest question have its answer."""
        self.waiting.pop(0)()

    def _answer(self, answer: Any) -> "Deferred[Any]":
        waiting: Deferred[Any] = Deferred()
        if self.busy:
            waiting.errback(Busy("Too much at once."))
        elif self.held:
            self.waiting.append(lambda: waiting.callback(answer))
        else:
            waiting.callback(answer)
        return waiting
