"""What a terminal shows in which colours: few, and readable on light and on dark."""

import zlib
from collections.abc import Mapping

NICKNAMES = (27, 28, 30, 31, 62, 64, 97, 99, 130, 131, 133, 161, 163, 165)
"""Of the 256 colours of xterm, those with a contrast of at least 3.9 to black and to white alike (WCAG 2.1, 1.4.3),
without greys, and without such as look the same beside each other."""

NICKNAMES_OF_8 = (31, 32, 34, 35, 36)
"""What there is on a terminal with 8 colours; black, white and yellow vanish on one background or the other."""

BOLD, DIM, ITALIC, UNDERLINED, REVERSED = "1", "2", "3", "4", "7"
ATTRIBUTES = {
    "time": DIM, "rule": DIM, "notice": DIM, "answer": ITALIC, "mark": f"{DIM};{ITALIC}", "gone": f"{DIM};{ITALIC}",
    "own": f"{BOLD};{UNDERLINED}", "mention": f"{BOLD};{REVERSED}", "private": BOLD, "refused": BOLD,
    "link": UNDERLINED,
}  # fmt: skip
"""What each part of a line looks like, beside its colour; a part that is not here is plain."""

RESET = "\x1b[0m"


def depth(environ: Mapping[str, str], wanted: bool) -> int:
    """How many colours to use: 256, 8 or 0, by the environment (https://no-color.org) and the person's wish."""
    if not wanted or environ.get("NO_COLOR"):
        return 0
    if "256color" in environ.get("TERM", "") or environ.get("COLORTERM") in ("truecolor", "24bit"):
        return 256
    return 8


class Paint:
    """Gives parts of lines their looks.

    :param depth: 256, 8 or 0 colours.
    :param chosen: colours (numbers of the 256) that the person gave to nicknames.
    """

    def __init__(self, depth: int, chosen: Mapping[str, int] | None = None) -> None:
        self._depth = depth
        self._chosen = {nick.casefold(): colour for nick, colour in (chosen or {}).items()}
        self._codes: dict[str, str] = {}

    def __call__(self, role: str, text: str) -> str:
        """The text as this part of a line; ``nick:alice`` is the part for what alice is called."""
        code = self._codes.get(role)
        if code is None:
            if len(self._codes) > 4096:
                self._codes.clear()  # so that a crowd with ever new names cannot fill the memory
            code = self._codes[role] = self._code(role)
        return f"\x1b[{code}m{text}{RESET}" if code and text else text

    def _code(self, role: str) -> str:
        kind, _, nick = role.partition(":")
        if kind == "nick":
            colour = self._colour(nick)
            return f"{BOLD};{colour}" if colour else BOLD
        return ATTRIBUTES.get(kind, "")

    def _colour(self, nick: str) -> str:
        """The same for a nickname every time, on every computer."""
        name = nick.casefold()
        hashed = zlib.crc32(name.encode("utf-8", "replace"))
        if self._depth == 256:
            return f"38;5;{self._chosen.get(name, NICKNAMES[hashed % len(NICKNAMES)])}"
        return str(NICKNAMES_OF_8[hashed % len(NICKNAMES_OF_8)]) if self._depth else ""
