"""Events as whole sentences for a screen reader: without colours, and without signs that it would spell out."""

from collections.abc import Callable

from groupchat.client.core.protocol import Message
from groupchat.stdio.phrases import Fields, Reader, fields_of, link_of, size_of


def sentence(event: Message, reader: Reader, room: str) -> str | None:
    """Return an event in words; None if people are not told of it.  ``room``: the current room."""
    form = _FORMS.get(str(event.get("event")))
    if form is None:
        return None
    fields = fields_of(event)
    elsewhere = f"In {fields['room']}: " if fields["room"] and fields["room"] != room else ""
    return elsewhere + form(fields, reader).replace("\n", "\n  ")


def _re(event: Fields, reader: Reader) -> str:
    if not event["reply"]:
        return ""
    whose = "your message" if reader.is_me(event["reply_nick"]) else f"{event['reply_nick']}'s message"
    return f", in reply to {whose} {event['reply']}"


def _who(nick: str, reader: Reader) -> str:
    return "You" if reader.is_me(nick) else nick


def _says(event: Fields, reader: Reader) -> str:
    if reader.is_me(event["nick"]):
        return f"You say{_re(event, reader)}: {event['text']}"
    verb = "calls everybody" if event["all"] else "mentions you" if reader.mentions(event["text"]) else "says"
    return f"{event['nick']} {verb}{_re(event, reader)}: {event['text']}"


def _whispers(event: Fields, reader: Reader) -> str:
    if reader.is_me(event["nick"]):
        return f"You tell {event['to']} in private{_re(event, reader)}: {event['text']}"
    return f"{event['nick']} tells you in private{_re(event, reader)}: {event['text']}"


def _acts(event: Fields, reader: Reader) -> str:
    whom = f" with {'you' if reader.is_me(event['to']) else event['to']} in private" if event["to"] else ""
    return f"{_who(event['nick'], reader)}, in action{whom}{_re(event, reader)}: {event['nick']} {event['text']}"


def _shares(event: Fields, reader: Reader) -> str:
    you = reader.is_me(event["nick"])
    whom = f" with {'you' if reader.is_me(event['to']) else event['to']} in private" if event["to"] else ""
    who = "You share" if you else f"{event['nick']} shares"
    return f"{who} the file {event['name']}, {size_of(event)}{whom}{_re(event, reader)}: {link_of(event, reader)}"


def _left(event: Fields, reader: Reader) -> str:
    return f"{event['nick']} left {event['room']}{_reason(event)}"


def _many(verb: str) -> Callable[[Fields, Reader], str]:
    def form(event: Fields, reader: Reader) -> str:
        return f"{event['nicks']} {verb} {event['room']}{_reason(event)}"

    return form


def _reason(event: Fields) -> str:
    return f": {event['reason']}" if event["reason"] else ""


_FORMS: dict[str, Callable[[Fields, Reader], str]] = {
    "said": _says,
    "acted": _acts,
    "whispered": _whispers,
    "shared": _shares,
    "edited": lambda event, reader: (
        f"{_who(event['nick'], reader)} changed message {event['target']} to: {event['text']}"
    ),
    "deleted": lambda event, reader: f"{_who(event['nick'], reader)} deleted message {event['target']}",
    "topic-changed": lambda event, reader: (
        f"{_who(event['nick'], reader)} set the topic of {event['room']} to: {event['text'] or 'nothing'}"
    ),
    "moderated": lambda event, reader: f"{event['nick']} {event['text']}",
    "joined": lambda event, reader: f"{event['nick']} joined {event['room']}",
    "left": _left,
    "many-joined": _many("joined"),
    "many-left": _many("left"),
    "renamed": lambda event, reader: f"{event['nick']} is now called {event['new']}",
    "announced": lambda event, reader: f"The server says: {event['text']}",
}
