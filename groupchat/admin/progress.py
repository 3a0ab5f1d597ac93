"""How far a long piece of work is: a bar on a terminal, nothing anywhere else."""

import sys
import time
from typing import TextIO

WIDTH = 40
"""Characters of the bar."""
STEP_S = 0.1
"""How often it is drawn anew, in seconds."""


class Progress:
    """A bar on standard error; to be used with ``with``, which ends its line."""

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        """:param what: what is being done, in a word or two."""
        self._what = what
        self._stream = sys.stderr if stream is None else stream
        self._is_shown = self._stream.isatty()
        self._drawn_at = float("-inf")

    def show(self, done: int, total: int) -> None:
        """So much of the whole is done."""
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
