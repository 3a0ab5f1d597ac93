"""Take parts out of JSON from anybody: what is missing, or of another type, is empty."""

from collections.abc import Iterator
from typing import Any

LONGEST = 400
"""The most characters of a part that stands in a line."""


def part(value: Any, *path: str) -> Any:
    """Return what is found by following these names; None: it is not there."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def words(value: Any, *path: str, most: int = LONGEST) -> str:
    """Return a text or number found so, as one line; an empty string if it is not there or something else."""
    found = part(value, *path)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return cut(" ".join(str(found)[: 4 * most].split()), most)


def first_line(value: Any, *path: str) -> str:
    """Return the first line of a text found so."""
    found = part(value, *path)
    return cut(found.strip().partition("\n")[0].strip(), LONGEST) if isinstance(found, str) else ""


def lines(value: Any, *path: str, most: int = 4096) -> str:
    """Return a text found so, with its lines."""
    found = part(value, *path)
    return cut(found.strip(), most) if isinstance(found, str) else ""


def items(value: Any, *path: str, most: int = 20) -> Iterator[dict[str, Any]]:
    """Iterate over the first objects in an array found so."""
    found = part(value, *path)
    for one in found[:most] if isinstance(found, list) else ():
        if isinstance(one, dict):
            yield one


def count(value: Any, *path: str) -> int:
    """Return how many things there are in an array found so."""
    found = part(value, *path)
    return len(found) if isinstance(found, list) else 0


def cut(text: str, most: int) -> str:
    """Return at most so many characters of a text; an ellipsis stands for the rest."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def joined(*pieces: str) -> str:
    """Return the pieces that are not empty, with blanks between them."""
    return " ".join(filter(None, pieces))


def linked(text: str, address: str) -> str:
    """Return a text with an address after it, if there is one."""
    return f"{text}: {address}" if text and address else text or address
