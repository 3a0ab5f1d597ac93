"""Wording: counts and lists as parts of a sentence."""

from collections.abc import Sequence


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``1 person``, ``0 people`` or ``1,000 people``.  ``many`` is ``one`` with an s unless given."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """Return ``a, b and c``, with another word than ``and`` if given; empty if there are no words."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
