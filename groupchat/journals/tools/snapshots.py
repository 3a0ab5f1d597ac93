"""Read or copy one state of a journal, while a daemon writes to it or not."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from groupchat.journals.sqlite.copying import copy
from groupchat.journals.sqlite.database import APPLICATION, connect
from groupchat.model.errors import CannotStart


@contextlib.contextmanager
def snapshot(path: Path) -> Iterator[sqlite3.Connection]:
    """Connect to the journal as it is now: the connection sees no later changes, and cannot make any.

    :raises CannotStart: there is no journal, or it cannot be read.
    """
    if not path.is_file():
        raise CannotStart(f"There is no journal {path}.")
    try:
        with contextlib.closing(connect(path, "ro")) as database:
            database.execute("BEGIN")
            if database.execute("PRAGMA application_id").fetchone() != (APPLICATION,):
                raise CannotStart(f"{path} is not a groupchat database.")
            database.execute("SELECT count(*) FROM counters").fetchone()  # begins the read transaction
            yield database
    except sqlite3.DatabaseError as error:
        raise CannotStart(f"{path} cannot be read: {error}.") from error


def back_up(source: Path, target: Path, progress: Callable[[int, int], object]) -> None:
    """Copy a journal to a file that does not exist yet.

    :param progress: called with the number of pages copied, and of all pages.
    :raises CannotStart: there is no journal, the copy cannot be made, or the file exists.
    """
    if target.exists():
        raise CannotStart(f"{target} exists already; it was not changed.")
    try:
        with snapshot(source) as database:
            try:
                copy(database, target, progress)
            except sqlite3.Error as error:
                raise CannotStart(f"{source} could not be copied to {target}: {error}.") from error
    except OSError as error:
        raise CannotStart(f"{target} cannot be written: {error.strerror}.") from error
