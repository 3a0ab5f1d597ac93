"""Colours and attributes of the parts of a line: few, and readable on a light and on a dark background."""

import zlib
from collections.abc import Mapping

NICKNAMES = (27, 28, 30, 31, 62, 64, 97, 99, 130, 131, 133, 161, 163, 165)
"""Colours of xterm's 256 with a contrast of at least 3.9 to both black and white (WCAG 2.1, 1.4.3).

Greys are left out, and so are colours that look the same beside each other.
"""

NICKNAMES_OF_8 = (31, 32, 34, 35, 36)
"""Colours for a terminal with 8; black, white and yellow vanish on one background or the other."""

BOLD, DIM, ITALIC, UNDERLINED, REVERSED = "1", "2", "3", "4", "7"
ATTRIBUTES = {
    "time": DIM, "rule": DIM, "notice": DIM, "answer": ITALIC, "mark": f"{DIM};{ITALIC}", "gone": f"{DIM};{ITALIC}",
    "own": f"{BOLD};{UNDERLINED}", "mention": f"{BOLD};{REVERSED}", "private": BOLD, "refused": BOLD,
    "link": UNDERLINED, "view": BOLD,
}  # fmt: skip
"""Attributes of each part of a line, beside its colour; a part that is not listed is plain."""

RESET = "\x1b[0m"


def depth(environ: Mapping[str, str], wanted: bool) -> int:
    """Return how many colours to use (256, 8 or 0) in this environment (https://no-color.org)."""
    if not wanted or environ.get("NO_COLOR"):
        return 0
    if "256color" in environ.get("TERM", "") or environ.get("COLORTERM") in ("truecolor", "24bit"):
        return 256
    return 8


class Paint:
    """Add colours and attributes to parts of lines.

    :param depth: 256, 8 or 0 colours.
    :param chosen: the person's own colours for nicknames, as numbers of the 256.
    """

    def __init__(self, depth: int, chosen: Mapping[str, int] | None = None) -> None:
        self._depth = depth
        self._chosen = {nick.casefold(): colour for nick, colour in (chosen or {}).items()}
        self._codes: dict[str, str] = {}

    def __call__(self, role: str, text: str) -> str:
        """Return the text with the looks of this part of a line; ``nick:alice`` is the part for alice's nickname."""
        code = self._codes.get(role)
        if code is None:
            if len(self._codes) > 4096:
                self._codes.clear()  # so that ever new nicknames cannot fill the memory
            code = self._codes[role] = self._code(role)
        return f"\x1b[{code}m{text}{RESET}" if code and text else text

    def _code(self, role: str) -> str:
        kind, _, nick = role.partition(":")
        if kind == "nick":
            colour = self._colour(nick)
            return f"{BOLD};{colour}" if colour else BOLD
        return ATTRIBUTES.get(kind, "")

    def _colour(self, nick: str) -> str:
        """Return the code of a nickname's colour, which is the same every time and on every computer."""
        name = nick.casefold()
        hashed = zlib.crc32(name.encode("utf-8", "replace"))
        if self._depth == 256:
            return f"38;5;{self._chosen.get(name, NICKNAMES[hashed % len(NICKNAMES)])}"
        return str(NICKNAMES_OF_8[hashed % len(NICKNAMES_OF_8)]) if self._depth else ""


class NoPaint(Paint):
    """Leave everything as it is: the terminal may show an escape sequence as it stands."""

    def __init__(self) -> None:
        super().__init__(0)

    def __call__(self, role: str, text: str) -> str:
        """Return the text."""
        return text
