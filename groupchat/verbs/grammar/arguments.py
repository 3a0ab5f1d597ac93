"""Kinds of argument: how each is read from a typed line, read from JSON, and completed.

A verb's signature is its grammar: each parameter is annotated with one of these.
Everything that others may be shown is cleaned here, once: a typed line by its session, JSON strings by ``from_json``.
Here are the names of people and rooms; ``text_arguments`` has words and passwords, ``number_arguments`` what is counted
or measured, ``word_arguments`` what is chosen from a list.
"""

import unicodedata
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from groupchat.lazy.expressions import expression
from groupchat.lazy.records import record
from groupchat.model import networks, text
from groupchat.model.errors import BadArguments
from groupchat.model.text import Length


@record
class Choices:
    """The names that completion can choose from."""

    nicks: Callable[[], Iterable[str]]
    rooms: Callable[[], Iterable[str]]
    commands: Callable[[], Iterable[str]]


class Argument:
    """One kind of argument.

    ``label`` stands in the usage line; empty: it is not typed, only sent as JSON.
    ``is_new``: it is a password that is chosen now.
    ``secret``: it is a password or a code, which is not shown while it is typed, and kept nowhere.
    ``length``: how long it may be, which is checked first; None: as long as a line, or no text.
    """

    label = "NAME"
    secret = False
    is_new = False
    length: Length | None = text.NICK
    pattern = expression(r"(\S+)\s*")

    def take(self, line: str) -> tuple[Any, str] | None:
        """Read one from the start of a typed line: its value and the rest of the line; None if it does not fit."""
        match = self.pattern.match(line)
        return (self.value(self.bounded(match[1])), line[match.end() :]) if match else None

    def bounded(self, given: str) -> str:
        """Return what was given.  Raises BadArguments if it is too long."""
        return given if self.length is None else self.length.check(given)

    def value(self, word: str) -> Any:
        """Return what the word means.  Raises BadArguments."""
        return word

    def from_json(self, given: object) -> Any:
        """Return what a program gave.  Raises BadArguments."""
        if not isinstance(given, str):
            raise BadArguments(f"{self.label} must be a string.")
        return self.value(text.clean(self.bounded(given)))

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        """Return every value that begins with ``start``, as it would be typed."""
        return ()


class NickArgument(Argument):
    """The nickname of somebody who is here."""

    label = "NICK"

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        begins = unicodedata.normalize("NFC", start).lower()
        return sorted(nick for nick in choices.nicks() if nick.lower().startswith(begins))


class TargetArgument(NickArgument):
    """A nickname, an address or a network."""

    label = "NICK|ADDRESS|NETWORK"
    meant_as_address = expression(r"\d+\.|.*[:/]")
    """How no nickname begins: what is written so is an address or a network, or a mistake in one."""

    def value(self, word: str) -> str:
        if self.meant_as_address.match(word) and networks.parse(word) is None:
            raise BadArguments(f"{word} is no address; write it like 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32.")
        return word


class WhomArgument(NickArgument):
    """The nickname of somebody something is for: for programs to send, and nothing to be typed."""

    label = ""

    def take(self, line: str) -> None:
        return None


class WithArgument(NickArgument):
    """The nickname of one of two people, after the word ``with``."""

    label = "with NICK"
    pattern = expression(r"with\s+(\S+)\s*")


class WhoseArgument(NickArgument):
    """The nickname of somebody, or the name of a room; the number of a message is neither."""

    label = "WHOSE"
    pattern = expression(r"(?!#?[0-9]+(?:\s|$))(\S+)\s*")


class AfterArgument(Argument):
    """The name after which a list goes on, after the word ``after``."""

    label = "after NAME"
    pattern = expression(r"after\s+(\S+)\s*")


class RoomArgument(Argument):
    """The name of a room."""

    label = "ROOM"
    length = text.ROOM

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        return sorted(name for name in choices.rooms() if name.startswith(start.removeprefix("#").lower()))


class RoomBeforeArgument(RoomArgument):
    """The name of a room, when another argument follows it."""

    pattern = expression(r"(\S+)\s+(?=\S)")


class LockedRoomArgument(RoomArgument):
    """The name of a room that is locked; the word ``visible`` alone is none."""

    pattern = expression(r"(?!visible\s*$)(\S+)\s*")


class HereArgument(RoomArgument):
    """The room a verb is about: the current one when typed, any of the caller's rooms in JSON."""

    label = ""

    def take(self, line: str) -> None:
        return None

    def from_json(self, given: object) -> str:
        if not isinstance(given, str):
            raise BadArguments("room must be a string.")
        return text.clean(self.bounded(given))


Nick = Annotated[str, NickArgument()]
Target = Annotated[str, TargetArgument()]
Room = Annotated[str, RoomArgument()]
RoomBefore = Annotated[str, RoomBeforeArgument()]
Here = Annotated[str, HereArgument()]
LockedRoom = Annotated[str, LockedRoomArgument()]
Name = Annotated[str, Argument()]
With = Annotated[str, WithArgument()]
Whom = Annotated[str, WhomArgument()]
WhoseFiles = Annotated[str, WhoseArgument()]
After = Annotated[str, AfterArgument()]
