"""How programs are shown things: one JSON object for each event, in UTF-8, on a line of its own."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from zope.interface import implementer

from groupchat.interfaces.screens import IStyle, Rendered
from groupchat.model import events
from groupchat.model.events import Answer, Event, Ref
from groupchat.model.preferences import Preferences

# Fields in the order they are written; dataclasses inherit theirs, so the order of definition is no help.
_FIELDS: dict[type, tuple[str, ...]] = {
    events.Said: ("id", "room", "nick", "text", "at"),
    events.Acted: ("id", "room", "nick", "text", "at"),
    events.Whispered: ("id", "room", "nick", "to", "text", "at"),
    events.Edited: ("id", "target", "room", "nick", "to", "text", "at"),
    events.Deleted: ("id", "target", "room", "nick", "to", "at"),
    events.TopicChanged: ("id", "room", "nick", "text", "at"),
    events.Moderated: ("id", "room", "nick", "text", "at"),
    events.Joined: ("room", "nick", "at"),
    events.Left: ("room", "nick", "reason", "at"),
    events.ManyJoined: ("room", "nicks", "at"),
    events.ManyLeft: ("room", "nicks", "at"),
    events.Renamed: ("room", "nick", "new", "at"),
    events.Typing: ("room", "nick", "active", "at"),
    events.Announced: ("text", "at"),
}

_NAMES = {kind: re.sub("(?<!^)(?=[A-Z])", "-", kind.__name__).lower() for kind in _FIELDS}

_COMINGS = frozenset({events.Joined, events.Left, events.ManyJoined, events.ManyLeft})
_NEVER_ECHOED = frozenset({events.Joined, events.Left, events.Typing})

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode

_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What JSON allows in a string as it is, and a terminal, a reader of lines or UTF-8 does not."""


@implementer(IStyle)
class JsonStyle:
    """JSON Lines with one set of preferences."""

    door: ClassVar[str] = "json"

    def __init__(self, preferences: Preferences) -> None:
        self.preferences = preferences
        self._hidden = frozenset() if preferences.joins else _COMINGS

    def render(self, events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        """One object for each event; rooms are always named and times whole, so neither mark nor day is needed."""
        return [Rendered(b"") if type(event) in self._hidden else _line(_event(event)) for event in events]

    def echoes(self, event: Event) -> bool:
        """Programs read the number of what they did in ``done``; the event itself comes only if they like it so."""
        return self.preferences.echo and type(event) not in _NEVER_ECHOED

    def answer(self, answer: Answer, ref: Ref, current: str) -> Rendered:
        """One object, with the ``ref`` of the request; a prompt or a greeting is nothing to a program."""
        if isinstance(answer, events.Replayed) and answer.what == "join":
            return Rendered(b"".join(_line(_event(post)) for post in answer.posts))
        fields = _answer(answer, current)
        if fields is None:
            return Rendered(b"")
        name, rest = fields
        return _line({"event": name, **({} if ref is None else {"ref": ref}), **rest})


def _line(fields: dict[str, Any]) -> Rendered:
    text = _encode(fields)
    if not text.isprintable():
        text = _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return Rendered(f"{text}\r\n".encode())


def _event(event: Event) -> dict[str, Any]:
    kind = type(event)
    fields: dict[str, Any] = {"event": _NAMES[kind]}
    for name in _FIELDS[kind]:
        fields[name] = getattr(event, name)
    fields["at"] = _time(fields["at"])
    return fields


def _answer(answer: Answer, current: str) -> tuple[str, dict[str, Any]] | None:
    """The name of an answer and its fields; None when there is nothing to say.

    What a person reads of it is there too, for programs that a person sits at.
    """
    match answer:
        case events.Welcomed(nick, room, head, token, position):
            return "welcome", {"nick": nick, "room": room, "head": head, "token": token, "position": position}
        case events.Done(id, text):
            return "done", {**({"id": id} if id else {}), **({"text": text, "room": current} if text else {})}
        case events.Refused(code, text):
            return "refused", {"code": code, "text": text}
        case events.Told(lines):
            return "done", {"text": "\n".join(lines)}
        case events.Listed(what, lines, items):
            return "listed", {"what": what, "items": [dict(item) for item in items], "text": "\n".join(lines)}
        case events.Replayed(what, heading, posts, ending):
            words = {"heading": heading, "ending": ending}
            return "listed", {"what": what, "items": [_event(post) for post in posts], **words}
        case events.Asked() | events.Greeted():
            return None
    raise TypeError(f"{type(answer).__name__} is no answer for programs.")


def _time(at: float) -> str:
    """RFC 3339, in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_styles: WeakValueDictionary[Preferences, JsonStyle] = WeakValueDictionary()


def json_style(preferences: Preferences) -> JsonStyle:
    """The style for these preferences; the same object as long as anybody has it."""
    style = _styles.get(preferences)
    if style is None:
        style = _styles[preferences] = JsonStyle(preferences)
    return style
