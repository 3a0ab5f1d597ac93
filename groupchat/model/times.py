"""Times and durations, as people and programs write and read them."""

import math
import re
from datetime import UTC, datetime, tzinfo

from groupchat.model.errors import BadArguments

FOREVER = math.inf
"""The length of what does not end by itself, in seconds."""
LONGEST = 100 * 365 * 86400
"""The longest time that ends, in seconds; who means more says forever."""

_UNITS = {"w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
_STEPS = ((7 * 86400, 86400), (86400, 3600), (300, 60), (-math.inf, 1))
"""From how many seconds on people are told a duration in steps of how many."""
_NAMES = {"w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second"}
WRITTEN = re.compile(r"(?i:forever|(?:[0-9]{1,16}[wdhms])+)")
"""What is a duration at all."""
_PART = re.compile(r"([0-9]+)([wdhms])")


def parse(written: str) -> float:
    """How many seconds this is; FOREVER for ``forever``.

    :raises BadArguments: it is no duration, or none that can be.
    """
    if WRITTEN.fullmatch(written) is None:
        raise BadArguments(f"{written} is no duration; write it like 10m, 2h, 7d or forever.")
    if written.lower() == "forever":
        return FOREVER
    seconds = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(written.lower()))
    if not 1 <= seconds <= LONGEST:
        raise BadArguments("A duration is from one second to a hundred years; forever is longer.")
    return float(seconds)


def spoken(seconds: float) -> str:
    """The duration in words, rounded up, to its two largest units: ``2 hours``, ``1 day 4 hours``, ``ever``."""
    if seconds == FOREVER:
        return "ever"
    fine = next(step for least, step in _STEPS if seconds >= least)
    left = max(1, math.ceil(seconds / fine)) * fine
    words: list[str] = []
    for unit, size in _UNITS.items():
        count, left = divmod(left, size)
        if count:
            words.append(f"{count} {_NAMES[unit]}{'s' if count > 1 else ''}")
        elif words:
            break
    return " ".join(words[:2])


def iso(at: float) -> str:
    """RFC 3339, in UTC, to the millisecond.  ``at``: seconds since 1970 UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def minute(at: float, zone: tzinfo | None) -> str:
    """``2026-11-21 09:41`` in a zone (None: the server's).  ``at``: seconds since 1970 UTC."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M")
