"""What was said, as a whole: for programs (JSON Lines), as text, and as a page to be read in a browser.

Each of these turns items into pieces of text, one by one, so that a transcript may be longer than memory.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

from groupchat.model.text import harmless
from groupchat.model.times import iso


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was said or done, in its newest form.

    ``at``: seconds since 1970 UTC.  ``room``: empty when it is private; ``to``: the recipient's nickname then.
    ``gone_by``: who deleted it, if somebody did; the text is empty then.
    """

    id: int
    kind: str
    room: str
    nick: str
    at: float
    text: str
    to: str = ""
    edited: bool = False
    gone_by: str | None = None


def as_jsonl(items: Iterable[Item]) -> Iterator[str]:
    """A JSON object a line; ``groupchat import`` reads them."""
    for item in items:
        fields: dict[str, object] = {
            "id": item.id, "kind": item.kind, "room": item.room, "nick": item.nick, "at": iso(item.at)
        }  # fmt: skip
        if item.to:
            fields["to"] = item.to
        if item.gone_by is not None:
            fields["deleted_by"] = item.gone_by
        else:
            fields["text"] = item.text
        if item.edited:
            fields["edited"] = True
        yield json.dumps(fields, ensure_ascii=False) + "\n"


def as_text(items: Iterable[Item]) -> Iterator[str]:
    """A line each, with times in UTC, and a line for each day."""
    for new_day, time, item in _dated(items):
        if new_day:
            yield f"-- {new_day} (times are UTC)\n"
        where = f"{item.room}: " if item.room else ""
        yield f"[{time}] #{item.id} {where}{harmless(_sentence(item))}\n"


def as_html(items: Iterable[Item]) -> Iterator[str]:
    """A page that needs nothing else: no scripts, no pictures, nothing from the network."""
    yield _HEAD
    for new_day, time, item in _dated(items):
        if new_day:
            yield f"<h2>{new_day}</h2>\n"
        room = f'<span class="room">{escape(item.room)}</span> ' if item.room else '<span class="room">private</span> '
        yield (
            f'<p id="m{item.id}" class="{escape(item.kind)}"><a href="#m{item.id}">'
            f'<time datetime="{iso(item.at)}">{time}</time></a> {room}{_marked_up(item)}</p>\n'
        )
    yield "</main>\n</html>\n"


FORMATS: dict[str, Callable[[Iterable[Item]], Iterator[str]]] = {"jsonl": as_jsonl, "text": as_text, "html": as_html}
"""The transcripts there are, by name."""


def _dated(items: Iterable[Item]) -> Iterator[tuple[str, str, Item]]:
    """Each item after its time in UTC, and before that its day, but only if that of the one before was another."""
    day = ""
    for item in items:
        at = datetime.fromtimestamp(item.at, UTC)
        before, day = day, f"{at:%Y-%m-%d}"
        yield "" if day == before else day, f"{at:%H:%M:%S}", item


def _sentence(item: Item) -> str:
    who = f"{item.nick} to {item.to}" if item.to else item.nick
    if item.gone_by is not None:
        return f"{who}: (deleted by {item.gone_by})"
    text = f"{item.text} (edited)" if item.edited else item.text
    match item.kind:
        case "acted":
            return f"* {who} {text}"
        case "topic":
            return f"-- {who} set the topic to: {text}" if item.text else f"-- {who} cleared the topic"
        case "moderated":
            return f"-- {who} {text}"
        case _:
            return f"{who}: {text}"


def _marked_up(item: Item) -> str:
    """The sentence in HTML, with the nickname set off."""
    sentence = harmless(_sentence(item))
    before, found, after = sentence.partition(item.nick)
    if not found:
        return escape(sentence)
    return f"{escape(before)}<b>{escape(item.nick)}</b>{escape(after)}"


_HEAD = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>What was said</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }
h2 { font-size: 1rem; border-bottom: 1px solid; margin-top: 2rem }
p { margin: .2rem 0; overflow-wrap: anywhere }
time, .room, a { opacity: .7; color: inherit; text-decoration: none; font-variant-numeric: tabular-nums }
.room::before { content: "#" }
.acted, .topic, .moderated { font-style: italic }
:target { outline: 1px solid }
</style>
<main>
<h1>What was said</h1>
<p>Times are UTC.</p>
"""
