"""Kinds of argument: how each is read from a typed line, read from JSON, and completed.

A command's signature is its grammar: each parameter is annotated with one of these.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from groupchat.model import emoji, preferences, text, times
from groupchat.model.errors import BadArguments

if TYPE_CHECKING:
    from groupchat.verbs.member import Member

SHORTCODES_MAX = 40
"""The most emoji that are offered for one beginning: there are thousands."""

LARGEST = 2**53
"""The largest whole number every JSON reader knows exactly (RFC 8259, section 6)."""


class Argument:
    """One kind of argument.  ``label`` is how it stands in the usage line."""

    label = "WORD"
    pattern = re.compile(r"(\S+)\s*")

    def take(self, line: str) -> tuple[Any, str] | None:
        """Read one from the start of a typed line: its value and the rest of the line; None if it does not fit."""
        match = self.pattern.match(line)
        return (self.value(match[1]), line[match.end() :]) if match else None

    def value(self, word: str) -> Any:
        """What the word means.  Raises BadArguments."""
        return word

    def from_json(self, given: object) -> Any:
        """What a program gave.  Raises BadArguments."""
        if not isinstance(given, str):
            raise BadArguments(f"{self.label} must be a string.")
        return self.value(text.clean(given))

    def complete(self, me: "Member", start: str) -> Iterable[str]:
        """Every value that begins with ``start``, as it would be typed."""
        return ()


class NickArgument(Argument):
    """Somebody who is here."""

    label = "NICK"

    def complete(self, me: "Member", start: str) -> Iterable[str]:
        return sorted(person.nick for person in me.hall.roster if person.nick.lower().startswith(start.lower()))


class TargetArgument(NickArgument):
    """Somebody, an address or a network."""

    label = "NICK|ADDRESS|NETWORK"


class RoomArgument(Argument):
    """A room."""

    label = "ROOM"

    def complete(self, me: "Member", start: str) -> Iterable[str]:
        return sorted(name for name in me.hall.rooms if name.startswith(start.removeprefix("#").lower()))


class RestArgument(Argument):
    """Everything to the end of the line, with its spacing."""

    label = "TEXT…"
    pattern = re.compile(r"(.+)()", re.DOTALL)

    def complete(self, me: "Member", start: str) -> Iterable[str]:
        """What may stand in something said: nicknames, and ``:shortcodes:`` after a colon."""
        if start.startswith(":"):
            return emoji.shortcodes(start.lower(), SHORTCODES_MAX) if len(start) > 1 else ()
        return NickArgument().complete(me, start) if start else ()

    def from_json(self, given: object) -> Any:
        if not isinstance(given, str):
            raise BadArguments("The text must be a string.")
        return given


class CountArgument(Argument):
    """How many."""

    label = "COUNT"
    pattern = re.compile(r"([0-9]{1,9})(?:\s+|$)")

    def value(self, word: str) -> int:
        count = int(word)
        if count < 1:
            raise BadArguments("How many?  A number from 1 up.")
        return count

    def from_json(self, given: object) -> int:
        return self.value(str(_whole(given, self.label)))


class PostIdArgument(Argument):
    """The number of a message, with or without #."""

    label = "#N"
    pattern = re.compile(r"#?([0-9]{1,15})(?:\s+|$)")

    def value(self, word: str) -> int:
        return int(word)

    def from_json(self, given: object) -> int:
        return _whole(given, "The number")


class SinceArgument(PostIdArgument):
    """The number of a message, after the word ``since``."""

    label = "since #N"
    pattern = re.compile(r"since\s+#?([0-9]{1,15})(?:\s+|$)")


class DayArgument(Argument):
    """A day, as ISO 8601 writes it."""

    label = "YYYY-MM-DD"
    pattern = re.compile(r"([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?:\s+|$)")

    def value(self, word: str) -> date:
        try:
            return date(*map(int, word.split("-")))
        except ValueError:
            raise BadArguments(f"{word} is no day; write it like 2026-11-21.") from None

    def from_json(self, given: object) -> date:
        if not isinstance(given, str) or not self.pattern.fullmatch(given):
            raise BadArguments("A day must be a string like 2026-11-21.")
        return self.value(given)


class DurationArgument(Argument):
    """How long: ``10m``, ``2h``, ``7d``, ``1h30m`` or ``forever``; programs may give a number of seconds."""

    label = "DURATION"
    pattern = re.compile(rf"({times.WRITTEN.pattern})(?:\s+|$)")

    def value(self, word: str) -> float:
        return times.parse(word)

    def from_json(self, given: object) -> float:
        return self.value(given if isinstance(given, str) else f"{_whole(given, self.label)}s")

    def complete(self, me: "Member", start: str) -> Iterable[str]:
        return [choice for choice in ("10m", "2h", "7d", "forever") if choice.startswith(start.lower())]


class SecondsArgument(CountArgument):
    """How many seconds, none being a number too."""

    label = "SECONDS"

    def value(self, word: str) -> int:
        return int(word)


class PreferenceArgument(Argument):
    """The name of something /set changes."""

    label = "NAME"

    def complete(self, me: "Member", start: str) -> Iterable[str]:
        return [name for name in preferences.names() if name.startswith(start.lower())]


class PreferenceValueArgument(Argument):
    """What a preference is set to."""

    label = "VALUE"

    def from_json(self, given: object) -> str:
        if isinstance(given, bool):
            return "on" if given else "off"
        return str(super().from_json(given))

    def complete(self, me: "Member", start: str) -> Iterable[str]:
        every = (value for name in preferences.names() for value in preferences.values(name))
        return sorted({value for value in every if value.lower().startswith(start.lower())})


class SwitchArgument(Argument):
    """Whether something is to be so: for programs to say, and nothing to be typed."""

    label = ""

    def take(self, line: str) -> None:
        return None

    def from_json(self, given: object) -> bool:
        if not isinstance(given, bool):
            raise BadArguments("Such a field is true or false.")
        return given


class CommandArgument(Argument):
    """The name of a command."""

    label = "COMMAND"

    def value(self, word: str) -> str:
        return word.removeprefix("/").lower()

    def complete(self, me: "Member", start: str) -> Iterable[str]:
        from groupchat.verbs.commands import COMMANDS  # the table itself needs this module

        return [name for name in COMMANDS.names() if name.startswith(start.removeprefix("/").lower())]


def _whole(given: object, label: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= LARGEST:
        raise BadArguments(f"{label} must be a whole number, not negative.")
    return given


Nick = Annotated[str, NickArgument()]
Target = Annotated[str, TargetArgument()]
Room = Annotated[str, RoomArgument()]
Word = Annotated[str, Argument()]
Rest = Annotated[str, RestArgument()]
Count = Annotated[int, CountArgument()]
PostId = Annotated[int, PostIdArgument()]
Since = Annotated[int, SinceArgument()]
Day = Annotated[date, DayArgument()]
Duration = Annotated[float, DurationArgument()]
Seconds = Annotated[int, SecondsArgument()]
PreferenceName = Annotated[str, PreferenceArgument()]
PreferenceValue = Annotated[str, PreferenceValueArgument()]
Switch = Annotated[bool, SwitchArgument()]
CommandName = Annotated[str, CommandArgument()]
