"""Events as lines for people, in the form the text protocol has."""

from collections.abc import Callable
from datetime import datetime

from groupchat.client.protocol import Message
from groupchat.stdio.printable import one_line


def line(event: Message) -> str | None:
    """One line, safe for a terminal, with the time in this computer's zone; None for what people are not shown."""
    form = _FORMS.get(str(event.get("event")))
    if form is None:
        return None
    fields = {name: one_line(_text(value)) for name, value in event.items()}
    return f"[{_clock(event.get('at'))}] {form(_Fields(fields))}"


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


class _Fields(dict[str, str]):
    """An event's fields; one that is missing is empty, as servers may grow and shrink."""

    def __missing__(self, name: str) -> str:
        return ""


def _clock(at: object) -> str:
    try:
        return datetime.fromisoformat(str(at)).astimezone().strftime("%H:%M:%S")
    except (ValueError, OverflowError):
        return "--:--:--"


def _room(event: _Fields) -> str:
    return f"({event['room']}) " if event["room"] else ""


def _whispered(event: _Fields) -> str:
    return f"#{event['id']} {event['nick']} -> {event['to']}: {event['text']}"


def _edited(event: _Fields) -> str:
    to = f" -> {event['to']}" if event["to"] else ""
    return f"{_room(event)}#{event['target']} {event['nick']}{to} (edited): {event['text']}"


def _left(event: _Fields) -> str:
    why = f" ({event['reason']})" if event["reason"] else ""
    return f"* {event['nick']} left {event['room']}{why}"


_FORMS: dict[str, Callable[[_Fields], str]] = {
    "said": lambda event: f"{_room(event)}#{event['id']} {event['nick']}: {event['text']}",
    "acted": lambda event: f"{_room(event)}#{event['id']} * {event['nick']} {event['text']}",
    "whispered": _whispered,
    "edited": _edited,
    "deleted": lambda event: f"{_room(event)}#{event['target']} was deleted by {event['nick']}",
    "topic-changed": lambda event: f"* topic of {event['room']}, by {event['nick']}: {event['text']}",
    "joined": lambda event: f"* {event['nick']} joined {event['room']}",
    "left": _left,
    "many-joined": lambda event: f"* {event['nicks']} and {event['others']} others joined {event['room']}",
    "many-left": lambda event: f"* {event['nicks']} and {event['others']} others left {event['room']}",
    "renamed": lambda event: f"* {event['nick']} is now {event['new']}",
    "announced": lambda event: f"-- {event['text']}",
}
