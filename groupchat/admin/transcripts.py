"""Write rows of a journal as a transcript: text, or a page for a browser.

Each format is a generator of pieces of text, so that a transcript may be larger than the memory.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC
from html import escape
from urllib.parse import quote

from groupchat.doors.lines.text_style import text_style
from groupchat.journals.rules.rows import Row, stored
from groupchat.model.preferences import Preferences
from groupchat.model.text import CONTINUATION
from groupchat.model.times import iso, local


def as_text(rows: Iterable[Row]) -> Iterator[str]:
    """Write lines as people see them in the chat, with times in UTC."""
    style = text_style(Preferences(zone="UTC"))
    yield "-- Times are UTC.\n"
    before = float("-inf")
    for row in rows:
        event = stored(row).event
        (line,) = style.render([event], [before], True)
        before = event.at
        yield line.decode().replace("\r\n", "\n")


EXTENSIONS = {
    "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp", "image/avif": "avif",
    "audio/mpeg": "mp3", "audio/ogg": "ogg", "audio/wav": "wav", "audio/mp4": "m4a", "video/mp4": "mp4",
    "video/ogg": "ogv", "text/plain": "txt",
}  # fmt: skip
"""How the names of files beside a page end, by their type: so that none is run, whatever its own name was."""


def exported_name(row: Row) -> str:
    """Return the name of a shared file beside a page."""
    return f"m{row.id}.{EXTENSIONS.get(row.type or '', 'bin')}"


def as_html(rows: Iterable[Row], folder: str = "") -> Iterator[str]:
    """Write a page that needs nothing else: no scripts, no pictures, nothing from the network.

    :param folder: the name of the folder beside the page that has the files; empty: there is none.
    """
    style = text_style(Preferences(zone="UTC", time="off"))
    yield _HEAD
    day = ""
    for row in rows:
        event = stored(row).event
        at = local(event.at, UTC)
        if day != f"{at:%Y-%m-%d}":
            day = f"{at:%Y-%m-%d}"
            yield f"<h2>{day}</h2>\n"
        (line,) = style.render([event], [event.at], False)
        linked = ""
        if row.link is not None and folder:
            linked = f' <a href="{quote(folder)}/{exported_name(row)}">open the file</a>'
        yield (
            f'<p id="m{row.id}" class="{escape(row.kind)}"><a href="#m{row.id}">'
            f'<time datetime="{iso(event.at)}">{at:%H:%M:%S}</time></a> '
            f'<span class="room">{escape(row.room or "private")}</span> '
            f"{_with_bold(line.decode().rstrip().replace(_NEXT, _LINE), event.nick)}{linked}</p>\n"
        )
    yield "</main>\n</html>\n"


_NEXT, _LINE = f"\r\n{CONTINUATION}", "\n"
"""How the next line of a message begins, in text and in a page."""

TRANSCRIPTS: dict[str, Callable[[Iterable[Row]], Iterator[str]]] = {"text": as_text, "html": as_html}
"""The formats for reading, by name."""


def _with_bold(line: str, nick: str) -> str:
    """Return the line in HTML, with the nickname in bold."""
    found = re.search(rf"(?<!\S){re.escape(nick)}(?![\w.-])", line)
    if found is None:
        return escape(line)
    return f"{escape(line[: found.start()])}<b>{escape(nick)}</b>{escape(line[found.end() :])}"


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
p { margin: .2rem 0; overflow-wrap: anywhere; white-space: pre-wrap }
time, .room, a { opacity: .7; color: inherit; text-decoration: none; font-variant-numeric: tabular-nums }
.acted, .topic, .moderated { font-style: italic }
:target { outline: 1px solid }
</style>
<main>
<h1>What was said</h1>
<p>Times are UTC.</p>
"""
