"""Events as the parts of a line for people: what each part is, and where the text begins.

This is the one place that knows the sentence for an event.
The terminal gives the parts colours, the plain programs join them, and screen readers get sentences of their own,
made from the same fields (`fields_of`).
"""

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from groupchat.client.core.protocol import Message
from groupchat.lazy.expressions import expression
from groupchat.lazy.records import record
from groupchat.model import wording
from groupchat.model.message.code import CODE
from groupchat.model.message.mentions import is_mentioned, places
from groupchat.model.wording import COMPANY, listed, plural, size_words
from groupchat.stdio.printable import one_line

Part: TypeAlias = tuple[str, str]
"""A piece of a line: its role, which gives it its looks, and its text, without any control character."""

NAMED = 3
"""The number of people who are named when many come or go together; the others are counted."""

_MESSAGES = frozenset({"said", "acted", "whispered", "edited"})
_APART = expression(rf"{CODE}|(?P<link>https?://\S+)", re.MULTILINE)
"""Code and links."""


_SIZE = expression(r"[0-9]{1,18}")
"""A number of bytes."""

_PATH = expression(r"/[!-~]*")
"""A path on the server."""


@record
class Phrase:
    """A line for an event, without its time.

    ``head``: who did what; ``text``: what they said, under which its further lines are indented.
    """

    head: tuple[Part, ...]
    text: tuple[Part, ...] = ()

    def __str__(self) -> str:
        return "".join(text for _, text in (*self.head, *self.text))


class Reader:
    """The person who reads: their nickname is looked for in what others say.

    :param base: stands before the links of files: the address of the server in a browser.
    """

    def __init__(self, nick: str, base: str = "") -> None:
        self.base = base
        self._nick = ""
        self.be(nick)

    def be(self, nick: str) -> None:
        """Use this nickname from now on."""
        self._nick = nick.casefold()
        self._name = nick

    def is_me(self, nick: object) -> bool:
        """Return whether this is the person's nickname."""
        return str(nick).casefold() == self._nick

    def mentions(self, text: object) -> bool:
        """Return whether the text names the person."""
        return is_mentioned(self._name, str(text))

    def name(self, nick: str) -> Part:
        """Return a nickname as part of a line."""
        return ("own" if self.is_me(nick) else f"nick:{nick}", nick)

    def parts(self, text: str, role: str = "text", author: str = "") -> tuple[Part, ...]:
        """Return what somebody said, with code, links and mentions as parts of their own.

        :param author: who said it: nobody mentions themselves.
        """
        return tuple(part for part in self._split(text, role, author) if part[1])

    def _split(self, text: str, role: str, author: str) -> Iterator[Part]:
        names = [] if self.is_me(author) or not self.mentions(text) else list(places(self._name, text))
        found = [(*span, "mention") for span in names]
        found += [(*match.span(), "link" if match["link"] else "code") for match in _APART.finditer(text)]
        done = 0
        for start, end, kind in sorted(found):
            if start >= done:
                yield (role, text[done:start])
                yield (kind, text[start:end])
                done = end
        yield (role, text[done:])


class Fields(dict[str, str]):
    """An event's fields as text; one that is missing is empty, since servers may send more or fewer."""

    def __missing__(self, name: str) -> str:
        return ""


def fields_of(event: Message) -> Fields:
    """Return an event's fields, safe for a terminal; of many people some are named and the others counted.

    Only the text of a message can have several lines.
    """
    fields = Fields((name, one_line(str(value))) for name, value in event.items() if not isinstance(value, list))
    text = event.get("text")
    if event.get("event") in _MESSAGES and "\n" in str(text):
        fields["text"] = "\n".join(map(one_line, str(text).split("\n")))
    fields["nicks"] = one_line(_crowd(event))
    return fields


def _crowd(event: Message) -> str:
    """Return ``a, b, c and 54 others``.  Older servers name a few, and say how many ``others`` there are."""
    nicks, uncounted = event.get("nicks"), event.get("others", 0)
    if not isinstance(nicks, list):
        return ""
    named = [str(nick) for nick in nicks[:NAMED]]
    others = len(nicks) - len(named) + (uncounted if type(uncounted) is int else 0)
    if not named:
        return plural(others, "person", "people") if others else ""
    if others:
        return f"{', '.join(named)} and {plural(others, 'other')}"
    return listed(named)


def phrase(event: Message, reader: Reader, room: str) -> Phrase | None:
    """Return the line for this event; None for events that people are not shown.

    :param room: the current room; what is said in another one is marked with its name.
    """
    kind = str(event.get("event"))
    form = _FORMS.get(kind)
    if form is None:
        return None
    fields = fields_of(event)
    made = form(fields, reader)
    if fields["room"] and fields["room"] != room and kind not in _NAME_THE_ROOM:
        return Phrase((("mark", f"({fields['room']}) "), *made.head), made.text)
    return made


def departure(event: Message) -> str | None:
    """Return the sentence for the loss of a room; None for a ``departed`` that answers a request to leave."""
    fields = fields_of(event)
    if fields["event"] != "departed" or fields["code"] in ("left", "logged-out"):
        return None
    why = f": {fields['reason']}" if fields["reason"] else ""
    now = f"Your lines go to {fields['current']} now." if fields["current"] else "You are in no room now."
    return f"You are no longer in {fields['room']}{why.removesuffix('.')}. {now}"


def company(entered: Message, reader: Reader) -> str:
    """Return who is in the room somebody has come into, and which programs read there; empty: that is not known."""
    people = entered.get("people")
    nicks = [str(one.get("nick")) for one in people if isinstance(one, dict)] if isinstance(people, list) else []
    others = [one_line(nick) for nick in reversed(nicks) if not reader.is_me(nick)]
    words = wording.company(fields_of(entered)["room"], others[:COMPANY], max(len(others) - COMPANY, 0))
    lists = [entered.get("followers"), entered.get("programs")]
    reading = [one for found in lists if isinstance(found, list) for one in found if isinstance(one, dict)]
    if reading:
        last = [one_line(str(one.get("nick"))) for one in reversed(reading[-COMPANY:])]
        words = f"{words} Programs read here, too: {wording.named(last, len(reading) - len(last))}."
    unnamed = entered.get("unnamed")
    return f"{words} {wording.unnamed(unnamed)}".strip() if type(unnamed) is int else words.lstrip()


def _number(number: str) -> Part:
    return ("time", f"#{number} ")


def _re(event: Fields, reader: Reader) -> tuple[Part, ...]:
    """Return which message is answered, if one is."""
    if not event["reply"]:
        return ()
    return (("mark", f" (re #{event['reply']} "), reader.name(event["reply_nick"]), ("mark", ")"))


def _said(event: Fields, reader: Reader) -> Phrase:
    head = (_number(event["id"]), reader.name(event["nick"]), *_re(event, reader), ("", ": "))
    return Phrase(head, reader.parts(event["text"], author=event["nick"]))


def _acted(event: Fields, reader: Reader) -> Phrase:
    head = (_number(event["id"]), ("", "* "), *_pair(event, reader), *_re(event, reader), ("", " "))
    return Phrase(head, reader.parts(event["text"], author=event["nick"]))


def _pair(event: Fields, reader: Reader) -> tuple[Part, ...]:
    """Return the author and, if the message is private, the other person."""
    if not event["to"]:
        return (reader.name(event["nick"]),)
    return (reader.name(event["nick"]), ("private", " -> "), reader.name(event["to"]))


def _whispered(event: Fields, reader: Reader) -> Phrase:
    head = (_number(event["id"]), *_pair(event, reader), *_re(event, reader), ("private", ": "))
    return Phrase(head, reader.parts(event["text"], "private", event["nick"]))


def size_of(event: Fields) -> str:
    """Return the size of a file as people read it."""
    return size_words(int(event["size"])) if _SIZE.fullmatch(event["size"]) else "of unknown size"


def link_of(event: Fields, reader: Reader) -> str:
    """Return the whole address of a file that was shared; what is no path could lead to another server."""
    return f"{reader.base}{event['link']}" if _PATH.fullmatch(event["link"]) else "at no address"


def _shared(event: Fields, reader: Reader) -> Phrase:
    what = f" shared {event['name']} ({size_of(event)}): "
    head = (_number(event["id"]), *_pair(event, reader), *_re(event, reader), ("private" if event["to"] else "", what))
    return Phrase(head, (("link", link_of(event, reader)),))


def _edited(event: Fields, reader: Reader) -> Phrase:
    acted = event["acted"] == "True"
    star: tuple[Part, ...] = (("", "* "),) if acted else ()
    head = (
        _number(event["target"]), *star, *_pair(event, reader), *_re(event, reader), ("mark", " (edited)"),
        ("", " " if acted else ": "),
    )  # fmt: skip
    return Phrase(head, reader.parts(event["text"], author=event["nick"]))


def _deleted(event: Fields, reader: Reader) -> Phrase:
    return Phrase((("gone", f"#{event['target']} was deleted by {event['nick']}"),))


def _notice(form: str) -> Callable[[Fields, Reader], Phrase]:
    return lambda event, reader: Phrase((("notice", "* "),), (("notice", form.format_map(event)),))


def _left(who: str) -> Callable[[Fields, Reader], Phrase]:
    plain, explained = _notice(who + " left {room}"), _notice(who + " left {room} ({reason})")
    return lambda event, reader: (explained if event["reason"] else plain)(event, reader)


def _topic(event: Fields, reader: Reader) -> Phrase:
    return _notice("topic of {room}, by {nick}: " + ("{text}" if event["text"] else "(none)"))(event, reader)


_FORMS: dict[str, Callable[[Fields, Reader], Phrase]] = {
    "said": _said,
    "acted": _acted,
    "whispered": _whispered,
    "shared": _shared,
    "edited": _edited,
    "deleted": _deleted,
    "topic-changed": _topic,
    "moderated": _notice("{nick} {text}"),
    "joined": _notice("{nick} joined {room}"),
    "left": _left("{nick}"),
    "many-joined": _notice("{nicks} joined {room}"),
    "many-left": _left("{nicks}"),
    "renamed": _notice("{nick} is now {new}"),
    "announced": lambda event, reader: Phrase((("answer", "-- "),), (("answer", event["text"]),)),
}

_NAME_THE_ROOM = frozenset({"joined", "left", "many-joined", "many-left", "topic-changed"})
"""Events whose sentences name the room anyway."""
