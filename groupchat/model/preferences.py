"""What a person can change with /set: each a field, with what it is for."""

import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache

from groupchat.model.errors import BadArguments

SERVER_ZONE = "server"
"""The word for the server's own time zone, which ``Preferences.zone`` holds as the empty string."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """How one person wants things shown.  Equal preferences share one style, and so one rendering."""

    echo: bool = False
    emoji: bool = True
    joins: bool = True
    time: str = "seconds"
    zone: str = ""

    def changed(self, name: str, value: str) -> "Preferences":
        """These preferences with one changed, both as a person types them, in whatever case.

        :raises BadArguments: there is no such preference, or it takes no such value; says which there are.
        """
        kind = _KINDS.get(name.lower())
        if kind is None:
            raise BadArguments(f"There is no setting {name[:64]}; there are {_listed(names(), 'and')}.")
        return replace(self, **{name.lower(): kind.read(name.lower(), value)})  # type: ignore[arg-type]

    def shown(self, name: str) -> str:
        """A preference's value, as a person would type it.

        :raises KeyError: there is no such preference.
        """
        return _KINDS[name].show(getattr(self, name))

    def describe(self) -> list[str]:
        """A line for each preference: its name, its value, what else it could be, and what it is for."""
        return [
            f"{name} {self.shown(name)} - {kind.purpose} ({', '.join(kind.examples)})" for name, kind in _KINDS.items()
        ]


def names() -> list[str]:
    """The names of all preferences."""
    return list(_KINDS)


def values(name: str) -> list[str]:
    """Every value a preference takes, for completion; none when there is no such preference."""
    kind = _KINDS.get(name.lower())
    return list(kind.values()) if kind else []


def find_zone(text: str) -> str:
    """The time zone's name as it is spelt, for a name in whatever case; empty for the server's.

    :raises BadArguments: there is none; suggests the nearest.
    """
    if text.lower() in ("", SERVER_ZONE):
        return ""
    zones = _zones()
    typed = text[:64].lower().replace(" ", "_")
    if typed in zones:
        return zones[typed]
    # "berlin" is near enough to "Europe/Berlin", and so is "Europe/Berlim".
    near = [zone for lower, zone in zones.items() if lower.rpartition("/")[2] == typed]
    near = near or [zones[lower] for lower in get_close_matches(typed, zones, n=1)]
    hint = f"do you mean {near[0]}?" if near else "it is a name such as Europe/Paris, UTC or server."
    raise BadArguments(f"There is no time zone {text[:64]}; {hint}")


@cache
def _zones() -> dict[str, str]:
    """Every time zone by its name in lower case; some 600, read from the disk once."""
    return {zone.lower(): zone for zone in sorted(zoneinfo.available_timezones())}


@dataclass(frozen=True, slots=True)
class _Kind:
    """One preference: what it is for, what it takes, how it is read and shown."""

    purpose: str
    examples: tuple[str, ...]
    values: Callable[[], list[str]]
    read: Callable[[str, str], object]
    show: Callable[[object], str]


def _choice(purpose: str, **choices: object) -> _Kind:
    """A preference that takes one of a few words, each of which stands for a value."""

    def read(name: str, text: str) -> object:
        if text.lower() not in choices:
            raise BadArguments(f"{name} can be {_listed(list(choices), 'or')}, not {text[:64]}.")
        return choices[text.lower()]

    words = {value: word for word, value in choices.items()}
    return _Kind(purpose, tuple(choices), lambda: list(choices), read, lambda value: words[value])


_KINDS = {
    "echo": _choice("show me my own lines too", on=True, off=False),
    "emoji": _choice("turn :) and :shortcodes: in my lines into emoji", on=True, off=False),
    "joins": _choice("show me who comes and goes", on=True, off=False),
    "time": _choice(
        "the time before each line: [HH:MM:SS], [HH:MM] or none", seconds="seconds", minutes="minutes", off="off"
    ),
    "zone": _Kind(
        "the time zone of the times",
        (SERVER_ZONE, "Europe/Paris", "UTC", "…"),
        lambda: [SERVER_ZONE, *_zones().values()],
        lambda name, text: find_zone(text),
        lambda zone: str(zone or SERVER_ZONE),
    ),
}


def _listed(words: list[str], last: str) -> str:
    """``a, b or c``."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
