"""Copy a database into a file of its own, which has its name only when it is whole, sound and on disk."""

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

PAGES = 1024
"""Pages copied between two reports of progress: some 4 MiB."""


def copy(
    database: sqlite3.Connection, path: Path, progress: Callable[[int, int], object] = lambda done, total: None
) -> None:
    """Copy the database to ``path``, readable by its owner only; a file that is there is replaced.

    The copy is written to ``path`` with ``.part`` after its name, checked, flushed, and then renamed.

    :param progress: called with the number of pages copied, and of all pages.
    :raises OSError: the file cannot be written.
    :raises sqlite3.Error: the database cannot be read, or the copy is damaged.
    """
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _fill(database, unfinished, progress)
        os.fsync(handle)
        unfinished.replace(path)
        _flush(path.parent)
    finally:
        os.close(handle)
        unfinished.unlink(missing_ok=True)


def _fill(database: sqlite3.Connection, path: Path, progress: Callable[[int, int], object]) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as target:
        database.backup(target, pages=PAGES, progress=lambda _, left, total: progress(total - left, total), sleep=0)
        # Makes it one file, without a write-ahead log beside it.
        target.execute("PRAGMA journal_mode = DELETE")
        (found,) = target.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(f"the copy is damaged ({found})")


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
