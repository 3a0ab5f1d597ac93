"""Events as records: ``event_of`` makes them from what the server sends.

Their names, in kebab-case, are the values of ``event`` on the wire (docs/PROTOCOL.md).
A field that the server left out, or that has the wrong type, has its type's empty value.
Servers that are newer than this library send events and fields that it does not know: the former come as `Unknown`,
the latter are in ``raw``, as is all that the server has sent.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from datetime import datetime
from typing import Any

from groupchat.client.core.protocol import Message
from groupchat.lazy.records import record

When = datetime | None
"""A time with its zone; None: not given, or not a time."""


@record
class Event:
    """Base class of all events.  ``raw`` is what the server sent, with fields that this version does not know."""

    raw: Mapping[str, Any] = field(default_factory=dict, kw_only=True, repr=False, compare=False)


# Posts: they have a number, and are on the server's disk.
# Of those that a person writes, ``text`` may have several lines.  ``reply`` is the number of the message that is
# answered (0: it is no reply), ``reply_nick`` the nickname of who wrote that.


@record
class Post(Event):
    """Base class of posts.  ``room`` is empty for private ones."""

    id: int
    room: str
    nick: str
    at: When


@record
class Said(Post):
    """``nick`` said ``text``; ``all``: and called everybody in the room with it, as operators can."""

    text: str
    reply: int = 0
    reply_nick: str = ""
    all: bool = False


@record
class Acted(Post):
    """``/me``: the sentence is ``nick`` and ``text``.

    ``to`` is the other person of a private one; ``all``: as in Said.
    """

    text: str
    reply: int = 0
    reply_nick: str = ""
    all: bool = False
    to: str = ""


@record
class Whispered(Post):
    """``nick`` told ``to`` something in private."""

    to: str
    text: str
    reply: int = 0
    reply_nick: str = ""


@record
class Shared(Post):
    """``nick`` shared a file; ``link`` is its address on the server, ``to`` the other person of a private one."""

    name: str
    size: int
    type: str
    link: str
    to: str
    reply: int = 0
    reply_nick: str = ""


@record
class Edited(Post):
    """Message ``target`` now reads ``text``; ``to`` is the other person of a private message.

    ``acted``: it is an earlier message that says what its author does, as after ``/me``.
    """

    target: int
    text: str
    to: str
    reply: int = 0
    reply_nick: str = ""
    all: bool = False
    acted: bool = False


@record
class Deleted(Post):
    """``nick`` deleted message ``target``."""

    target: int
    to: str


@record
class TopicChanged(Post):
    """``nick`` set the topic of ``room`` to ``text`` (empty: none)."""

    text: str


@record
class Moderated(Post):
    """``nick``, an operator, did ``act`` (``ban``) to ``target``; ``text`` says the same for people.

    ``until`` is None when there is no end.
    """

    text: str
    act: str
    target: str
    until: When
    reason: str


# Notices: the server stores none of them.


@record
class Joined(Event):
    """``nick`` came into ``room``; ``account`` is the nickname of their account, empty for guests."""

    room: str
    nick: str
    account: str
    at: When


@record
class Left(Event):
    """``nick`` left ``room``; ``gone``: they left the server, not only the room."""

    room: str
    nick: str
    reason: str
    gone: bool
    at: When


@record
class ManyJoined(Event):
    """Many people came into ``room`` at once; ``accounts`` are the nicknames among them that have an account."""

    room: str
    nicks: tuple[str, ...]
    accounts: tuple[str, ...]
    at: When


@record
class ManyLeft(Event):
    """Many people left ``room`` at once."""

    room: str
    nicks: tuple[str, ...]
    reason: str
    gone: bool
    at: When


@record
class ProgramJoined(Event):
    """A program reads what is said in ``room`` from now on; people read no line about it."""

    room: str
    nick: str
    account: str
    at: When


@record
class ProgramLeft(Event):
    """A program has left ``room``; ``gone``: it left the server, not only the room."""

    room: str
    nick: str
    reason: str
    gone: bool
    at: When


@record
class ManyProgramsJoined(Event):
    """Many programs came into ``room`` at once."""

    room: str
    nicks: tuple[str, ...]
    accounts: tuple[str, ...]
    at: When


@record
class ManyProgramsLeft(Event):
    """Many programs left ``room`` at once."""

    room: str
    nicks: tuple[str, ...]
    reason: str
    gone: bool
    at: When


@record
class Renamed(Event):
    """``nick`` is called ``new`` now."""

    room: str
    nick: str
    new: str
    at: When


@record
class AwayChanged(Event):
    """``nick`` is away, or back; ``text`` is what they say about it."""

    room: str
    nick: str
    away: bool
    text: str
    at: When


@record
class Typing(Event):
    """``nick`` is typing, or has stopped."""

    room: str
    nick: str
    active: bool
    at: When


@record
class Announced(Event):
    """The server tells all its users something."""

    text: str
    at: When


@record
class HistoryErased(Event):
    """A person was erased: posts up to the number ``upto`` may read otherwise now than they were received."""

    upto: int
    at: When


# About this client.


@record
class Read(Event):
    """The person has read up to the number ``upto``, on another connection of theirs.

    ``room``: which room; empty: what is private with ``nick``, or (empty) everything private.
    """

    room: str
    nick: str
    upto: int
    at: When


@record
class Person:
    """Somebody in a room; ``account`` is the nickname of their account, empty for guests."""

    nick: str
    account: str = ""
    operator: bool = False
    away: bool = False
    secure: bool = False


@record
class Entered(Event):
    """This client is in ``room`` now.  ``people`` is empty when its preference ``joins`` is off.

    ``programs`` are those who are there only by programs that read; ``followers`` the accounts that follow the room
    over HTTP at this moment, and ``unnamed`` is how many do without a nickname.
    """

    room: str
    topic: str
    people: tuple[Person, ...]
    programs: tuple[Person, ...] = ()
    followers: tuple[Person, ...] = ()
    unnamed: int = 0


@record
class Departed(Event):
    """This client is no longer in ``room``; ``code`` says why (``left``, ``kicked``, ``banned``).

    ``current`` is the room its lines go to now; empty: none.
    """

    room: str
    reason: str
    code: str
    current: str


@record
class Closing(Event):
    """The server is about to close the connection."""

    code: str
    text: str


@record
class Unknown(Event):
    """An event of a kind that this version does not know; ``fields`` is all that the server sent."""

    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def event_of(message: Message) -> Event:
    """Return the record for an event as it came from the server."""
    kind = _KINDS.get(str(message.get("event")))
    if kind is None:
        return Unknown(str(message.get("event", "")), message, raw=message)
    return kind(**_values(kind, message), raw=message)


def _values(kind: type, message: Mapping[str, Any]) -> dict[str, Any]:
    return {each.name: _READERS[each.type](message.get(each.name)) for each in fields(kind) if each.name != "raw"}


def _time(value: object) -> When:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _people(value: object) -> tuple[Person, ...]:
    people = value if isinstance(value, list) else ()
    return tuple(Person(**_values(Person, each)) for each in people if isinstance(each, dict))


_READERS: Mapping[Any, Callable[[Any], Any]] = {
    int: lambda value: value if type(value) is int else 0,
    str: lambda value: value if isinstance(value, str) else "",
    bool: lambda value: value is True,
    When: _time,
    tuple[str, ...]: lambda value: tuple(map(str, value)) if isinstance(value, list) else (),
    tuple[Person, ...]: _people,
}
"""The functions that read a field of each type from JSON."""

_KINDS: Mapping[str, type[Event]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower(): kind
    for kind in (
        *(Said, Acted, Whispered, Shared, Edited, Deleted, TopicChanged, Moderated),
        *(Joined, Left, ManyJoined, ManyLeft, Renamed, AwayChanged, Typing, Announced, HistoryErased),
        *(ProgramJoined, ProgramLeft, ManyProgramsJoined, ManyProgramsLeft),
        *(Read, Entered, Departed, Closing),
    )
}
