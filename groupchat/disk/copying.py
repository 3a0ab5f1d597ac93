"""Copy a database into a file of its own, which has its name only when it is whole, sound and on disk."""

import contextlib
import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from groupchat.disk.new_files import unfinished

PAGES = 1024
"""Pages copied between two reports of progress: some 4 MiB."""

_TARGETS = {
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC, sqlite3.SQLITE_IOERR_TRUNCATE,
}  # fmt: skip
"""The codes of errors that only the file that is written can cause."""


def copy(
    database: sqlite3.Connection,
    path: Path,
    progress: Callable[[int, int], object] = lambda done, total: None,
    *,
    replace: bool = True,
    finish: Callable[[sqlite3.Connection], object] = lambda copy: None,
) -> None:
    """Copy the database to ``path``, readable by its owner only.

    The copy is written to ``path`` with ``.part`` after its name, checked, flushed, and then renamed.

    :param progress: called with the number of pages copied, and of all pages.
    :param replace: whether a file that is there is replaced.
    :param finish: called with the copy, to change it before it is checked.
    :raises OSError: the file cannot be written, or exists.
    :raises sqlite3.Error: the database cannot be read, or the copy is damaged.
    """
    with unfinished(path, replace=replace) as (_, part):
        fill(database, part, progress, finish=finish)


def fill(
    database: sqlite3.Connection,
    path: Path,
    progress: Callable[[int, int], object] = lambda done, total: None,
    *,
    check: bool = True,
    finish: Callable[[sqlite3.Connection], object] = lambda copy: None,
) -> None:
    """Copy the database into an empty file, and check the copy.

    :param progress: called with the number of pages copied, and of all pages.
    :param check: whether the pages of the copy are checked.
    :param finish: called with the copy, to change it before it is checked.
    :raises OSError: the file cannot be written.
    :raises sqlite3.Error: the database cannot be read, or the copy is damaged.
    """
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as target:
            target.execute("PRAGMA journal_mode = OFF")  # what is not finished is thrown away
            target.execute("PRAGMA synchronous = OFF")  # it is flushed when it is whole
            database.backup(target, pages=PAGES, progress=lambda _, left, total: progress(total - left, total), sleep=0)
            # Makes it one file, without a write-ahead log beside it.
            target.execute("PRAGMA journal_mode = DELETE")
            finish(target)
            (found,) = target.execute("PRAGMA quick_check(1)").fetchone() if check else ("ok",)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) in _TARGETS:
            full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
            raise OSError(*((errno.ENOSPC, os.strerror(errno.ENOSPC)) if full else (errno.EIO, str(error)))) from error
        raise
    if found != "ok":
        raise sqlite3.DatabaseError(f"the copy is damaged ({found})")
