"""Break lines where a terminal of a known width would, so that no part of a line seems to be one of its own."""

import unicodedata
from collections.abc import Iterator

from groupchat.lazy.widths import columns, letters
from groupchat.model.message.code import HARD_BLANK, with_hard_blanks
from groupchat.model.text import CONTINUATION

WIDE = 2
"""The most columns of one character; a sequence of characters that takes more can be broken."""

LETTER_MOST = 16
"""The most characters that are looked at for each column; a letter may have eight marks, and a family some dozen signs.

Some sequences have no end, and would be looked at as a whole for each row.
"""


def folded(line: str, width: int, is_code: bool = False) -> list[str]:
    """Return a harmless line as rows that a terminal with so many columns shows as they are.

    Rows break between words if that leaves them at least half full.  All but the first begin as further lines do.
    Code keeps all its blanks, and is broken only where the row is full.
    """
    if line.isascii() and len(line) <= width:
        return [line]
    rows: list[str] = []
    head = CONTINUATION if line.startswith(CONTINUATION) else ""
    rest = line[len(head) :]
    rest = rest.replace(" ", HARD_BLANK) if is_code else with_hard_blanks(rest)
    while rest or not rows:
        room = width - len(head)
        end, gap = _fitting(rest, room)
        if end < len(rest) and gap > room // 2:
            end = gap
        row = rest[:end].rstrip(" ") if end < len(rest) else rest
        rows.append(head + row.replace(HARD_BLANK, " "))
        rest = rest[end:].lstrip(" ")
        head = CONTINUATION
    return rows


def _fitting(line: str, columns: int) -> tuple[int, int]:
    """Return how many characters fit into so many columns, and at which of them the last gap between words begins."""
    if line.isascii():
        return min(len(line), columns), line.rfind(" ", 0, columns + 1)
    used = end = gap = 0
    for piece, width in _pieces(line[: LETTER_MOST * (columns + 1)]):
        used += width
        if piece == " ":
            gap = end
        if used > columns:
            break
        end += len(piece)
    return end, gap


def _pieces(line: str) -> Iterator[tuple[str, int]]:
    """Give what stands in one place, such as a letter with its accents, and how many columns it takes."""
    for cluster in letters(line):
        width = _width(cluster)
        if width <= WIDE:
            yield cluster, width
        else:
            yield from ((character, _width(character)) for character in cluster)


def _width(cluster: str) -> int:
    """Return how many columns a cluster takes at most: a vowel sign by itself takes one after certain letters."""
    width = columns(cluster)
    return width if width or unicodedata.category(cluster[0]) != "Mc" else len(cluster)
