"""Wording: counts, sizes and lists as parts of a sentence."""

from collections.abc import Sequence

_UNITS = ("KB", "MB", "GB", "TB")
_STEP = 1024


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``1 person``, ``0 people`` or ``1,000 people``.  ``many`` is ``one`` with an s unless given."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def encryption_error(error: BaseException) -> str:
    """Return what OpenSSL says is wrong, as words: ``wrong version number``; without a reason, the whole error."""
    # One that OpenSSL has not raised itself has none.
    return (getattr(error, "reason", None) or str(error)).lower().replace("_", " ")


def listed(words: Sequence[str], last: str = "and") -> str:
    """Return ``a, b and c``, with another word than ``and`` if given; empty if there are no words."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


COMPANY = 5
"""The number of people who are named when somebody comes into a room; the others are counted."""


def company(room: str, nicks: Sequence[str], others: int, is_more: bool = False) -> str:
    """Return who is in a room with somebody; empty: nobody.

    :param others: how many there are who are not named; ``is_more``: and more who were not counted.
    """
    return f"With you in {room}: {named(nicks, others, is_more)}." if nicks else ""


def named(nicks: Sequence[str], others: int, is_more: bool = False) -> str:
    """Return these nicknames and how many others there are, as in ``company``: ``bob, alice and 3 others``."""
    more = [f"{'more than ' * is_more}{plural(others, 'other')}"] if others else []
    return listed([*nicks, *more])


def unnamed(count: int) -> str:
    """Return the sentence about those who follow a room over HTTP without saying who they are; empty: nobody does."""
    if not count:
        return ""
    return f"{plural(count, 'program')} without a nickname read{'s' * (count == 1)} here over HTTP."


def size_words(size: int) -> str:
    """Return a number of bytes as people read it: ``512 bytes``, ``1.2 MB``."""
    if size < _STEP:
        return f"{size} byte{'' if size == 1 else 's'}"
    value = float(size)
    for unit in _UNITS:
        value /= _STEP
        digits = 1 if value < 99.95 else 0
        if round(value, digits) < _STEP or unit == _UNITS[-1]:
            return f"{value:.{digits}f} {unit}".replace(".0 ", " ")
    raise AssertionError


def exact_size(size: int) -> str:
    """Return a number of bytes as people read it, and all its digits: ``16 MB (16,777,216 bytes)``."""
    return size_words(size) if size < _STEP else f"{size_words(size)} ({size:,} bytes)"
