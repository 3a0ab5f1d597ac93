"""The language of searches: words, ``"a phrase"``, ``-word`` and conditions such as ``from:bob before:2026-11-01``.

Only what begins with one of KEYS and a colon is a condition, so that ``http://example.org`` and ``12:30`` are words.
"""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, tzinfo
from math import inf

from groupchat.lazy.expressions import expression
from groupchat.model import text, times
from groupchat.model.errors import BadArguments
from groupchat.model.message.sought import THINGS, Sought, Whose
from groupchat.model.wording import listed

EXAMPLES = {
    "from": "from:bob",
    "in": "in:dev",
    "with": "with:bob",
    "has": "has:file",
    "before": "before:2026-11-21 or before:#41",
    "after": "after:2026-11-21 or after:#41",
    "on": "on:2026-11-21",
}
"""How each condition is written."""

KEYS = tuple(EXAMPLES)

MANY = frozenset({"has"})
"""The conditions of which there can be several."""

EXCLUDED = frozenset({"from", "has"})
"""The conditions that can be turned round by a - before them; of these, too, there can be several."""

_QUOTES = '"“”„'
_SIGN = r"!-/:-@\[-`{-~"
_TERM = expression(
    rf"(?P<minus>-(?=[{_QUOTES}]|[^\s{_SIGN}]))?(?:(?P<key>{'|'.join(KEYS)}):)?"
    rf"(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]|(?P<word>\S*))",
    re.IGNORECASE,
)
_NUMBER = expression(r"#?([0-9]{1,15})")
_DAY = expression(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")


@dataclass(slots=True)
class Terms:
    """What was asked for, with names as they were typed; empty: nothing was said about it."""

    words: list[str] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    author: str = ""
    not_authors: list[str] = field(default_factory=list)
    room: str = ""
    partner: str = ""
    has: list[str] = field(default_factory=list)
    has_not: list[str] = field(default_factory=list)
    after: int | date | None = None
    before: int | date | None = None
    on: date | None = None

    def sought(
        self, zone: tzinfo | None, whose: Callable[[str], Whose], earlier: int | None = None, wordless: bool = False
    ) -> Sought:
        """Return what a journal is asked for; where to look is not in it.

        :param zone: that of the days.  :param whose: returns whose messages are meant by a nickname.
        :param earlier: the number before which it goes on.  :param wordless: where to look says enough.
        """
        start, end, after, before = -inf, inf, 0, sys.maxsize if earlier is None else earlier
        if self.on is not None:
            start, end = times.span(self.on, zone)
        if isinstance(self.after, date):
            start = max(start, times.span(self.after, zone)[1])
        elif self.after is not None:
            after = self.after
        if isinstance(self.before, date):
            end = min(end, times.span(self.before, zone)[0])
        elif self.before is not None:
            before = min(before, self.before)
        return Sought(
            " ".join(self.words), tuple(self.phrases), tuple(self.without), whose(self.author) if self.author else None,
            tuple(map(whose, self.not_authors)), tuple(self.has), tuple(self.has_not), after, before, start, end,
            wordless,
        )  # fmt: skip


def terms(line: str) -> Terms:
    """Read a search.

    :raises BadArguments: a phrase has no end, or a condition is not one, or stands there twice.
    """
    found = Terms()
    given: set[str] = set()
    line = line.strip()
    while line:
        match = _TERM.match(line)
        assert match is not None  # it matches every line
        line = line[match.end() :].lstrip()
        key, word = (match["key"] or "").lower(), match["word"]
        if word is not None and word[:1] and word[0] in _QUOTES:
            raise BadArguments('A phrase ends with a quotation mark, too: "two words".')
        value = match["phrase"] if word is None else word
        if key:
            _condition(found, key, value, match["minus"] is not None, given)
        elif match["minus"]:
            found.without.append(value)
        else:
            (found.words if word is not None else found.phrases).append(value)
    return found


def _condition(found: Terms, key: str, value: str, is_not: bool, given: set[str]) -> None:
    """Take one condition.

    :raises BadArguments: its value is none that it can have, or it was given before.
    """
    if not value:
        raise BadArguments(f'Write {EXAMPLES[key]}, without a blank. To search for the word, write "{key}:".')
    if is_not and key not in EXCLUDED:
        raise BadArguments(f"{key}: cannot be turned round by a -.")
    if not is_not and key not in MANY and key in given:
        raise BadArguments(f"{key}: can stand in a search only once.")
    if not is_not:
        given.add(key)
    if key == "from":
        name = text.NICK.check(value.removeprefix("@"))
        if is_not:
            found.not_authors.append(name)
        else:
            found.author = name
    elif key == "with":
        found.partner = text.NICK.check(value.removeprefix("@"))
    elif key == "in":
        found.room = text.ROOM.check(value)
    elif key == "has":
        if value.lower() not in THINGS:
            raise BadArguments(f"has: takes {listed(THINGS, 'or')}, not {value[:24]}.")
        (found.has_not if is_not else found.has).append(value.lower())
    elif key == "on":
        found.on = _day(key, value)
    else:
        number = _NUMBER.fullmatch(value)
        when = _day(key, value) if number is None else int(number[1])
        if key == "after":
            found.after = when
        else:
            found.before = when


def _day(key: str, value: str) -> date:
    """:raises BadArguments: there is no such day."""
    if not _DAY.fullmatch(value):
        raise BadArguments(f"{key}:{value[:24]} is no day; write it like {EXAMPLES[key]}.")
    return times.day(value)
