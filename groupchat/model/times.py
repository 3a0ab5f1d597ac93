"""Times and durations, as people and programs write and read them."""

import math
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from groupchat.lazy.expressions import expression
from groupchat.model.errors import BadArguments
from groupchat.model.text import DURATION
from groupchat.model.wording import plural

FOREVER = math.inf
"""A duration without an end, in seconds."""
LONGEST = 100 * 365 * 86400
"""The longest duration with an end, in seconds; longer ones are written ``forever``."""

_UNITS = {"w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
_STEPS = ((7 * 86400, 86400), (86400, 3600), (300, 60), (-math.inf, 1))
"""The step in seconds to which ``spoken`` rounds durations of at least so many seconds."""
_NAMES = {"w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second"}
WRITTEN = expression(r"(?i:forever|(?:[0-9]{1,16}[wdhms])+)")
"""The grammar of durations."""
_PART = expression(r"([0-9]+)([wdhms])")


def parse(written: str) -> float:
    """Return a duration in seconds; FOREVER for ``forever``.

    :raises BadArguments: it is not a duration, or out of range.
    """
    DURATION.check(written)
    if WRITTEN.fullmatch(written) is None:
        raise BadArguments(f"{written} is not a duration; write it like 10m, 2h, 1h30m or forever.")
    if written.lower() == "forever":
        return FOREVER
    seconds = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(written.lower()))
    if not 1 <= seconds <= LONGEST:
        raise BadArguments("A duration is from one second to a hundred years, or forever.")
    return float(seconds)


def spoken(seconds: float) -> str:
    """Return a duration in words, rounded up, in its two largest units: ``2 hours``, ``1 day 4 hours``, ``forever``."""
    if seconds == FOREVER:
        return "forever"
    step = next(step for least, step in _STEPS if seconds >= least)
    left = max(1, math.ceil(seconds / step)) * step
    words: list[str] = []
    for unit, size in _UNITS.items():
        count, left = divmod(left, size)
        if count:
            words.append(plural(count, _NAMES[unit]))
        elif words:
            break
    return " ".join(words[:2])


def each(seconds: float) -> str:
    """Return a duration as it follows ``every`` or ``another``: ``minute``, ``2 minutes``."""
    words = spoken(seconds)
    return words.removeprefix("1 ") if words.count(" ") == 1 else words


def lasting(seconds: float) -> str:
    """Return ``for 2 hours`` as a part of a sentence, or nothing if the duration has no end.

    What to say of one without an end is up to the caller, such as ``until unmuted``.
    """
    return "" if seconds == FOREVER else f"for {spoken(seconds)}"


FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9998, 12, 31)
"""The days that people can ask for: the first and last that are whole in every time zone, and no clock's mistake."""


def day(written: str) -> date:
    """Return the day that a date such as ``2026-11-21`` names.  The caller has checked its form.

    :raises BadArguments: it is in no calendar, or not among the days that people can ask for.
    """
    try:
        found = date(*map(int, written.split("-")))
    except ValueError:
        raise BadArguments(f"There is no day {written}; write it like 2026-11-21.") from None
    if not FIRST_DAY <= found <= LAST_DAY:
        raise BadArguments(f"A day is from {FIRST_DAY} to {LAST_DAY}, not {written}.")
    return found


_EARLIEST, _LATEST = -62135596800.0 + 3 * 86400, 253402300800.0 - 3 * 86400
"""The times that exist in every zone, with a day to spare, in seconds since 1970: calendars end with the year 9999."""


def clamped(at: float) -> float:
    """Return the time, or the nearest one that can be shown in every time zone.  Both are seconds since 1970 UTC."""
    return min(max(at, _EARLIEST), _LATEST)


def local(at: float, zone: tzinfo | None) -> datetime:
    """Return a time as clocks show it in a zone (None: the server's).  Never raises, whatever the time.

    :param at: seconds since 1970 UTC.
    """
    return datetime.fromtimestamp(clamped(at), zone)


def iso(at: float) -> str:
    """Return a time in RFC 3339, in UTC, to the millisecond.  ``at``: seconds since 1970 UTC."""
    part, whole = math.modf(at)
    thousandths = round(part * 1_000_000) // 1000  # as datetime rounds
    if not (0 <= at <= _LATEST and thousandths < 1000):
        return local(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"{_second(int(whole))}.{thousandths:03}Z"


def _at(day: date, at: time) -> float:
    return datetime.combine(day, at, UTC).timestamp()


FIRST_MOMENT, LAST_MOMENT = _at(FIRST_DAY, time()), _at(LAST_DAY, time(23, 59, 59))
"""The first and last times that are written in files, in seconds since 1970 UTC."""


def moment(at: float) -> str:
    """Return a time as it is written in files: one that no calendar has is replaced by the nearest.

    Written, read and written again it is the same.  ``at``: seconds since 1970 UTC.
    """
    # The form cuts what is below a millisecond, and a float can be just below one.
    return iso(min(max(at, FIRST_MOMENT), LAST_MOMENT) + 0.0002)


@lru_cache(maxsize=64)
def _second(at: int) -> str:
    """Return a second in RFC 3339 without its zone: whatever is posted in it is shown with the same one."""
    return local(at, UTC).isoformat(timespec="seconds").removesuffix("+00:00")


def minute(at: float, zone: tzinfo | None) -> str:
    """Return ``2026-11-21 09:41`` in a time zone (None: the server's).  ``at``: seconds since 1970 UTC."""
    return local(at, zone).strftime("%Y-%m-%d %H:%M")


def span(day: date, zone: tzinfo | None) -> tuple[float, float]:
    """Return when a day begins and ends, in seconds since 1970 UTC.

    :param zone: None: that of this host.
    """
    start, end = (datetime.combine(one, time(), zone).timestamp() for one in (day, day + timedelta(days=1)))
    return start, end
