"""Preferences: what a person can change with /set."""

import zoneinfo
from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo

from groupchat.lazy.records import record
from groupchat.model.errors import BadArguments
from groupchat.model.text import WORD
from groupchat.model.wording import listed

SERVER_ZONE = "server"
"""The word for the time zone of the server, which is the empty string in ``Preferences.zone``."""

ACTIVE, EACH, NOBODY = JOINS = ("active", "on", "off")
"""Who is shown of those who come and go: where there are many, only active people; each of them; or nobody."""

SERVER_CHOICE = "server"
"""The value of a preference of those who leave it to the server's settings."""

AUTO_WIDTH, NO_WIDTH = "auto", "off"
"""The words for the width of the terminal, if it tells it, and for lines that the server does not break."""
NARROWEST, WIDEST, STEP = 20, 200, 10
"""Widths at which lines are broken, in columns: every line is rendered anew for each, so there are not many."""


def fitting_width(columns: int) -> int:
    """Return the width at which lines are broken for a terminal with so many columns; 0, if that is not known: never.

    It is the next one below.
    """
    return min(max(columns - columns % STEP, NARROWEST), WIDEST) if columns else 0


def shown_width(preferences: "Preferences", window: int) -> int:
    """Return the width at which a person's lines are broken; 0: they are not.

    :param window: the columns of the terminal, as it has told them; 0: it has not.
    """
    if preferences.width == NO_WIDTH:
        return 0
    return fitting_width(window if preferences.width == AUTO_WIDTH else int(preferences.width))


@record
class Preferences:
    """A person's choices of what is shown.  Connections with equal preferences share one style and one rendering."""

    echo: bool = False
    emoji: bool = True
    joins: str = EACH
    rooms: str = SERVER_CHOICE
    time: str = "seconds"
    width: str = AUTO_WIDTH
    zone: str = ""

    def changed(self, name: str, value: str) -> "Preferences":
        """Return a copy with one preference changed; name and value as a person types them, in any case.

        :raises BadArguments: the preference does not exist, or does not take this value; lists those that do.
        """
        kind = _KINDS.get(WORD.check(name).lower())
        WORD.check(value)
        if kind is None:
            raise BadArguments(f"There is no setting {name}; the settings are {listed(names())}.")
        return replace(self, **{name.lower(): kind.read(name.lower(), value)})  # type: ignore[arg-type]

    def shown(self, name: str) -> str:
        """Return the value of a preference as a person would type it.

        :raises KeyError: the preference does not exist.
        """
        return _KINDS[name].show(getattr(self, name))

    def describe(self) -> list[str]:
        """Return a line for each preference: its name, its value, what it is for, and which values it takes."""
        return [
            f"{name} {self.shown(name)} - {kind.purpose} ({', '.join(kind.examples)})" for name, kind in _KINDS.items()
        ]


def shown_zone(preferences: Preferences, server: str) -> ZoneInfo | None:
    """Return the time zone in which a person is shown times; None: that of this host.

    :param server: the name of the zone for those who prefer none, a setting; empty: that of this host.
    :raises BadArguments: there is no such zone.
    """
    name = preferences.zone or server
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        raise BadArguments("There is no such time zone; zones are named like Europe/Paris, or UTC.") from None


def names() -> list[str]:
    """Return the names of all preferences."""
    return list(_KINDS)


def values(name: str) -> list[str]:
    """Return every value that a preference takes, for completion; none if the preference does not exist."""
    kind = _KINDS.get(name.lower())
    return list(kind.values()) if kind else []


def find_zone(text: str) -> str:
    """Return the name of a time zone in its own spelling, given in any case; empty for the server's.

    :raises BadArguments: it does not exist; suggests the nearest.
    """
    if WORD.check(text).lower() in ("", SERVER_ZONE):
        return ""
    zones = _zones()
    typed = text.lower().replace(" ", "_")
    if typed in zones:
        return zones[typed]
    # "berlin" is near enough to "Europe/Berlin", and so is "Europe/Berlim".
    near = [zone for lower, zone in zones.items() if lower.rpartition("/")[2] == typed]
    near = near or [zones[lower] for lower in get_close_matches(typed, zones, n=1)]
    hint = f"do you mean {near[0]}?" if near else "write a name such as Europe/Paris, UTC or server."
    raise BadArguments(f"There is no time zone {text}; {hint}")


@cache
def _zones() -> dict[str, str]:
    """Return all time zones (some 600) by their names in lower case, read from the disk once."""
    return {zone.lower(): zone for zone in sorted(zoneinfo.available_timezones())}


@record
class _Kind:
    """A preference: what it is for, which values it takes, how to read and show them."""

    purpose: str
    examples: tuple[str, ...]
    values: Callable[[], list[str]]
    read: Callable[[str, str], object]
    show: Callable[[object], str]


def _choice(purpose: str, **choices: object) -> _Kind:
    """Return a preference that takes one of a few words, each of which represents a value."""

    def read(name: str, text: str) -> object:
        if text.lower() not in choices:
            raise BadArguments(f"{name} can be {listed(list(choices), 'or')}, not {text}.")
        return choices[text.lower()]

    words = {value: word for word, value in choices.items()}
    return _Kind(purpose, tuple(choices), lambda: list(choices), read, lambda value: words[value])


def _read_width(name: str, text: str) -> object:
    if text.lower() in (AUTO_WIDTH, NO_WIDTH):
        return text.lower()
    if not (text.isascii() and text.isdigit()) or not NARROWEST <= int(text) <= 10 * WIDEST:
        raise BadArguments(
            f"{name} can be {AUTO_WIDTH}, {NO_WIDTH} or a number of columns from {NARROWEST} up, not {text}."
        )
    return str(fitting_width(int(text)))


_KINDS = {
    "echo": _choice("show my own lines too", on=True, off=False),
    "emoji": _choice("turn :) and :shortcodes: in my lines into emoji", on=True, off=False),
    "joins": _choice(
        "show when people join and leave: where there are many, only active ones by name; each; or nobody",
        active=ACTIVE,
        on=EACH,
        off=NOBODY,
    ),
    "rooms": _choice(
        "come into my rooms of last time when I log in, or the lobby only",
        mine="mine",
        lobby="lobby",
        server=SERVER_CHOICE,
    ),
    "time": _choice(
        "show the time before each line as [HH:MM:SS], [HH:MM] or not at all",
        seconds="seconds",
        minutes="minutes",
        off="off",
    ),
    "width": _Kind(
        "break lines at the width of your window, not at all, or at so many columns",
        (AUTO_WIDTH, NO_WIDTH, "80", "…"),
        lambda: [AUTO_WIDTH, NO_WIDTH, *map(str, range(NARROWEST, WIDEST + 1, STEP))],
        _read_width,
        str,
    ),
    "zone": _Kind(
        "the time zone in which times are shown",
        (SERVER_ZONE, "Europe/Paris", "UTC", "…"),
        lambda: [SERVER_ZONE, *_zones().values()],
        lambda name, text: find_zone(text),
        lambda zone: str(zone or SERVER_ZONE),
    ),
}
