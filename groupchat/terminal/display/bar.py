"""The status bar at the bottom: the server, the room, its people, and what is going on."""

from wcwidth import iter_graphemes

from groupchat.model.wording import plural
from groupchat.stdio.printable import one_line
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.wrapping import columns

REPLIES = frozenset({"/reply", "/r"})
"""The commands that answer whoever wrote last."""

GAUGE = 20
"""Columns of the progress bar."""

WAITING = 3
"""Most lines that are shown as waiting for their answer."""

UNREAD = 4
"""Most rooms with unread messages that are named."""


def bar(state: ChatState, width: int, now: float) -> str:
    """Return the bar for a terminal of this width; the least important parts are left out first."""
    if state.progress is not None:
        come, total = state.progress
        filled = GAUGE * come // total
        gauge = f"{'█' * filled}{'░' * (GAUGE - filled)}"
        return cut(f" {state.host} │ {gauge} {100 * come // total} % │ {come:,} of {total:,} messages", width)
    parts = [
        (3, state.host),
        (0, f"to {state.query}, in private" if state.query else ""),
        (0, state.room or ("no room" if state.connection == "connected" else "")),
        (3, _people(state.people)),
        (0, _connection(state)),
        (1, state.sending),
        (2, _unread({room: count for room, count in state.unread.items() if room != state.room})),
        (4, _typing(state.typists(now))),
    ]
    shown = [(weight, one_line(text)) for weight, text in parts if text]
    while len(shown) > 1 and columns(_joined(shown)) > width:
        shown.remove(max(reversed(shown), key=lambda part: part[0]))
    return cut(_joined(shown), width)


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


def _joined(shown: list[tuple[int, str]]) -> str:
    return " " + " │ ".join(text for _, text in shown)


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


def _unread(unread: dict[str, int]) -> str:
    rooms = sorted(unread.items(), key=lambda item: (-item[1], item[0]))
    more = ["…"] if len(rooms) > UNREAD else []
    return " ".join([*(f"{room}:{count}" for room, count in rooms[:UNREAD]), *more])


def _typing(nicks: list[str]) -> str:
    if not nicks:
        return ""
    if len(nicks) > 3:
        return f"{len(nicks)} people are typing"
    *most, last = nicks
    return f"{', '.join(most)} and {last} are typing" if most else f"{last} is typing"
