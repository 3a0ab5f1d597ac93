"""The line at the bottom: where one is, with whom, and what goes on."""

from wcwidth import iter_graphemes

from groupchat.stdio.printable import one_line
from groupchat.terminal.display.scene import Scene
from groupchat.terminal.display.wrapping import columns

GAUGE = 20
"""Columns of the progress bar."""

UNREAD = 4
"""Rooms with something unread that are named at most."""


def bar(scene: Scene, width: int, now: float) -> str:
    """What fits in so many columns; what matters least is left out first."""
    if scene.progress is not None:
        come, total = scene.progress
        filled = GAUGE * come // total
        gauge = f"{'█' * filled}{'░' * (GAUGE - filled)}"
        return cut(f" {scene.host} │ {gauge} {100 * come // total} % │ {come:,} of {total:,} messages", width)
    parts = [
        (2, scene.host),
        (0, scene.room or ("no room" if scene.connection == "connected" else "")),
        (3, _people(scene.people)),
        (1, scene.connection),
        (1, f"{scene.pending} unsent" if scene.pending and scene.connection != "connected" else ""),
        (2, _unread(scene.unread)),
        (4, _typing(scene.typists(now))),
    ]
    shown = [(weight, one_line(text)) for weight, text in parts if text]
    while len(shown) > 1 and columns(_joined(shown)) > width:
        shown.remove(max(reversed(shown), key=lambda part: part[0]))
    return cut(_joined(shown), width)


def title(scene: Scene) -> str:
    """What the terminal's window is called."""
    count = f"({scene.unseen}) " if scene.unseen else ""
    return one_line(f"{count}{scene.room or 'groupchat'} - {scene.host}")


def cut(text: str, width: int) -> str:
    """As much of the text as fits."""
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


def _people(count: int | None) -> str:
    if count is None:
        return ""
    return "1 person" if count == 1 else f"{count:,} people"


def _unread(unread: dict[str, int]) -> str:
    rooms = sorted(unread.items(), key=lambda one: (-one[1], one[0]))
    more = ["…"] if len(rooms) > UNREAD else []
    return " ".join([*(f"{room}:{count}" for room, count in rooms[:UNREAD]), *more])


def _typing(nicks: list[str]) -> str:
    if not nicks:
        return ""
    if len(nicks) > 3:
        return f"{len(nicks)} people are typing"
    *most, last = nicks
    return f"{', '.join(most)} and {last} are typing" if most else f"{last} is typing"
