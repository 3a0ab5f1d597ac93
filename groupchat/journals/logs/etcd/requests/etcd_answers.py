"""What stands in etcd's answers.

What is zero, empty or false is left out; numbers of 64 bits come as strings.  Whatever etcd would not have answered
raises WrongAnswer, or another ValueError: nothing is concluded from it.
"""

import json
import re
import reprlib
from binascii import a2b_base64
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from groupchat.lazy.records import record

Answer: TypeAlias = Mapping[str, Any]
"""A JSON object that etcd answered with."""


MOST_PARTS = 100_000
"""The most values of one answer.  A watch brings at most a thousand events at once, each with about ten values; so
many are read in a few hundredths of a second."""

_PART_SIGNS = (b",", b"{", b"[", b"\\")
"""What begins each value but the first of all, or an escape within a string, which takes as long."""


MOST_SAID = 300
"""The most characters that people are shown of what a server says; its own sentences have about 60, and few 200."""


class WrongAnswer(ValueError):
    """Etcd gives no such answer."""


_NUMBER = re.compile("-?[0-9]{1,19}")


def parts(text: bytes | bytearray, begin: int = 0) -> int:
    """Return how many values and escapes there can be in JSON from this place on, at most, without reading it."""
    return sum(text.count(sign, begin) for sign in _PART_SIGNS)


def check_parts(text: bytes) -> None:
    """:raises WrongAnswer: this says more than etcd ever does; everybody here would wait while it is read."""
    if len(text) > MOST_PARTS and parts(text) > MOST_PARTS:
        raise WrongAnswer(f"more than {MOST_PARTS:,} values")


def parsed(text: bytes) -> Any:
    """Return what JSON says that is known to be of a size that etcd's can have.

    :raises ValueError: it is no JSON.
    """
    try:
        return json.loads(str(text, "utf-8"))
    except RecursionError:
        raise WrongAnswer("nested too deeply") from None


def said(text: str) -> str:
    """Return what a server says as people are shown it: on one line, not too long, without what a terminal obeys.

    An answer may say anything, at any length that it can have.  Only what is returned here is kept and passed on.
    """
    shown = text[:MOST_SAID]
    if not shown.isprintable():
        shown = "".join(map(_visible, shown))
    return shown if len(text) <= MOST_SAID else f"{shown}…"


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else "\N{REPLACEMENT CHARACTER}"


_BRIEF = reprlib.Repr()
_BRIEF.maxlevel, _BRIEF.maxdict, _BRIEF.maxlist = 2, 2, 2


def brief(value: object) -> str:
    """Return the beginning of a value of JSON, as Python writes it; of a long one the rest is not even looked at."""
    return said(_BRIEF.repr(value))


def number(answer: Answer, field: str) -> int:
    """Read a number, which is left out when it is 0."""
    found = answer.get(field, 0)
    if isinstance(found, str) and _NUMBER.fullmatch(found):
        found = int(found)
    if type(found) is not int or not -(2**63) <= found < 2**63:
        raise wrong(field, found)
    return found


def positive(answer: Answer, field: str) -> int:
    """Read a number that is never 0 or less."""
    found = number(answer, field)
    if found <= 0:
        raise wrong(field, found)
    return found


def words(answer: Answer, field: str) -> str:
    """Read a text, which is left out when it is empty; what people are to be shown of it passes through ``said``."""
    found = answer.get(field, "")
    if not isinstance(found, str):
        raise wrong(field, found)
    return found


def flag(answer: Answer, field: str) -> bool:
    """Read a truth, which is left out when it is none."""
    found = answer.get(field, False)
    if not isinstance(found, bool):
        raise wrong(field, found)
    return found


def within(answer: Answer, field: str) -> Answer:
    """Read an object, which is left out when it is empty."""
    found = answer.get(field, {})
    if not isinstance(found, dict):
        raise wrong(field, found)
    return found


_OBJECT = {dict}


def objects(answer: Answer, field: str) -> list[Answer]:
    """Read a list of objects, which is left out when it is empty."""
    found = answer.get(field, [])
    if not isinstance(found, list) or not {*map(type, found)} <= _OBJECT:
        raise wrong(field, found)
    return found


def key_values(answer: Answer) -> list[Answer]:
    """Read what a range found."""
    found = objects(answer, "kvs")
    if number(answer, "count") != len(found):
        raise wrong("count", answer.get("count"))
    return found


def ranges(answer: Answer, many: int) -> list[list[Answer]]:
    """Read what each range of a transaction found, in their order; operations that are no ranges are left out."""
    responses = [within(one, "response_range") for one in objects(answer, "responses") if "response_range" in one]
    if len(responses) != many or not all(within(one, "header") for one in responses):
        raise WrongAnswer(f"not {many} ranges")
    return [key_values(one) for one in responses]


def only(found: Sequence[Answer]) -> Answer | None:
    """Return the one key that a range can have found; None: it found none."""
    if len(found) > 1:
        raise WrongAnswer(f"{len(found)} keys of one name")
    return found[0] if found else None


def revision(answer: Answer) -> int:
    """Read how far the whole of etcd was when it answered."""
    return positive(within(answer, "header"), "revision")


def value(key_value: Answer, field: str = "value") -> bytes:
    """Read a value, or a key."""
    return a2b_base64(words(key_value, field), strict_mode=True)


@record
class Place:
    """A place in the log: the number and the revision of an entry, both 0 if there is none."""

    number: int
    revision: int


def place(found: Sequence[Answer]) -> Place:
    """Read the place of the newest entry, from the range of the key ``log``."""
    newest = only(found)
    return Place(0, 0) if newest is None else Place(positive(newest, "version"), positive(newest, "mod_revision"))


def wrong(field: str, found: object) -> WrongAnswer:
    """Return the error about a field."""
    return WrongAnswer(f"“{field}” is {brief(found)}")
