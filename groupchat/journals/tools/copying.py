"""Copies of a journal, made while a daemon writes it or not: each is one state of it, and a file of its own."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from groupchat.journals.sqlite.database import APPLICATION, connect
from groupchat.model.errors import CannotStart

PAGES = 1024
"""Pages copied between two looks at how far it is: some 4 MiB."""


def back_up(source: Path, copy: Path, progress: Callable[[int, int], object]) -> None:
    """Copy a journal; the copy has its name only when it is whole, sound and on disk.

    :param progress: called with how many pages are done, of how many.
    :raises CannotStart: there is no journal, or the copy cannot be made, or is there already.
    """
    if copy.exists():
        raise CannotStart(f"{copy} is there already; it was left alone.")
    unfinished = copy.with_name(f"{copy.name}.part")
    try:
        unfinished.unlink(missing_ok=True)
        handle = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CannotStart(f"{unfinished} cannot be written: {error.strerror}.") from error
    try:
        with snapshot(source) as database:
            _copy(database, unfinished, progress)
        os.fsync(handle)
        unfinished.rename(copy)
        _flush(copy.parent)
    except sqlite3.Error as error:
        raise CannotStart(f"{source} could not be copied to {copy}: {error}.") from error
    finally:
        os.close(handle)
        unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def snapshot(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that sees the journal as it is now, whatever is written meanwhile, and cannot change it.

    :raises CannotStart: there is none.
    """
    if not path.is_file():
        raise CannotStart(f"There is no journal {path}.")
    try:
        with contextlib.closing(connect(path, "ro")) as database:
            database.execute("BEGIN")
            if database.execute("PRAGMA application_id").fetchone() != (APPLICATION,):
                raise CannotStart(f"{path} is not a groupchat database.")
            database.execute("SELECT count(*) FROM counters").fetchone()  # from here on the state is kept
            yield database
    except sqlite3.DatabaseError as error:
        raise CannotStart(f"{path} cannot be read: {error}.") from error


def _copy(database: sqlite3.Connection, path: Path, progress: Callable[[int, int], object]) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as target:
        database.backup(target, pages=PAGES, progress=lambda _, left, total: progress(total - left, total), sleep=0)
        # So that it is one file, without a write-ahead log beside it.
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
