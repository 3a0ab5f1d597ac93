"""Arguments that are numbers: counts, messages, connections, days and durations."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

from groupchat.lazy.expressions import expression
from groupchat.model import text, times
from groupchat.model.errors import BadArguments
from groupchat.model.text import Length
from groupchat.verbs.grammar.arguments import Argument, Choices

LARGEST = 2**53
"""The largest whole number every JSON reader knows exactly (RFC 8259, section 6)."""

SHOWN = 24
"""The most characters of a wrong word that are repeated in a refusal."""

OTHERS = "others"
"""Stands for all connections of one's own but the present one."""


class SizeArgument(Argument):
    """The number of a file's bytes: for programs to send, and nothing to be typed."""

    label = ""
    length: Length | None = None

    def take(self, line: str) -> None:
        return None

    def from_json(self, given: object) -> int:
        return _whole(given, "size")


class CountArgument(Argument):
    """A number of things, from 1 up."""

    label = "COUNT"
    length: Length | None = None
    pattern = expression(r"([0-9]{1,9})(?:\s+|$)")

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
    pattern = expression(r"#?([0-9]{1,15})(?:\s+|$)")
    attempt = expression(r"(#?[+−.,-]*\d\S*)")
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
    pattern = expression(r"since\s+#?([0-9]{1,15})(?:\s+|$)")
    attempt = expression(r"since\s+(\S+)")


class BeforeArgument(PostIdArgument):
    """The number of a message, after the word ``before``."""

    label = "before #N"
    pattern = expression(r"before\s+#?([0-9]{1,15})(?:\s+|$)")
    attempt = expression(r"before\s+(\S+)")


class DayArgument(Argument):
    """A day, as ISO 8601 writes it."""

    label = "YYYY-MM-DD"
    length: Length | None = None
    pattern = expression(r"([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?:\s+|$)")

    def value(self, word: str) -> date:
        return times.day(word)

    def from_json(self, given: object) -> date:
        if not isinstance(given, str) or not self.pattern.fullmatch(given):
            raise BadArguments("A day must be a string like 2026-11-21.")
        return self.value(given)


class DurationArgument(Argument):
    """A duration: ``10m``, ``2h``, ``7d``, ``1h30m`` or ``forever``; programs may give a number of seconds."""

    label = "DURATION"
    length: Length | None = text.DURATION
    pattern = expression(rf"({times.WRITTEN.pattern})(?:\s+|$)")
    examples = "10m, 2h, 1h30m or forever; before a reason that begins with a number, write forever"
    offered = ("10m", "2h", "7d", "forever")
    """What completion offers."""
    attempt = expression(r"[+−.,-]\S*|\d\S*")
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

    pattern = expression(rf"([0-9]{{1,9}}|{times.WRITTEN.pattern})(?:\s+|$)")
    examples = "30, 30s or 5m, or 0 to end it"
    offered = ("0", "10s", "30s", "1m")

    def value(self, word: str) -> float:
        return int(word) if word.isdecimal() else super().value(word)

    def from_json(self, given: object) -> float:
        return super().value(self.bounded(given)) if isinstance(given, str) else _whole(given, "The number of seconds")


def _whole(given: object, label: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= LARGEST:
        raise BadArguments(f"{label} must be a whole number, not negative.")
    return given


Earlier = Annotated[int, EarlierArgument()]
Count = Annotated[int, CountArgument()]
Ending = Annotated[int | str, EndingArgument()]
Size = Annotated[int, SizeArgument()]
PostId = Annotated[int, PostIdArgument()]
Answered = Annotated[int, AnsweredArgument()]
Since = Annotated[int, SinceArgument()]
Before = Annotated[int, BeforeArgument()]
Day = Annotated[date, DayArgument()]
Duration = Annotated[float, DurationArgument()]
Pause = Annotated[float, PauseArgument()]
