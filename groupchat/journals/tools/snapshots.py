"""Read or copy one state of a journal, while a daemon writes to it or not."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from groupchat.disk.copying import copy
from groupchat.disk.data_folders import check_journal
from groupchat.disk.new_files import unwritable
from groupchat.journals.sqlite.database import APPLICATION, connect, form, newest_form, older, recognise
from groupchat.journals.sqlite.removal import finish
from groupchat.model.errors import CannotStart


@contextlib.contextmanager
def snapshot(path: Path, known: bool = True) -> Iterator[sqlite3.Connection]:
    """Connect to the journal as it is now: the connection sees no later changes, and cannot make any.

    :param known: whether the journal must have the form of this version, so that its tables can be read.
    :raises CannotStart: there is no journal, or it cannot be read.
    """
    check_journal(path)
    try:
        with contextlib.closing(connect(path, "ro")) as database:
            database.execute("BEGIN")
            if database.execute("PRAGMA application_id").fetchone() != (APPLICATION,):
                raise CannotStart(f"{path} is not a groupchat database.")
            if known:
                recognise(database, path)
                if form(database) < newest_form():
                    raise older(path, form(database))
            database.execute("SELECT count(*) FROM counters").fetchone()  # begins the read transaction
            yield database
    except sqlite3.DatabaseError as error:
        raise CannotStart(f"{path} cannot be read: {error}.") from error


def back_up(source: Path, target: Path, progress: Callable[[int, int], object]) -> None:
    """Copy a journal to a file that does not exist yet, without anything that counts as removed.

    :param progress: called with the number of pages copied, and of all pages.
    :raises CannotStart: there is no journal, the copy cannot be made, or the file exists.
    """
    with snapshot(source, known=False) as database:
        try:
            # A journal of an older form has nothing that counts as removed and is still there.
            finished = finish if form(database) == newest_form() else lambda copy: None
            copy(database, target, progress, replace=False, finish=finished)
        except sqlite3.Error as error:
            raise CannotStart(f"{source} could not be copied to {target}: {error}.") from error
        except OSError as error:
            raise CannotStart(unwritable(target, error)) from error
