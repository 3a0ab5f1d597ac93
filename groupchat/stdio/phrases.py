"""Events as the parts of a line, for the eye: what is what, and where the text begins."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from groupchat.client.protocol import Message
from groupchat.stdio.printable import one_line

Part: TypeAlias = tuple[str, str]
"""A piece of a line: its role, which gives it its looks, and its text, without any control character."""

_LINKS = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is shown of an event after its time.

    ``head``: who and what; ``text``: what was said, under which its further lines are indented.
    """

    head: tuple[Part, ...]
    text: tuple[Part, ...] = ()


class Reader:
    """Who reads: the own nickname, which is looked for in what others say."""

    def __init__(self, nick: str) -> None:
        self._nick = ""
        self.be(nick)

    def be(self, nick: str) -> None:
        """The person is called so from now on."""
        self._nick = nick.casefold()
        self._own = re.compile(rf"(?<![\w.-])@?{re.escape(nick)}(?![\w-])", re.IGNORECASE) if nick else None

    def is_me(self, nick: object) -> bool:
        """Whether this is the person's nickname."""
        return str(nick).casefold() == self._nick

    def mentions(self, text: object) -> bool:
        """Whether the text names the person."""
        return self._own is not None and self._own.search(str(text)) is not None

    def name(self, nick: str) -> Part:
        """A nickname as part of a line."""
        return ("own" if self.is_me(nick) else f"nick:{nick}", nick)

    def parts(self, text: str, role: str = "text") -> tuple[Part, ...]:
        """What somebody said, with links and mentions as parts of their own."""
        return tuple(self._split(text, role))

    def _split(self, text: str, role: str) -> Iterator[Part]:
        done = 0
        found = [(match, "link") for match in _LINKS.finditer(text)] if "://" in text else []
        if self._own is not None:
            for match in self._own.finditer(text):
                if not any(link.start() <= match.start() < link.end() for link, _ in found):
                    found.append((match, "mention"))
        for match, kind in sorted(found, key=lambda one: one[0].start()):
            yield (role, text[done : match.start()])
            yield (kind, match[0])
            done = match.end()
        yield (role, text[done:])


def phrase(event: Message, reader: Reader, room: str) -> Phrase | None:
    """What is shown of this event; None when it is nothing for people.  ``room``: the current one."""
    form = _FORMS.get(str(event.get("event")))
    if form is None:
        return None
    fields = Fields((name, one_line(_text(value))) for name, value in event.items())
    made = form(fields, reader)
    if fields["room"] and fields["room"] != room:
        return Phrase((("mark", f"({fields['room']}) "), *made.head), made.text)
    return made


class Fields(dict[str, str]):
    """An event's fields; one that is missing is empty, as servers may grow and shrink."""

    def __missing__(self, name: str) -> str:
        return ""


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _number(number: str) -> Part:
    return ("time", f"#{number} ")


def _said(event: Fields, reader: Reader) -> Phrase:
    return Phrase((_number(event["id"]), reader.name(event["nick"]), ("", ": ")), reader.parts(event["text"]))


def _acted(event: Fields, reader: Reader) -> Phrase:
    return Phrase(
        (_number(event["id"]), ("", "* "), reader.name(event["nick"]), ("", " ")), reader.parts(event["text"])
    )


def _pair(event: Fields, reader: Reader) -> tuple[Part, ...]:
    """Who said it, and to whom when it is private."""
    if not event["to"]:
        return (reader.name(event["nick"]),)
    return (reader.name(event["nick"]), ("private", " -> "), reader.name(event["to"]))


def _whispered(event: Fields, reader: Reader) -> Phrase:
    head = (_number(event["id"]), *_pair(event, reader), ("private", ": "))
    return Phrase(head, reader.parts(event["text"], "private"))


def _edited(event: Fields, reader: Reader) -> Phrase:
    head = (_number(event["target"]), *_pair(event, reader), ("mark", " (edited)"), ("", ": "))
    return Phrase(head, reader.parts(event["text"]))


def _notice(*words: str) -> Phrase:
    return Phrase((("notice", "* "),), (("notice", "".join(words)),))


def _left(event: Fields, reader: Reader) -> Phrase:
    return _notice(event["nick"], " left ", event["room"], f" ({event['reason']})" if event["reason"] else "")


def _many(what: str) -> Callable[[Fields, Reader], Phrase]:
    def form(event: Fields, reader: Reader) -> Phrase:
        others = event["others"] if event["others"].isdecimal() else "0"
        rest = "" if others == "0" else f" and {others} other{'' if others == '1' else 's'}"
        return _notice(event["nicks"], rest, f" {what} ", event["room"])

    return form


_FORMS: dict[str, Callable[[Fields, Reader], Phrase]] = {
    "said": _said,
    "acted": _acted,
    "whispered": _whispered,
    "edited": _edited,
    "deleted": lambda event, reader: Phrase((("gone", f"#{event['target']} was deleted by {event['nick']}"),)),
    "topic-changed": lambda event, reader: _notice(
        "topic of ", event["room"], ", by ", event["nick"], ": ", event["text"] or "(none)"
    ),
    "moderated": lambda event, reader: _notice(event["nick"], " ", event["text"]),
    "joined": lambda event, reader: _notice(event["nick"], " joined ", event["room"]),
    "left": _left,
    "many-joined": _many("joined"),
    "many-left": _many("left"),
    "renamed": lambda event, reader: _notice(event["nick"], " is now ", event["new"]),
    "announced": lambda event, reader: Phrase((("answer", "-- "),), (("answer", event["text"]),)),
}
