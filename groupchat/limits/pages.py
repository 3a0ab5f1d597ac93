"""Give long lists in pages: one answer has a page, and says what follows."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from groupchat.lazy.records import record

PAGE = 200
"""Items of a list in one answer: all that is shown on a few screens, and a millisecond or two of the server."""

CHARACTERS = 16 * 1024
"""Characters of messages that are laid out at a time: of wide ones in a window of 20 columns, that takes some 15 ms."""

T = TypeVar("T")


@record
class Page(Generic[T]):
    """Some items of a list, and how many ``more`` follow these."""

    items: list[T]
    more: int

    def hint(self, command: str, last: str) -> tuple[str, ...]:
        """Return the line that says how the list goes on; nothing at its end."""
        return (f"… and {self.more:,} more; {command} after {last} shows what follows",) if self.more else ()


def page(items: Iterable[T], order: Callable[[T], Any], after: Any = None) -> Page[T]:
    """Return the first items in an order; those with equal places come together.

    :param order: the place of an item.
    :param after: the place after which the page begins; None: with the first.
    """
    rest = sorted((item for item in items if after is None or order(item) > after), key=order)
    end = min(PAGE, len(rest))
    while 0 < end < len(rest) and order(rest[end]) == order(rest[end - 1]):
        end += 1
    return Page(rest[:end], len(rest) - end)


def fitting(
    items: Sequence[T], size: Callable[[T], int], most: int = CHARACTERS, *, is_end: bool = False
) -> Sequence[T]:
    """Return the first items, or the last ones, that have no more than so much of something together; at least one."""
    total = 0
    for number, item in enumerate(reversed(items) if is_end else items):
        total += size(item)
        if total > most and number:
            return items[-number:] if is_end else items[:number]
    return items
