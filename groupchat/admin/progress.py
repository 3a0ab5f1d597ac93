"""Show the progress of long work: a bar on a terminal, nothing elsewhere."""

import sys
import time
from typing import TextIO

WIDTH = 40
"""The width of the bar, in characters."""
STEP_S = 0.1
"""Seconds between two drawings."""


class Progress:
    """A progress bar on standard error.  Use it with ``with``, which ends its line."""

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        """:param what: the name of the work, in a word or two."""
        self._what = what
        self._stream = sys.stderr if stream is None else stream
        self._is_shown = self._stream.isatty()
        self._drawn_at = float("-inf")

    def show(self, done: int, total: int) -> None:
        """Draw the bar for this share of the work, unless it was drawn a moment ago."""
        now = time.monotonic()
        if not self._is_shown or (now < self._drawn_at + STEP_S and done < total):
            return
        self._drawn_at = now
        share = min(done / total, 1.0) if total else 1.0
        filled = round(share * WIDTH)
        bar = "#" * filled + "-" * (WIDTH - filled)
        self._stream.write(f"\r{self._what} [{bar}] {share:4.0%}")
        self._stream.flush()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_shown and self._drawn_at > float("-inf"):
            self._stream.write("\n")
            self._stream.flush()
