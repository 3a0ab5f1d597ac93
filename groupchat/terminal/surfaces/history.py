"""Lines that the person typed, kept over all runs in a file that only they can read."""

import os
from collections.abc import Callable
from pathlib import Path

from groupchat.disk.new_files import new_file

KEPT = 2000
"""Lines of history that are kept."""


class HistoryFile:
    """Lines in a file, oldest first; where none can be written they are kept for this run only.

    :param is_secret: says whether a line may have a password in it: such lines, if there are any, are removed.
    """

    def __init__(self, path: Path, is_secret: Callable[[str], bool] = lambda line: False) -> None:
        self._path = path
        self._is_secret = is_secret

    def load(self) -> list[str]:
        """Return the newest lines; shorten the file to these when it has grown to twice as many."""
        try:
            found = self._path.read_text("utf-8", "replace").splitlines()
            lines = [line for line in found if not self._is_secret(line)]
            if len(lines) > 2 * KEPT or len(lines) < len(found):
                write_private(self._path, "".join(f"{line}\n" for line in lines[-KEPT:]))
        except OSError:
            return []
        return lines[-KEPT:]

    def add(self, line: str) -> None:
        """Append a line, if the file can be written."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return
        with open(descriptor, "a", encoding="utf-8", errors="replace") as file:
            file.write(f"{line}\n")


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read, not even for a moment; a power failure leaves the old or the new one.

    :raises OSError: it cannot be written.
    """
    with new_file(path, replace=True) as file:
        file.write(text.encode("utf-8", "replace"))
