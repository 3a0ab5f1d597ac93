"""The status bar at the bottom: the server, the room, its people, and what is going on."""

import math
from collections.abc import Iterable, Iterator

from wcwidth import iter_graphemes

from groupchat.model.wording import plural
from groupchat.stdio.printable import one_line
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.views import View, Views
from groupchat.terminal.display.wrapping import columns

REPLIES = frozenset({"/reply", "/r"})
"""The commands that answer whoever wrote last."""

GAUGE = 20
"""Columns of the progress bar."""

WAITING = 3
"""Most lines that are shown as waiting for their answer."""

UNREAD = 4
"""Most views with unread messages that are named, unless they are for the person."""


def bar(state: ChatState, width: int, now: float) -> str:
    """Return the bar for a terminal of this width; the least important parts are shortened or left out first."""
    if state.progress is not None:
        come, total = state.progress
        filled = GAUGE * come // total
        gauge = f"{'█' * filled}{'░' * (GAUGE - filled)}"
        return cut(f" {state.host} │ {gauge} {100 * come // total} % │ {come:,} of {total:,} messages", width)
    parts = [*_parts(state, now)]
    while columns(_joined(parts)) > width:
        long = [part for part in parts if part.can_shrink]
        if not long:
            break
        max(reversed(long), key=lambda part: part.weight).shrink()
    return cut(_joined(parts), width)


def _parts(state: ChatState, now: float) -> "Iterator[_Part]":
    """Return the parts of the bar."""
    views, connection, last = state.views, _connection(state), state.correspondents.last
    yield _Part(8, state.host, "")
    if state.query:
        yield _Part(5, f"to {state.query}, in private", f"to {state.query}")
    else:
        yield _Part(0, state.room or ("no room" if state.connection == "connected" else ""))
        yield _Part(7, _people(state.people), "")
    # "connected" is what everybody expects; all else is what nobody may overlook.
    yield _Part(4, connection, "") if connection == "connected" else _Part(0, connection)
    yield _Part(1, _slow(state, now))
    yield _Part(3, state.sending, "")
    yield _Part(3, f"{plural(state.queued, 'line')} to send" if state.queued else "", "")
    yield _Part(2, *_unread(views))
    yield _Part(6, f"/reply: {last}" if last and len(views) > 1 and last != state.query else "", "")
    yield _Part(5, _typing(state.typists(now)), "")


class _Part:
    """A part of the bar, in the longest of its forms that fits.  ``weight``: the heaviest is shortened first."""

    def __init__(self, weight: int, *forms: str) -> None:
        self.weight = weight
        self._forms = [*dict.fromkeys(map(one_line, forms))]

    @property
    def text(self) -> str:
        return self._forms[0]

    @property
    def can_shrink(self) -> bool:
        return len(self._forms) > 1

    def shrink(self) -> None:
        """Use the next form."""
        del self._forms[0]


def title(state: ChatState) -> str:
    """Return the title of the terminal's window."""
    count = f"({state.unseen}) " if state.unseen else ""
    return one_line(f"{count}{state.place or 'groupchat'} - {state.host}")


def cut(text: str, width: int) -> str:
    """Return as much of the text as fits, with an ellipsis if that is not all."""
    if columns(text) <= width:
        return text
    kept = ""
    for cluster in iter_graphemes(text):
        if columns(kept + cluster) > width - 1:
            break
        kept += cluster
    return f"{kept}…"


def _joined(parts: Iterable[_Part]) -> str:
    return " " + " │ ".join(part.text for part in parts if part.text)


def waiting(state: ChatState, width: int, now: float) -> list[str]:
    """Return the last lines that were not said, and that wait for their answer, for a terminal of this width."""
    unsaid = [f"✗ not said to {place}: {one_line(line)}" for place, line in state.unsaid]
    return [*_last(unsaid, "✗", width), *_last([f"… {line}" for line in state.waiting(now)], "…", width)]


def prompt(state: ChatState, text: str) -> str:
    """Return what stands before a half-typed line: where it goes, if that is not the room."""
    command, blank, _ = text.lstrip().partition(" ")
    if blank and command.lower() in REPLIES:
        return f"reply to {one_line(state.correspondents.last) or 'nobody'}> "
    return f"to {one_line(state.query)}> " if state.query else "> "


def _last(lines: list[str], mark: str, width: int) -> list[str]:
    """Return the last of these lines, and how many there are before them."""
    left_out = len(lines) - WAITING
    shown = [cut(line, width) for line in lines[-WAITING:]]
    return [cut(f"{mark} {plural(left_out, 'more line')}", width), *shown] if left_out > 0 else shown


def _connection(state: ChatState) -> str:
    """Return the state of the connection, and how many lines wait for it."""
    lines = state.pending
    if state.connection != "connected":
        return f"{state.connection}, {plural(lines, 'line')} waiting" if lines else state.connection
    if not state.silence:
        return state.connection
    silence = f"no answer for {state.silence:.0f} s"
    return f"{silence}, {plural(lines, 'line')} waiting" if lines else silence


def _people(count: int | None) -> str:
    return "" if count is None else plural(count, "person", "people")


def _slow(state: ChatState, now: float) -> str:
    """Return for how long the server takes nothing more from the person here."""
    view = state.views.current
    left = view.slow_until - now if view is not None else 0.0
    return f"slow: {math.ceil(left)} s" if left > 0 else ""


def _unread(views: Views) -> tuple[str, ...]:
    """Return what is unread elsewhere, from the longest form to the shortest.

    Each view has its number, for Alt; ``@2`` are two messages for the person: mentions, or private ones.
    """
    unread = [(number, view) for number, view in enumerate(views, 1) if view.unread and view is not views.current]
    calling = [(number, view) for number, view in unread if view.mentions]
    silent = [(number, view) for number, view in unread if not view.mentions]
    some = [*calling, *silent[: max(UNREAD - len(calling), 0)]]
    more = " …" if len(some) < len(unread) else ""
    named = " ".join(f"{number} {view.place}:{_count(view)}" for number, view in sorted(some, key=_number)) + more
    only = " ".join(f"{number} {view.place}:{_count(view)}" for number, view in calling)
    numbers = " ".join(f"{number}:{_count(view)}" for number, view in calling)
    mentions = sum(view.mentions for _, view in unread)
    total = f"@{mentions}" if mentions else f"+{sum(view.unread for _, view in unread)}" if unread else ""
    short = f"{numbers} +{len(silent)}" if calling and silent else numbers
    return named, (f"{only} +{len(silent)}" if silent else only) if calling else named, short or total, total


def _count(view: View) -> str:
    if not view.mentions:
        return str(view.unread)
    return f"@{view.mentions}" if view.mentions == view.unread else f"{view.unread}@{view.mentions}"


def _number(numbered: tuple[int, View]) -> int:
    return numbered[0]


def _typing(nicks: list[str]) -> str:
    if not nicks:
        return ""
    if len(nicks) > 3:
        return f"{len(nicks)} people are typing"
    *most, last = nicks
    return f"{', '.join(most)} and {last} are typing" if most else f"{last} is typing"
