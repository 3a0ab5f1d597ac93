"""The parts of a line, each checked as a door checks what is typed: lengths, characters, times that calendars have."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from groupchat.journals.rules.rows import milliseconds
from groupchat.model import names
from groupchat.model.drafts import Kind
from groupchat.model.events import AuthorId
from groupchat.model.text import Length, clean_lines, is_harmless
from groupchat.model.times import FIRST_DAY, FIRST_MOMENT, LAST_DAY, LAST_MOMENT

T = TypeVar("T")

TEXT = Length("A text", 65536, "no settings allow a longer line")
TOPIC = Length("A topic", 1000, "no settings allow a longer one")
REASON = Length("This", 4096, "a line, in which it was typed, had no more")
NAME = Length("A name", 64, "no nickname, network or room is longer")
WORD = Length("A word", 64, "no name of a command or preference is longer")

RULES = names.NameRules(1, 64, True, (), True)
"""All nicknames are taken that any settings allow, and pseudonyms of people who were erased."""

NUMBER_MAX = 2**63 - 1
"""The highest number of a post, and of an author."""

_IDENTITY = re.compile("[0-9a-f]{32}")
_DIGITS = re.compile("0|[1-9][0-9]{0,18}")


def comparable(at: int) -> int:
    """Return the time of a row as it comes back out of a line.  Both are milliseconds since 1970 UTC."""
    return min(max(at, milliseconds(FIRST_MOMENT)), milliseconds(LAST_MOMENT))


class Fields:
    """The fields of one line.  Every method raises ValueError or a Refusal, which says what is wrong."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def get(self, name: str, check: Callable[[Any], T]) -> T:
        """Return a field that must be there."""
        if name not in self._given:
            raise ValueError(f"{name} is missing")
        return self._checked(name, check)

    def maybe(self, name: str, check: Callable[[Any], T]) -> T | None:
        """Return a field; None if it is not there."""
        return self._checked(name, check) if self._given.get(name) is not None else None

    def only(self, *known: str) -> None:
        """Check that there are no other fields, except for those that begin with ``x-``."""
        unknown = [name for name in self._given if name not in known and not name.startswith("x-")]
        if unknown:
            raise ValueError(f"this version does not know {unknown[0][:64]!r} in such a line")

    def _checked(self, name: str, check: Callable[[Any], T]) -> T:
        try:
            return check(self._given[name])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error


def words(length: Length, least: int = 0) -> Callable[[Any], str]:
    """Return the check of a text with so many characters that can be shown as it is."""

    def check(given: Any) -> str:
        if not isinstance(given, str):
            raise ValueError("this is not a text")
        length.check(given)
        if len(given) < least:
            raise ValueError("this is empty")
        if not is_harmless(given):
            raise ValueError("the text has characters that messages cannot have")
        return given

    return check


def message(given: Any) -> str:
    """Check the text of a message, which may have several lines."""
    if not isinstance(given, str):
        raise ValueError("this is not a text")
    TEXT.check(given)
    if not given:
        raise ValueError("this is empty")
    if clean_lines(given) != given:
        raise ValueError("the text has characters that messages cannot have")
    return given


_HASH = re.compile("[0-9a-f]{64}")
_LINK = re.compile("[A-Za-z0-9_-]{22}")
_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,40}")


def _matching(pattern: "re.Pattern[str]", what: str) -> Callable[[Any], str]:
    def check(given: Any) -> str:
        if not isinstance(given, str) or not pattern.fullmatch(given):
            raise ValueError(f"this is not {what}")
        return given

    return check


digest = _matching(_HASH, "a hash")
"""Check the hex SHA-256 of a file."""
link = _matching(_LINK, "the public id of a file")
"""Check the public id of a file."""
file_type = _matching(_TYPE, "a type as in HTTP")
"""Check the type of a file."""


def file_name(given: Any) -> str:
    """Check the name of a file, as a door does."""
    if not isinstance(given, str):
        raise ValueError("this is not a text")
    return names.file_name(given)


_name = words(NAME, 1)


@lru_cache(maxsize=4096)
def _nick(given: str) -> str:
    return names.nick(given, RULES)


@lru_cache(maxsize=4096)
def _room(given: str) -> str:
    return names.room(given)


def nick(given: Any) -> str:
    """Check a nickname."""
    return _nick(_name(given))


def room(given: Any) -> str:
    """Check the name of a room."""
    return _room(_name(given))


def room_or_none(given: Any) -> str:
    """Check the name of a room, or the empty text."""
    return room(given) if given != "" else ""


def instant(given: Any) -> float:
    """Read a time with its zone; return seconds since 1970 UTC."""
    if not isinstance(given, str):
        raise ValueError("this is not a time")
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        raise ValueError("this is not a time such as 2026-11-21T09:30:00Z") from None
    if at.tzinfo is None:
        raise ValueError("the time has no time zone")
    if not FIRST_DAY <= at.date() <= LAST_DAY:
        raise ValueError(f"the time is not between {FIRST_DAY} and {LAST_DAY}")
    return min(max(at.timestamp(), FIRST_MOMENT), LAST_MOMENT)


def number(given: Any) -> int:
    """Check the number of a post."""
    if type(given) is not int or not 1 <= given <= NUMBER_MAX:
        raise ValueError("this is not the number of a message")
    return given


def count(given: Any) -> int:
    """Check a whole number from 0 on."""
    return 0 if type(given) is int and given == 0 else number(given)


def author(given: Any) -> AuthorId:
    """Read an author, which is written as a text: many programs round such large numbers."""
    if not isinstance(given, str) or not _DIGITS.fullmatch(given) or int(given) > NUMBER_MAX:
        raise ValueError("this is not an author")
    return AuthorId(int(given))


def seconds(given: Any) -> float:
    """Check a duration."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given) or given < 0:
        raise ValueError("this is not a number of seconds")
    return float(given)


def truth(given: Any) -> bool:
    """Check true or false."""
    if not isinstance(given, bool):
        raise ValueError("this is neither true nor false")
    return given


def kind(given: Any) -> Kind:
    """Check the kind of a post."""
    if not isinstance(given, str) or given not in list(Kind):
        raise ValueError(f"there is no {str(given)[:64]!r}")
    return Kind(given)


def identities(given: Any) -> list[str]:
    """Check a list of identities of journals."""
    if not isinstance(given, list):
        raise ValueError("this is not a list")
    return [identity(one) for one in given]


def identity(given: Any) -> str:
    """Check the identity of a journal."""
    if not isinstance(given, str) or not _IDENTITY.fullmatch(given):
        raise ValueError("this is not the identity of a journal")
    return given
