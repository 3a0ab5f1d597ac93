"""Lines that fit a terminal: measured in columns, broken between words, indented after the first."""

from collections.abc import Iterable, Sequence

from wcwidth import iter_graphemes, wcswidth

from groupchat.lazy.expressions import expression
from groupchat.stdio.phrases import Part
from groupchat.terminal.display.colours import Paint

LINK = expression(r"https?://\S")
_WORDS = expression(r"\n *| +|[^ \n]+")
_LINES = expression(r"\n *|[^\n]+")
NARROWEST = 20
"""Least columns for the text; on a terminal that leaves fewer, further lines are hardly indented."""
NARROW = 2
"""The columns by which they are indented then: in the first one only lines of others begin."""


def columns(text: str) -> int:
    """Return how many columns a terminal needs for this: emoji and East Asian letters take two, marks none."""
    return len(text) if text.isascii() else max(wcswidth(text), 0)


def wrapped(parts: Sequence[Part], width: int, indent: int, paint: Paint) -> str:
    """Return the parts as one or more lines, without the last line end.

    Lines after the first begin with ``indent`` spaces.  A line feed begins another one, whose own blanks stay.
    A word that is longer than a line is broken, but a link is not: it gets lines of its own, from the first column on.
    There the terminal itself breaks it, and so still knows where the link begins and ends.
    Code counts as one word, whose blanks all stay; of several lines of code each does.
    """
    if sum(columns(text) for _, text in parts) <= width and not any("\n" in text for _, text in parts):
        return "".join(paint(role, text) for role, text in parts)
    return _Lines(width, min(indent, NARROW) if width - indent < NARROWEST else indent, paint).fill(parts)


class _Lines:
    """The lines made so far, and the one that is being filled."""

    def __init__(self, width: int, indent: int, paint: Paint) -> None:
        self._width = max(width, 2)
        self._indent = indent
        self._paint = paint
        self._done: list[str] = []
        self._line: list[str] = []
        self._used = 0
        self._space: Part = ("", "")

    def fill(self, parts: Iterable[Part]) -> str:
        for group in _words(parts):
            self._put(group)
        self._done.append("".join(self._line))
        return "\n".join(self._done)

    def _put(self, word: list[Part]) -> None:
        text = "".join(piece for _, piece in word)
        if text[0] == "\n":
            self._begin(self._indent)
            # At least a few columns are left for what follows.
            self._space = (word[0][0], text[1 : max(self._width - self._indent - NARROWEST, 0) + 1])
            return
        if text.isspace():
            self._space = (word[0][0], text)
            return
        space, self._space = self._space, ("", "")
        needs, left = columns(text), self._width - self._used - columns(space[1])
        is_long = needs > self._width - self._indent
        if needs <= left:
            self._add(*space)
            self._add_all(word)
        elif is_long and LINK.match(text):
            self._begin(0)
            self._add_all(word)
            self._used = self._used % self._width or self._width
        elif is_long and left >= 2:
            self._add(*space)
            self._break(word)
        else:
            self._begin(self._indent)
            self._break(word) if is_long else self._add_all(word)

    def _break(self, word: list[Part]) -> None:
        """Spread a word that is longer than a line over several."""
        for role, text in word:
            piece = ""
            room = self._width - self._used
            for cluster in iter_graphemes(text):
                needs = columns(cluster)
                if columns(piece) + needs > room:
                    self._add(role, piece)
                    self._begin(self._indent)
                    piece, room = "", self._width - self._used
                piece += cluster
            self._add(role, piece)

    def _add_all(self, word: list[Part]) -> None:
        for role, text in word:
            self._add(role, text)

    def _add(self, role: str, text: str) -> None:
        if text:
            self._line.append(self._paint(role, text))
            self._used += columns(text)

    def _begin(self, indent: int) -> None:
        self._done.append("".join(self._line))
        self._line = [" " * indent] if indent else []
        self._used = indent


def _words(parts: Iterable[Part]) -> Iterable[list[Part]]:
    """Split into words and what is between them: blanks, or a line feed with the blanks after it.

    A word can have several looks, such as a name and its colon.
    """
    word: list[Part] = []
    for role, text in parts:
        for piece in (_LINES if role == "code" else _WORDS).findall(text):
            if piece[0] == "\n" or (piece[0] == " " and role != "code"):
                if word:
                    yield word
                yield [(role, piece)]
                word = []
            else:
                word.append((role, piece))
    if word:
        yield word
