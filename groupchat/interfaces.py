"""The seams: what the core asks of a screen, a style, a journal, a roster and a door.

Core code knows these and nothing behind them, so that a door or a journal can be added without touching it.
"""

from collections.abc import Callable, Sequence
from enum import IntFlag
from typing import Any, NewType, Protocol

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from groupchat.drafts import Audience, Draft, Fact, Outcome, StoredPost, StoredRoom, StoredSession
from groupchat.events import Answer, AuthorId, Event, Ref
from groupchat.preferences import Preferences

Rendered = NewType("Rendered", bytes)
"""What a style made of events, ready for the wire.  The core passes it on and never looks inside."""


class Hold(IntFlag):
    """Why a peer's input is not being taken just now; it is again when no reason is left."""

    ANSWER = 1
    """Its last request must be answered first."""
    FLOOD = 2
    """It sends faster than allowed."""
    JOURNAL = 4
    """The journal does not keep up."""
    OUTBOUND = 8
    """It does not read what it is sent."""
    TURN = 16
    """It had its share of this reactor turn."""


class IStyle(Interface):
    """One way of showing events: a door's form with one set of preferences.

    Styles are interned: one object per way of showing, so that the core can group members by it.
    """

    door: str = Attribute("The name of the door whose style it is: ``text``, ``json``, …")
    preferences: Preferences = Attribute("The preferences it follows.")

    def render(events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        """Turn posts and notices into one rendering each (empty: nothing to show), in the same order.

        :param previous: for each event, the ``at`` of what was shown before it in its room (for day lines).
        :param marked: whether each is marked with its room, because the reader's lines go to another one.
        """

    def answer(answer: Answer, ref: Ref, current: str) -> Rendered:
        """Turn an answer for one person into its rendering, which may be empty.

        :param current: the room the person's lines go to; posts of other rooms in the answer are marked.
        """

    def echoes(event: Event) -> bool:
        """Whether the person who caused this event is shown it too."""


class IScreen(Interface):
    """One connection as the core sees it."""

    style: IStyle = Attribute("How things are shown there now.")
    address: str = Attribute("The peer's IP address, for logs and limits; empty when there is none.")
    secure: bool = Attribute("Whether the connection is encrypted.")
    exempt: bool = Attribute("Whether flood limits do not apply to its address.")

    def write(rendered: Rendered) -> None:
        """Hand this to the transport now.  Never raises, also when the connection is gone."""

    def prefer(preferences: Preferences) -> None:
        """Set ``style`` to this door's style with these preferences."""

    def hold(reason: Hold) -> None:
        """Take no more lines from the peer until ``release(reason)``."""

    def release(reason: Hold) -> None:
        """One reason fewer to hold; with none left, go on with lines that wait, in order."""

    def conceal() -> None:
        """Ask the peer not to show what is typed, as far as it can."""

    def reveal() -> None:
        """Ask the peer to show again what is typed; what follows stands on a new line."""

    def close() -> None:
        """Close once everything written is sent; take no more lines."""

    def abort() -> None:
        """Drop the connection and everything unsent at once."""


class IJournal(Interface):
    """Where posts live.  One object; a cluster would replace it and nothing else.

    Methods that return a Deferred fail with JournalUnavailable (may work later) or JournalBroken (never again).
    """

    head: int = Attribute("The highest number on disk; 0 when nothing is.")

    def append(
        drafts: Sequence[Draft], sessions: Sequence[StoredSession] = (), facts: Sequence[Fact] = ()
    ) -> "Deferred[list[Outcome]]":
        """Write all in one durable transaction, and give each draft its outcome, in order.

        A refused or repeated draft does not hinder the others.
        The caller waits for the result before it calls again.
        Edits and deletions see the drafts before them in the same call.
        """

    def page(audience: Audience, after: int, upto: int, limit: int) -> "Deferred[list[StoredPost]]":
        """The first ``limit`` rows with ``after < id <= upto``, ascending: the log itself, every row once.

        A message that was changed since comes in its newest form.
        A deleted one, and any edit of it, comes as Deleted: never with its old text.
        """

    def recent(audience: Audience, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """The last ``count`` messages with ``id <= upto``, ascending, in their newest form.

        Messages are what was said, acted and whispered; a deleted one comes as Deleted.
        """

    def following(audience: Audience, after: int, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """The first ``count`` messages with ``after < id <= upto``, ascending, in their newest form."""

    def between(audience: Audience, start: float, end: float, count: int) -> "Deferred[list[StoredPost]]":
        """The first ``count`` messages with ``start <= at < end``, ascending, in their newest form.

        Both times are seconds since 1970 UTC.
        """

    def around(audience: Audience, id: int, count: int) -> "Deferred[list[StoredPost]]":
        """The message ``id`` with up to ``count`` before and after it in its own room or conversation, ascending.

        Fails with NoSuchMessage when there is none, or the audience may not see it.
        """

    def latest(author: AuthorId) -> "Deferred[StoredPost | None]":
        """The author's newest message that is not deleted."""

    def search(audience: Audience, words: str, count: int) -> "Deferred[list[StoredPost]]":
        """The ``count`` newest messages that contain all the words, newest first.

        Edited messages are found by their newest text, deleted ones never.
        """

    def rooms() -> "Deferred[list[StoredRoom]]":
        """Every room that has posts, by name."""

    def facts(kind: str) -> "Deferred[list[Fact]]":
        """Every fact of this kind that is true, by name."""

    def moderated(upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """The last ``count`` things operators did with ``id <= upto``, in whichever room, ascending."""

    def recall(digest: str) -> "Deferred[StoredSession | None]":
        """The session whose token has this hex SHA-256 digest."""

    def close() -> "Deferred[None]":
        """Finish what is under way, tidy up, and release the files."""


class IRetention(Interface):
    """A journal from which what is old can be removed; one that forgets by itself need not provide it."""

    def expire(before: float) -> "Deferred[int]":
        """Remove everything older than this, in seconds since 1970 UTC, but for topics; give how much that was.

        Numbers are never used again.  What is newer than something that is not older stays with it.
        """

    def forget_sessions(before: float) -> "Deferred[int]":
        """Remove every session last seen before this, in seconds since 1970 UTC; give how many those were."""


class IPasswords(Interface):
    """What makes and checks the hashes of passwords, elsewhere than in the reactor's thread: it takes long on purpose.

    Methods that return a Deferred fail with Busy when too many wait already.
    """

    def hash(password: str) -> "Deferred[str]":
        """The hash to be stored."""

    def verify(hashed: str | None, password: str) -> "Deferred[bool]":
        """Whether this is the password; None takes as long, and is no."""

    def is_outdated(hashed: str) -> bool:
        """Whether a hash would be made otherwise today."""


class IDoor(Interface):
    """A kind of client that can come in: how its connections begin, and what serves them."""

    name: str = Attribute("``text``, ``json``, …")
    openings: tuple[bytes, ...] = Attribute("Its clients begin with one of these.")

    def admit(front: Any) -> None:
        """Serve the connection from now on, which began with one of the openings."""


class IRoster(Interface):
    """Who is here: which nickname is whose."""

    def claim(key: str, person: Any) -> None:
        """Give the nickname with this key to the person.  Raises NickTaken while somebody else has it."""

    def release(key: str, person: Any) -> None:
        """Take it back; nothing happens unless this very person holds it."""

    def find(key: str) -> Any:
        """Who holds the nickname with this key."""


class Clock(Protocol):
    """Time as the core is given it: a reactor, or a test's clock."""

    def seconds(self) -> float:
        """Seconds on a clock that never jumps."""

    def callLater(self, delay: float, callable: Callable[..., object], *args: object) -> object:
        """Call the function after this many seconds."""
