"""Arguments that are chosen from a list: preferences, settings of rooms, commands, switches."""

import re
from collections.abc import Iterable
from typing import Annotated, Any

from groupchat.facts.room_facts import ROOM_SETTINGS
from groupchat.lazy.expressions import expression
from groupchat.model import preferences, text
from groupchat.model.errors import BadArguments
from groupchat.model.text import Length
from groupchat.verbs.grammar.arguments import Argument, Choices


class PreferenceArgument(Argument):
    """The name of something /set changes."""

    label = "NAME"
    length = text.WORD

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        return [name for name in preferences.names() if name.startswith(start.lower())]


class PreferenceValueArgument(Argument):
    """The value of a preference."""

    label = "VALUE"
    length = text.WORD

    def from_json(self, given: object) -> str:
        if isinstance(given, bool):
            return "on" if given else "off"
        return str(super().from_json(given))

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        every = (value for name in preferences.names() for value in preferences.values(name))
        return sorted({value for value in every if value.lower().startswith(start.lower())})


class RoomSettingArgument(Argument):
    """The name of a setting of a room."""

    label = "NAME"
    length = text.WORD

    def value(self, word: str) -> str:
        return word.lower()

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        return [name for name in ROOM_SETTINGS if name.startswith(start.lower())]


class RoomSettingValueArgument(RoomSettingArgument):
    """The value of a setting of a room."""

    label = "VALUE"

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        every = {value for values in ROOM_SETTINGS.values() for value in values}
        return sorted(value for value in every if value.startswith(start.lower()))


class NodeArgument(Argument):
    """The name of a node of the cluster."""

    label = "NODE"
    length = text.WORD


class SwitchArgument(Argument):
    """True or false: for programs to send, and nothing to be typed."""

    label = ""
    length: Length | None = None

    def take(self, line: str) -> tuple[Any, str] | None:
        return None

    def from_json(self, given: object) -> bool:
        if not isinstance(given, bool):
            raise BadArguments("Such a field is true or false.")
        return given


class VisibleArgument(SwitchArgument):
    """The word ``visible``."""

    label = "visible"
    pattern = expression(r"(visible)\s*$")

    def take(self, line: str) -> tuple[Any, str] | None:
        return (True, "") if self.pattern.match(line) else None

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        return [self.label] if self.label.startswith(start.lower()) else []


class AllArgument(VisibleArgument):
    """The word ``all``."""

    label = "all"
    pattern = expression(r"(all)\s*$")


class CommandArgument(Argument):
    """The name of a command, or of a topic of the help, or its title; with its slash always that of a command."""

    label = "NAME"
    length = text.WORD
    pattern = expression(r"(.+)()", re.DOTALL)

    def value(self, word: str) -> str:
        return " ".join(word.lower().split())

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        return [name for name in choices.commands() if name.startswith(start.removeprefix("/").lower())]


PreferenceName = Annotated[str, PreferenceArgument()]
PreferenceValue = Annotated[str, PreferenceValueArgument()]
RoomSettingName = Annotated[str, RoomSettingArgument()]
RoomSettingValue = Annotated[str, RoomSettingValueArgument()]
NodeName = Annotated[str, NodeArgument()]
Switch = Annotated[bool, SwitchArgument()]
Visible = Annotated[bool, VisibleArgument()]
All = Annotated[bool, AllArgument()]
CommandName = Annotated[str, CommandArgument()]
