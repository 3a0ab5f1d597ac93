"""Everything a person can be shown, as records.

There are three families:

- a *post* is a fact about a room or a conversation: it has a number, and it is on disk before anyone sees it;
- a *notice* tells of something that passes (a join, a new name): it has no number and is not stored, but it comes
  in order with the posts;
- an *answer* goes to one connection only: it is about its request or its membership, not about the room.

The class names, in kebab-case, are the values of ``event`` in JSON Lines.
Every ``at`` is a wall-clock time in seconds since 1970-01-01 UTC, to the millisecond.
"""

from collections.abc import Mapping, Set
from dataclasses import field
from typing import Any, NewType, TypeAlias

from groupchat.lazy.records import record

AuthorId = NewType("AuthorId", int)
"""Identifies the author of a post: 63 random bits, given to a guest's session or to an account.

It is never shown: the nickname says who spoke, the author decides who may edit.
"""

SERVER = AuthorId(0)
"""The author of the server's own words, who may do everything."""

Ref: TypeAlias = Any
"""The ``ref`` of a request: any JSON value, handed back untouched.  Core code only carries it."""


@record
class Event:
    """The root of everything that can be shown."""


# Posts


@record
class Post(Event):
    """Something on disk.

    ``id`` is its number in the journal, from 1 upwards.
    ``room`` is empty for what is private between two people.
    """

    id: int
    room: str
    nick: str
    at: float


# A message can be a reply: then ``reply`` is the number of the message it answers (0: it answers none), and
# ``reply_nick`` the nickname of who wrote that, as it was when the reply was posted.  What becomes of the answered
# message later changes neither.  The lines of a ``text`` that has several are separated by line feeds.


@record
class Said(Post):
    """``alice: text``

    ``all``: an operator calls everybody in the room with it.
    """

    text: str
    reply: int = 0
    reply_nick: str = ""
    all: bool = False


@record
class Acted(Post):
    """``* alice waves``, or in private ``* alice -> bob waves``.

    ``to`` is the other person when it is private, else empty; ``all``: as in Said.
    """

    text: str
    reply: int = 0
    reply_nick: str = ""
    all: bool = False
    to: str = ""


@record
class Whispered(Post):
    """``alice -> bob: text``: seen by these two only."""

    to: str
    text: str
    reply: int = 0
    reply_nick: str = ""


@record
class Shared(Post):
    """``alice shared cat.jpg (1.2 MB): http://…``: a file.

    ``name``, ``size`` in bytes and ``type`` (as in HTTP) are the file's; ``link`` is where it is, as a path of HTTP.
    ``to`` is the other person when it is private, else empty.
    """

    name: str
    size: int
    type: str
    link: str
    to: str = ""
    reply: int = 0
    reply_nick: str = ""


@record
class Edited(Post):
    """The message ``target`` now reads ``text``.

    When an edited message is replayed, it comes in this form with ``id == target``.
    ``to`` is the other person when the message is private, else empty.  ``all``: the message called everybody.
    ``acted``: it is replayed, and says what its author does, as after /me.
    """

    target: int
    text: str
    to: str = ""
    reply: int = 0
    reply_nick: str = ""
    all: bool = False
    acted: bool = False


@record
class Deleted(Post):
    """The message ``target`` is gone; ``nick`` is who deleted it.

    When a deleted message is replayed, it comes in this form with ``id == target``.
    """

    target: int
    to: str = ""


@record
class TopicChanged(Post):
    """The room's topic is now ``text`` (empty: none)."""

    text: str


@record
class Moderated(Post):
    """``* alice banned bob``: an act of an operator.

    ``text`` is what follows the nickname in a sentence; the other fields say the same to programs.
    ``act`` is the verb (empty in rows written before acts were recorded), ``target`` the nickname, address or room it
    is about, ``until`` when it ends, in seconds since 1970 UTC (None: not by itself), ``reason`` may be empty.
    """

    text: str
    act: str = ""
    target: str = ""
    until: float | None = None
    reason: str = ""


# Notices


LATELY_S = 900.0
"""Seconds after which somebody no longer counts as having spoken lately."""

GATHER_S = 2.0
"""Seconds for which those who come and go are gathered, so that they are told of together."""

MANY = 6
"""So many people who come or go together are told of, even if none of them has spoken lately."""


@record
class Notice(Event):
    """Something that passes: it is shown to people who are here now, and never again."""

    room: str
    nick: str
    at: float


@record
class Joined(Notice):
    """``nick`` came into the room; ``account`` is the nickname of their account, empty for a guest.

    ``crowded``: there are many people, so that those who want to know of active people only are told by ``Moved``.
    """

    account: str = ""
    crowded: bool = field(default=False, compare=False)


@record
class Left(Notice):
    """``nick`` left the room; ``reason`` may be empty; ``gone``: they left the server, not only this room.

    ``crowded``: as in ``Joined``.
    """

    reason: str = ""
    gone: bool = False
    crowded: bool = field(default=False, compare=False)


@record
class ManyJoined(Event):
    """Many people came into a room at once: ``nicks`` names all of them, ``accounts`` those that have an account."""

    room: str
    nicks: tuple[str, ...]
    at: float
    accounts: tuple[str, ...] = ()
    authors: "tuple[AuthorId | None, ...]" = field(default=(), compare=False)


@record
class ManyLeft(Event):
    """Many people left a room at once, for one reason; ``nicks`` names all of them."""

    room: str
    nicks: tuple[str, ...]
    at: float
    reason: str = ""
    gone: bool = False
    authors: "tuple[AuthorId | None, ...]" = field(default=(), compare=False)


@record
class Moved(Event):
    """Some people came into a room (``came``), or left it, within a moment; ``reason``: why, if that is one for all.

    It is for people who want to know of active people only.
    ``known``: those who have spoken there lately, who are named; the others are counted.
    ``unknown``: which of the others are known by their authors.
    """

    room: str
    came: bool
    known: "tuple[tuple[AuthorId | None, str], ...]"
    others: int
    at: float
    reason: str = ""
    unknown: "frozenset[AuthorId | None]" = frozenset()

    @property
    def is_told(self) -> bool:
        """Return whether there is somebody to name, or there are many."""
        return bool(self.known) or self.others >= MANY

    def without(self, authors: "Set[AuthorId]") -> "Moved":
        """Return the same without these people."""
        known = tuple(pair for pair in self.known if pair[0] not in authors)
        others = self.others - sum(author in self.unknown for author in authors)
        return Moved(self.room, self.came, known, others, self.at, self.reason)


@record
class ProgramJoined(Joined):
    """A program reads what is said in the room from now on; people are told by /list, and not by a line."""


@record
class ProgramLeft(Left):
    """A program has left the room."""


COMING = frozenset({Joined, Left, ProgramJoined, ProgramLeft})
"""Who comes and goes, one by one."""


@record
class ManyProgramsJoined(ManyJoined):
    """Many programs came into a room at once."""


@record
class ManyProgramsLeft(ManyLeft):
    """Many programs left a room at once."""


@record
class Renamed(Notice):
    """``nick`` is now called ``new``.  Shown in every room of theirs; ``room`` is empty when there are several."""

    new: str


@record
class AwayChanged(Notice):
    """``nick`` is away, and left ``text`` behind (it may be empty), or is back.

    It is shown in every room of theirs; ``room`` is empty when there are several.
    """

    away: bool
    text: str = ""


@record
class Typing(Notice):
    """``nick`` is typing in ``room``; ``active`` is false when they stopped."""

    active: bool = True


@record
class Announced(Event):
    """The server says something to everybody, such as that it is stopping."""

    text: str
    at: float


@record
class HistoryErased(Event):
    """Posts up to ``upto`` may read otherwise than they were shown: what a person had said was erased.

    It does not say whose, so that no client keeps that either.
    """

    upto: int
    at: float


# Answers


@record
class Answer(Event):
    """Something for one connection only, about what it asked, did or belongs to."""


@record
class Greeted(Answer):
    """The first line a person with a keyboard sees.  ``people`` is how many are here."""

    version: str
    name: str
    people: int
    motd: str = ""


@record
class Asked(Answer):
    """A prompt: ``what`` is ``nickname``, ``password``, ``new password``, ``same again`` or ``code``."""

    what: str


@record
class Welcomed(Answer):
    """The nickname is theirs.

    ``room`` is the current one of ``rooms``; ``head`` is the number of the newest post;
    ``token`` proves later that a client is the same person;
    ``position`` is how far they had read when their last connection with this token ended (0: not known).
    ``version``, ``name`` and ``features`` say what the server is and what it understands.
    ``query``: the person their lines go to, instead of a room; empty: nobody.
    ``account`` is empty for a guest.  ``motd``: the message of the day, for programs that a person uses.
    ``file_limit``: the most bytes that a shared file can have; 0: none are taken here.
    """

    nick: str
    room: str
    head: int
    token: str
    position: int = 0
    rooms: tuple[str, ...] = ()
    account: str = ""
    version: str = ""
    name: str = ""
    features: tuple[str, ...] = ()
    motd: str = ""
    query: str = ""
    file_limit: int = 0


@record
class Entered(Answer):
    """This connection is in a room from now on; its lines go there.

    ``people`` lists everybody in it (None: the connection does not want to know of joins and leaves), and
    ``programs`` those who are there only by programs that read.  ``followers`` are the accounts that follow it over
    HTTP without being in it, and ``unnamed`` is how many do without saying who they are.
    """

    room: str
    topic: str
    people: tuple[Mapping[str, Any], ...] | None = None
    locked: bool = False
    programs: tuple[Mapping[str, Any], ...] = ()
    followers: tuple[Mapping[str, Any], ...] = ()
    unnamed: int = 0


@record
class MarkedRead(Answer):
    """The person has read a place up to a number, on another connection or because they said so.

    ``room``: which room; empty: what is private with ``nick``, or (empty) everything private.
    """

    room: str
    nick: str
    upto: int
    at: float


@record
class Departed(Answer):
    """This connection is no longer in a room; ``code`` says why (``left``, ``kicked``, ``banned`` …).

    ``current`` is the room its lines go to now; empty: none.
    """

    room: str
    reason: str
    code: str
    current: str


@record
class Closing(Answer):
    """The server closes the connection; ``code`` says why (``exit``, ``kicked``, ``replaced``, ``stopping`` …).

    ``text`` is the sentence of the refusal that came before; empty: there was none.
    """

    code: str
    text: str = ""


@record
class Done(Answer):
    """The request is carried out.

    ``id`` is the number of the post it made, 0 when it made none; ``text`` what a person reads of it,
    ``fields`` what a program reads of it beside these.
    """

    id: int = 0
    text: str = ""
    fields: Mapping[str, Any] | None = None


@record
class Refused(Answer):
    """The request is refused: a stable ``code``, and a sentence that says what to do about it.

    ``wait``: the seconds after which it can be repeated; 0: not known, or waiting does not help.
    """

    code: str
    text: str
    wait: float = 0.0


@record
class Told(Answer):
    """Lines of text for a person; each becomes one ``-- `` line.

    ``fields``: what a program reads of it beside the lines.
    """

    lines: tuple[str, ...]
    fields: Mapping[str, Any] | None = None


@record
class Listed(Answer):
    """A list: ``lines`` for people, ``items`` (JSON objects) for programs; ``what`` names the kind of item.

    ``more``: how many items follow these on later pages.
    ``upto``: the number up to which posts were counted (0: none were).
    ``unnamed``: how many there are besides who have no nickname.
    """

    what: str
    lines: tuple[str, ...]
    items: tuple[Mapping[str, Any], ...]
    more: int = 0
    upto: int = 0
    unnamed: int = 0


@record
class Replayed(Answer):
    """Posts from the journal, in the order to show them.

    ``what`` is ``history``, ``search`` or ``around`` when they answer a question,
    and ``join`` for what was said before one came in (programs get those as ordinary events).
    ``heading`` and ``ending`` are the lines around them for people (empty: none).
    ``at`` is the time now: a day line comes before posts of another day.
    ``next``: the number with which to ask for the next page, because there is more (0: there is not, or nobody asked
    for a page).
    """

    what: str
    heading: str
    posts: tuple[Post, ...]
    ending: str
    at: float
    next: int = 0
