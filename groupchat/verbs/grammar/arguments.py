"""Kinds of argument: how each is read from a typed line, read from JSON, and completed.

A verb's signature is its grammar: each parameter is annotated with one of these.
Everything that others may be shown is cleaned here, once: a typed line by its session, JSON strings by ``from_json``.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from groupchat.facts.room_facts import ROOM_SETTINGS
from groupchat.model import names, networks, preferences, text, times
from groupchat.model.errors import BadArguments
from groupchat.model.message import emoji
from groupchat.model.message.sought import THINGS
from groupchat.model.text import Length
from groupchat.verbs.grammar.search_terms import KEYS, Terms, terms

SHORTCODES_MAX = 40
"""The most emoji that are offered for one beginning: there are thousands."""

LARGEST = 2**53
"""The largest whole number every JSON reader knows exactly (RFC 8259, section 6)."""


SHOWN = 24
"""The most characters of a wrong word that are repeated in a refusal."""

OTHERS = "others"
"""Stands for all connections of one's own but the present one."""


@dataclass(frozen=True, slots=True)
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
    pattern = re.compile(r"(\S+)\s*")

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
    meant_as_address = re.compile(r"\d+\.|.*[:/]")
    """How no nickname begins: what is written so is an address or a network, or a mistake in one."""

    def value(self, word: str) -> str:
        if self.meant_as_address.match(word) and networks.parse(word) is None:
            raise BadArguments(f"{word} is no address; write it like 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32.")
        return word


class RoomArgument(Argument):
    """The name of a room."""

    label = "ROOM"
    length = text.ROOM

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        return sorted(name for name in choices.rooms() if name.startswith(start.removeprefix("#").lower()))


class RoomBeforeArgument(RoomArgument):
    """The name of a room, when another argument follows it."""

    pattern = re.compile(r"(\S+)\s+(?=\S)")


class LockedRoomArgument(RoomArgument):
    """The name of a room that is locked; the word ``visible`` alone is none."""

    pattern = re.compile(r"(?!visible\s*$)(\S+)\s*")


class HereArgument(RoomArgument):
    """The room a verb is about: the current one when typed, any of the caller's rooms in JSON."""

    label = ""

    def take(self, line: str) -> None:
        return None

    def from_json(self, given: object) -> str:
        if not isinstance(given, str):
            raise BadArguments("room must be a string.")
        return text.clean(self.bounded(given))


class RestArgument(Argument):
    """Everything to the end of the line, with its spacing."""

    label = "TEXT"
    length: Length | None = None
    pattern = re.compile(r"(.+)()", re.DOTALL)

    def value(self, word: str) -> str:
        """Return the text without long runs of blanks: it stands in lines with others' words, in answers too."""
        return text.shown(word)

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        """Complete what may stand in a message: nicknames, and ``:shortcodes:`` after a colon."""
        if start.startswith(":"):
            return emoji.shortcodes(start.lower(), SHORTCODES_MAX) if len(start) > 1 else ()
        return NickArgument().complete(choices, start) if start else ()

    def from_json(self, given: object) -> str:
        if not isinstance(given, str):
            raise BadArguments("The text must be a string.")
        return self.value(text.clean(self.bounded(given)))


class MessageArgument(RestArgument):
    """Words to say, which may have several lines when a program sends them; their blanks are kept."""

    def value(self, word: str) -> str:
        return word

    def from_json(self, given: object) -> str:
        if not isinstance(given, str):
            raise BadArguments("The text must be a string.")
        return text.clean_lines(given)


class SearchArgument(RestArgument):
    """What is searched for: words, and conditions."""

    length = text.SEARCH

    def value(self, word: str) -> Any:
        return terms(word)

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        """Complete conditions, and the names in them."""
        minus, word = "-" if start.startswith("-") else "", start.removeprefix("-")
        key, colon, value = word.lower().partition(":")
        if not colon:
            return [f"{minus}{key}:" for key in KEYS if word and key.startswith(word.lower())]
        if key in ("from", "with"):
            found = NickArgument().complete(choices, value.removeprefix("@"))
        elif key == "in":
            found = RoomArgument().complete(choices, value)
        else:
            found = [thing for thing in THINGS if key == "has" and thing.startswith(value)]
        return [f"{minus}{key}:{name}" for name in found]


class FileNameArgument(Argument):
    """The name of a file; one with blanks stands in quotes."""

    label = "NAME"
    length = text.FILE_NAME
    pattern = re.compile(r'(?:"([^"]*)"|(\S+))(?:\s+|$)')

    def take(self, line: str) -> tuple[Any, str] | None:
        found = self.pattern.match(line)
        if found is None:
            return None
        return self.value(self.bounded(found[1] if found[1] is not None else found[2])), line[found.end() :]

    def value(self, word: str) -> str:
        return names.file_name(word)

    def from_json(self, given: object) -> str:
        if not isinstance(given, str):
            raise BadArguments("The name of a file must be a string.")
        return self.value(given)


class SizeArgument(Argument):
    """The number of a file's bytes: for programs to send, and nothing to be typed."""

    label = ""
    length: Length | None = None

    def take(self, line: str) -> None:
        return None

    def from_json(self, given: object) -> int:
        return _whole(given, "size")


class ReasonArgument(RestArgument):
    """A reason, to the end of the line."""

    label = "REASON"


class CountArgument(Argument):
    """A number of things, from 1 up."""

    label = "COUNT"
    length: Length | None = None
    pattern = re.compile(r"([0-9]{1,9})(?:\s+|$)")

    def value(self, word: str) -> int:
        count = int(word)
        if count < 1:
            raise BadArguments("A count is a number from 1 up.")
        return count

    def from_json(self, given: object) -> int:
        return self.value(str(_whole(given, self.label)))


class EndingArgument(Argument):
    """The number of one's own connection, or all others."""

    label = "NUMBER|others"
    length: Length | None = text.WORD

    def value(self, word: str) -> int | str:
        if word.lower() == OTHERS:
            return OTHERS
        if not re.fullmatch("[0-9]{1,9}", word):
            raise BadArguments(f"Give the number of a connection, or {OTHERS}; /whoami lists them.")
        return int(word)

    def from_json(self, given: object) -> int | str:
        return self.value(self.bounded(given)) if isinstance(given, str) else _whole(given, "The number")

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        return [OTHERS] if OTHERS.startswith(start.lower()) else []


class PostIdArgument(Argument):
    """The number of a message, with or without #."""

    label = "#N"
    length: Length | None = None
    pattern = re.compile(r"#?([0-9]{1,15})(?:\s+|$)")
    attempt = re.compile(r"(#?[+−.,-]*\d\S*)")
    """What stands in the place of a number and is meant as one, or cannot be told from one that is."""

    def take(self, line: str) -> tuple[Any, str] | None:
        """Read a number; None if the line goes on with something else.

        :raises BadArguments: it goes on with what looks like a number and is none: it might be taken for words.
        """
        taken = super().take(line)
        if taken is None and (attempt := self.attempt.match(line)) is not None:
            word = attempt[1] if len(attempt[1]) <= SHOWN else f"{attempt[1][:SHOWN]}…"
            raise BadArguments(
                f"{word} is not the number of a message; write it like #41. /history shows the numbers. Before words"
                " that begin so, write the number of the message too."
            )
        return taken

    def value(self, word: str) -> int:
        return int(word)

    def from_json(self, given: object) -> int:
        return _whole(given, "The number")


class WhomArgument(NickArgument):
    """The nickname of somebody something is for: for programs to send, and nothing to be typed."""

    label = ""

    def take(self, line: str) -> None:
        return None


class EarlierArgument(PostIdArgument):
    """The number before which a list goes on: for programs to send; people write it among the words."""

    label = ""

    def take(self, line: str) -> None:
        return None

    def from_json(self, given: object) -> int:
        return _whole(given, "before")


class AnsweredArgument(PostIdArgument):
    """The number of the message that is answered: for programs to send, and nothing to be typed."""

    label = ""

    def take(self, line: str) -> None:
        return None

    def from_json(self, given: object) -> int:
        return _whole(given, "reply")


class SinceArgument(PostIdArgument):
    """The number of a message, after the word ``since``."""

    label = "since #N"
    pattern = re.compile(r"since\s+#?([0-9]{1,15})(?:\s+|$)")
    attempt = re.compile(r"since\s+(\S+)")


class BeforeArgument(PostIdArgument):
    """The number of a message, after the word ``before``."""

    label = "before #N"
    pattern = re.compile(r"before\s+#?([0-9]{1,15})(?:\s+|$)")
    attempt = re.compile(r"before\s+(\S+)")


class AfterArgument(Argument):
    """The name after which a list goes on, after the word ``after``."""

    label = "after NAME"
    pattern = re.compile(r"after\s+(\S+)\s*")


class WithArgument(NickArgument):
    """The nickname of one of two people, after the word ``with``."""

    label = "with NICK"
    pattern = re.compile(r"with\s+(\S+)\s*")


class WhoseArgument(NickArgument):
    """The nickname of somebody, or the name of a room; the number of a message is neither."""

    label = "WHOSE"
    pattern = re.compile(r"(?!#?[0-9]+(?:\s|$))(\S+)\s*")


class DayArgument(Argument):
    """A day, as ISO 8601 writes it."""

    label = "YYYY-MM-DD"
    length: Length | None = None
    pattern = re.compile(r"([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?:\s+|$)")

    def value(self, word: str) -> date:
        try:
            day = date(*map(int, word.split("-")))
        except ValueError:
            raise BadArguments(f"There is no day {word}; write it like 2026-11-21.") from None
        if not times.FIRST_DAY <= day <= times.LAST_DAY:
            raise BadArguments(f"A day is from {times.FIRST_DAY} to {times.LAST_DAY}, not {word}.")
        return day

    def from_json(self, given: object) -> date:
        if not isinstance(given, str) or not self.pattern.fullmatch(given):
            raise BadArguments("A day must be a string like 2026-11-21.")
        return self.value(given)


class DurationArgument(Argument):
    """A duration: ``10m``, ``2h``, ``7d``, ``1h30m`` or ``forever``; programs may give a number of seconds."""

    label = "DURATION"
    length: Length | None = text.DURATION
    pattern = re.compile(rf"({times.WRITTEN.pattern})(?:\s+|$)")
    examples = "10m, 2h, 1h30m or forever; before a reason that begins with a number, write forever"
    offered = ("10m", "2h", "7d", "forever")
    """What completion offers."""
    attempt = re.compile(r"[+−.,-]\S*|\d\S*")
    """What stands in the place of a duration and is meant as one, or cannot be told from one that is."""

    def take(self, line: str) -> tuple[Any, str] | None:
        """Read a duration; None if the line goes on with something else.

        :raises BadArguments: it goes on with a number that is no duration: as the beginning of a reason it would mean
            that there is no end.
        """
        taken = super().take(line)
        if taken is None and (attempt := self.attempt.match(line)) is not None:
            word = attempt[0]
            shown = word if len(word) <= text.DURATION.most else f"{word[: text.DURATION.most]}…"
            raise BadArguments(f"{shown} is not a duration; write it like {self.examples}.")
        return taken

    def is_misplaced(self, line: str) -> bool:
        """Say whether a line begins with a duration, where a name is expected: nicknames begin with a letter."""
        return line[:1].isdecimal() and self.pattern.match(line) is not None

    def value(self, word: str) -> float:
        return times.parse(word)

    def from_json(self, given: object) -> float:
        return self.value(self.bounded(given) if isinstance(given, str) else f"{_whole(given, self.label)}s")

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        return [choice for choice in self.offered if choice.startswith(start.lower())]


class PauseArgument(DurationArgument):
    """A duration without which there may be none: ``30s``, ``5m``, or a number of seconds, from 0 up."""

    pattern = re.compile(rf"([0-9]{{1,9}}|{times.WRITTEN.pattern})(?:\s+|$)")
    examples = "30, 30s or 5m, or 0 to end it"
    offered = ("0", "10s", "30s", "1m")

    def value(self, word: str) -> float:
        return int(word) if word.isdecimal() else super().value(word)

    def from_json(self, given: object) -> float:
        return super().value(self.bounded(given)) if isinstance(given, str) else _whole(given, "The number of seconds")


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
    pattern = re.compile(r"(visible)\s*$")

    def take(self, line: str) -> tuple[Any, str] | None:
        return (True, "") if self.pattern.match(line) else None

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        return [self.label] if self.label.startswith(start.lower()) else []


class AllArgument(VisibleArgument):
    """The word ``all``."""

    label = "all"
    pattern = re.compile(r"(all)\s*$")


class CommandArgument(Argument):
    """The name of a command, or of a topic of the help, or its title; with its slash always that of a command."""

    label = "NAME"
    length = text.WORD
    pattern = re.compile(r"(.+)()", re.DOTALL)

    def value(self, word: str) -> str:
        return " ".join(word.lower().split())

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        return [name for name in choices.commands() if name.startswith(start.removeprefix("/").lower())]


class PasswordArgument(Argument):
    """A password among other arguments: without spaces, as it is; how long it may be is said when it is checked."""

    label = "PASSWORD"
    secret = True
    length: Length | None = None

    def from_json(self, given: object) -> str:
        if not isinstance(given, str):
            raise BadArguments(f"{self.label} must be a string.")
        return self.bounded(given)


class ChosenPasswordArgument(PasswordArgument):
    """A new password among other arguments."""

    is_new = True


class OldPasswordArgument(PasswordArgument):
    """The present password."""

    label = "OLD"


class PassphraseArgument(PasswordArgument):
    """A password at the end: spaces and all."""

    pattern = re.compile(r"(.+)()", re.DOTALL)


class NewPasswordArgument(PassphraseArgument):
    """The password wanted from now on."""

    label = "NEW"
    is_new = True


class ChosenPassphraseArgument(PassphraseArgument):
    """A new password at the end."""

    is_new = True


class CodeArgument(PasswordArgument):
    """An invitation."""

    label = "CODE"
    length = text.CODE


def _whole(given: object, label: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= LARGEST:
        raise BadArguments(f"{label} must be a whole number, not negative.")
    return given


Nick = Annotated[str, NickArgument()]
Target = Annotated[str, TargetArgument()]
Room = Annotated[str, RoomArgument()]
RoomBefore = Annotated[str, RoomBeforeArgument()]
Here = Annotated[str, HereArgument()]
LockedRoom = Annotated[str, LockedRoomArgument()]
Name = Annotated[str, Argument()]
Rest = Annotated[str, RestArgument()]
Message = Annotated[str, MessageArgument()]
Search = Annotated[Terms, SearchArgument()]
Earlier = Annotated[int, EarlierArgument()]
Reason = Annotated[str, ReasonArgument()]
Count = Annotated[int, CountArgument()]
Ending = Annotated[int | str, EndingArgument()]
FileName = Annotated[str, FileNameArgument()]
Size = Annotated[int, SizeArgument()]
PostId = Annotated[int, PostIdArgument()]
Answered = Annotated[int, AnsweredArgument()]
Since = Annotated[int, SinceArgument()]
Before = Annotated[int, BeforeArgument()]
With = Annotated[str, WithArgument()]
Whom = Annotated[str, WhomArgument()]
WhoseFiles = Annotated[str, WhoseArgument()]
After = Annotated[str, AfterArgument()]
Day = Annotated[date, DayArgument()]
Duration = Annotated[float, DurationArgument()]
Pause = Annotated[float, PauseArgument()]
PreferenceName = Annotated[str, PreferenceArgument()]
PreferenceValue = Annotated[str, PreferenceValueArgument()]
RoomSettingName = Annotated[str, RoomSettingArgument()]
RoomSettingValue = Annotated[str, RoomSettingValueArgument()]
Switch = Annotated[bool, SwitchArgument()]
Visible = Annotated[bool, VisibleArgument()]
All = Annotated[bool, AllArgument()]
CommandName = Annotated[str, CommandArgument()]
Password = Annotated[str, ChosenPasswordArgument()]
OldPassword = Annotated[str, OldPasswordArgument()]
NewPassword = Annotated[str, NewPasswordArgument()]
Passphrase = Annotated[str, PassphraseArgument()]
ChosenPassphrase = Annotated[str, ChosenPassphraseArgument()]
Code = Annotated[str, CodeArgument()]
