"""A message of several lines that a person types line by line: /paste begins it, a line with only a dot ends it."""

import re

from groupchat.lazy.expressions import expression
from groupchat.model.text import LINES_MOST

LONGEST = 4096
"""Bytes of a message, by the server's usual settings."""

END, CANCEL = ".", "/cancel"
STANDS_FOR_DOT = ".."
"""The line that stands for one with only a dot."""

_BEGINNING = expression(r"/paste(?:\s+#?([0-9]{1,15}))?\s*", re.IGNORECASE)


class Collecting:
    """The lines so far; ``reply``: the number of the message that is answered (None: none is)."""

    def __init__(self, reply: int | None = None) -> None:
        self.reply = reply
        self.is_done = False
        self.told = f"Paste or type lines. One with only a dot says them, {CANCEL} drops them."
        """What the person is to be told now; empty: nothing."""
        self._lines: list[str] = []
        self.is_refused = False
        """Whether nothing of it is said, because something about it is wrong."""

    @property
    def text(self) -> str:
        """Return the message; empty if it was dropped, or is too long."""
        return "\n".join(self._lines).rstrip()

    def take(self, line: str) -> None:
        """Take a line."""
        self.told = ""
        word = line.strip()
        if word in (END, CANCEL):
            self.is_done = True
            self.is_refused = self.is_refused and word == END
            if word == CANCEL or self.is_refused or not self.text:
                self._lines = []
                self.told = "Nothing was said."
        elif not self.is_refused:
            self._lines.append(END if word == STANDS_FOR_DOT else line)
            text = self.text
            if text.count("\n") >= LINES_MOST or len(text.encode("utf-8", "surrogatepass")) > LONGEST:
                self.refuse(f"Your message has more than {LINES_MOST} lines or {LONGEST:,} bytes")
            elif len(self._lines) > 2 * LINES_MOST:  # all but some are blank, and do not count yet
                del self._lines[-1:]

    def refuse(self, why: str) -> None:
        """Say nothing of this message."""
        self.is_refused = True
        self._lines = []
        self.told = f"{why}, so nothing of it is said. Lines up to the one with a dot, or {CANCEL}, are left out."


def begun(line: str) -> Collecting | None:
    """Return the message that this command begins; None: it begins none."""
    found = _BEGINNING.fullmatch(line.strip())
    return None if found is None else Collecting(int(found[1]) if found[1] else None)
