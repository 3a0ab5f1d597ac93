"""The style of programs: one JSON object for each event, in UTF-8, on a line of its own."""

import json
import math
import re
from collections.abc import Sequence
from types import NoneType
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from zope.interface import implementer

from groupchat.interfaces.screens import IStyle, Rendered
from groupchat.lazy.expressions import expression
from groupchat.model import events
from groupchat.model.events import Answer, Done, Event, Ref, Said
from groupchat.model.preferences import NOBODY, Preferences
from groupchat.model.times import iso

# Fields in the order they are written; dataclasses inherit theirs, so the order of definition is not the one wanted.
_FIELDS: dict[type, tuple[str, ...]] = {
    events.Said: ("id", "room", "nick", "reply", "reply_nick", "text", "all", "at"),
    events.Acted: ("id", "room", "nick", "to", "reply", "reply_nick", "text", "all", "at"),
    events.Whispered: ("id", "room", "nick", "to", "reply", "reply_nick", "text", "at"),
    events.Shared: ("id", "room", "nick", "to", "reply", "reply_nick", "name", "size", "type", "link", "at"),
    events.Edited: ("id", "target", "room", "nick", "to", "reply", "reply_nick", "text", "all", "acted", "at"),
    events.Deleted: ("id", "target", "room", "nick", "to", "at"),
    events.TopicChanged: ("id", "room", "nick", "text", "at"),
    events.Moderated: ("id", "room", "nick", "text", "act", "target", "until", "reason", "at"),
    events.Joined: ("room", "nick", "account", "at"),
    events.Left: ("room", "nick", "reason", "gone", "at"),
    events.ManyJoined: ("room", "nicks", "accounts", "at"),
    events.ManyLeft: ("room", "nicks", "reason", "gone", "at"),
    events.ProgramJoined: ("room", "nick", "account", "at"),
    events.ProgramLeft: ("room", "nick", "reason", "gone", "at"),
    events.ManyProgramsJoined: ("room", "nicks", "accounts", "at"),
    events.ManyProgramsLeft: ("room", "nicks", "reason", "gone", "at"),
    events.Renamed: ("room", "nick", "new", "at"),
    events.AwayChanged: ("room", "nick", "away", "text", "at"),
    events.Typing: ("room", "nick", "active", "at"),
    events.Announced: ("text", "at"),
    events.HistoryErased: ("upto", "at"),
}

_NAMES = {kind: re.sub("(?<!^)(?=[A-Z])", "-", kind.__name__).lower() for kind in _FIELDS}

_OPTIONAL = frozenset({"account", "accounts", "acted", "all", "reply", "reply_nick"})
"""Fields that are left out when they are empty."""
_EITHER = frozenset({events.Acted, events.Shared})
"""What is shown to a room, or to one person: ``to`` is left out unless it is private."""
_TIMES = frozenset({"at", "until"})
"""Fields that are times; ``until`` may be None."""

_COMINGS = frozenset({events.Joined, events.Left, events.ProgramJoined, events.ProgramLeft})
_PRESENCE = _COMINGS | {
    events.ManyJoined, events.ManyLeft, events.ManyProgramsJoined, events.ManyProgramsLeft, events.AwayChanged,
}  # fmt: skip
_NEVER_ECHOED = _COMINGS | {events.AwayChanged, events.Typing}

_WELCOME = ("nick", "room", "head", "token", "position", "rooms", "version", "name", "features")

_CLOSINGS = {
    "exit": "You have left.",
    "replaced": "You have joined again from elsewhere.",
    "stopping": "The server closes all connections. Come back later.",
}
"""Sentences for closings before which nothing was refused."""

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"), default=dict).encode

_quoted = json.encoder.encode_basestring

_UNSAFE = expression("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Characters that JSON allows in a string, and a terminal, a reader of lines or UTF-8 does not."""


@implementer(IStyle)
class JsonStyle:
    """JSON Lines with one set of preferences."""

    door: ClassVar[str] = "json"
    resumes: ClassVar[bool] = True
    attended: ClassVar[bool] = False
    prose: ClassVar[bool] = False

    def __init__(self, preferences: Preferences) -> None:
        self.preferences = preferences
        self._hidden = _PRESENCE | {events.Moved} if preferences.joins == NOBODY else frozenset({events.Moved})

    def render(self, events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        """Render one object for each event; it has its room and whole time, so that neither mark nor day is needed."""
        return [_said(event) if isinstance(event, Said) else self._other(event) for event in events]

    def _other(self, event: Event) -> Rendered:
        return Rendered(b"") if type(event) in self._hidden else _line(_event(event))

    def echoes(self, event: Event) -> bool:
        """Say whether a program is sent its own event: only if it prefers so, for ``done`` has its number."""
        return self.preferences.echo and type(event) not in _NEVER_ECHOED

    def answer(self, answer: Answer, ref: Ref, current: str) -> Rendered:
        """Render one object, with the ``ref`` of the request; a prompt or a greeting is nothing to a program."""
        if type(answer) is Done and answer.id and not (answer.text or answer.fields) and type(ref) in _PLAIN_REFS:
            return _done(answer.id, ref)
        if isinstance(answer, events.Replayed) and answer.what == "join":
            return Rendered(b"".join(self.render(answer.posts, (), False)))
        fields = _answer(answer, current)
        if fields is None:
            return Rendered(b"")
        name, rest = fields
        return _line({"event": name, **({} if ref is None else {"ref": ref}), **rest})


def _said(said: Said) -> Rendered:
    """Return the line of a message as ``_line`` would.  Nearly all are such, and an encoder for anything is slow."""
    reply = f'"reply":{said.reply},' if said.reply else ""
    reply_nick = f'"reply_nick":{_quoted(said.reply_nick)},' if said.reply_nick else ""
    everybody = '"all":true,' if said.all else ""
    return _safe(
        f'{{"event":"said","id":{said.id},"room":{_quoted(said.room)},"nick":{_quoted(said.nick)},{reply}{reply_nick}'
        f'"text":{_quoted(said.text)},{everybody}"at":"{iso(said.at)}"}}'
    )


_PLAIN_REFS = (str, int, NoneType)


def _done(id: int, ref: Ref) -> Rendered:
    """Return the line of an answer to what was said as ``_line`` would; most are such."""
    carried = "" if ref is None else f'"ref":{_quoted(ref)},' if type(ref) is str else f'"ref":{ref},'
    return _safe(f'{{"event":"done",{carried}"id":{id}}}')


def _line(fields: dict[str, Any]) -> Rendered:
    return _safe(_encode(fields))


def _safe(text: str) -> Rendered:
    """Return an object as a line, in which no character does harm."""
    if "\x7f" in text if text.isascii() else not text.isprintable():  # all others of ASCII are escaped already
        text = _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return Rendered(f"{text}\r\n".encode())


def _event(event: Event) -> dict[str, Any]:
    kind = type(event)
    fields: dict[str, Any] = {"event": _NAMES[kind]}
    for name in _FIELDS[kind]:
        value = getattr(event, name)
        if name in _TIMES:
            value = None if value is None else iso(value)
        elif not value and (name in _OPTIONAL or (name == "to" and kind in _EITHER)):
            continue
        fields[name] = value
    return fields


def _answer(answer: Answer, current: str) -> tuple[str, dict[str, Any]] | None:
    """Return the name of an answer and its fields; None when there is nothing to say.

    The words a person reads are among them, for programs that are used by a person.
    """
    match answer:
        case events.Done(id, text, more):
            said = {"text": text, "room": current} if text else {}
            return "done", {**({"id": id} if id else {}), **said, **(more or {})}
        case events.Welcomed():
            fields = {name: getattr(answer, name) for name in _WELCOME}
            more = {name: getattr(answer, name) for name in ("account", "motd", "query", "file_limit")}
            return "welcome", fields | {name: value for name, value in more.items() if value}
        case events.Entered(room, topic, people, locked):
            more = {"locked": True} if locked else {}
            others = {name: getattr(answer, name) for name in ("programs", "followers", "unnamed")}
            shown = {} if people is None else {"people": people} | {name: of for name, of in others.items() if of}
            return "entered", {"room": room, "topic": topic, **more, **shown}
        case events.Departed(room, reason, code, now):
            return "departed", {"room": room, "reason": reason, "code": code, "current": now}
        case events.MarkedRead(room, nick, upto, at):
            whom = {"nick": nick} if nick else {}
            return "read", {"room": room, **whom, "upto": upto, "at": iso(at)}
        case events.Closing(code, text):
            return "closing", {"code": code, "text": text or farewell(code)}
        case events.Refused(code, text, wait):
            return "refused", {"code": code, "text": text, **({"wait": math.ceil(wait)} if wait else {})}
        case events.Told(lines, more):
            return "done", {"text": "\n".join(lines), **(more or {})}
        case events.Listed(what, lines, items, more):
            rest = {**({"more": more} if more else {}), **({"upto": answer.upto} if what == "unread" else {})}
            rest |= {"unnamed": answer.unnamed} if answer.unnamed else {}
            return "listed", {"what": what, "items": items, **rest, "text": "\n".join(lines)}
        case events.Replayed(what, heading, posts, ending):
            words = {"heading": heading, "ending": ending, **({"next": answer.next} if answer.next else {})}
            return "listed", {"what": what, "items": [_event(post) for post in posts], **words}
        case events.Asked() | events.Greeted():
            return None
    raise TypeError(f"{type(answer).__name__} is not an answer for programs.")


def farewell(code: str) -> str:
    """Return the sentence for an end before which nothing was refused."""
    return _CLOSINGS.get(code, "The server closes this connection.")


_styles: WeakValueDictionary[Preferences, JsonStyle] = WeakValueDictionary()


def json_style(preferences: Preferences) -> JsonStyle:
    """Return the style for these preferences; the same object as long as anybody has it."""
    style = _styles.get(preferences)
    if style is None:
        style = _styles[preferences] = JsonStyle(preferences)
    return style
