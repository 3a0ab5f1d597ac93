"""Make the search index of a stopped daemon's journal anew, whatever is wrong with it.

The journal is written to a new file, with everything but the old index: what is damaged there is not even read.
"""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from groupchat.disk.data_folders import hand_over
from groupchat.disk.new_files import unfinished, unwritable
from groupchat.journals.sqlite.database import (
    INDEX_TABLES,
    connect,
    damaged,
    damages,
    form,
    make,
    newest_form,
    older,
    recognise,
)
from groupchat.journals.sqlite.folder import holding
from groupchat.journals.sqlite.index import Index
from groupchat.journals.sqlite.replacement import fresh_path, replace
from groupchat.journals.sqlite.statements import HEAD
from groupchat.model.errors import CannotStart

PIECE = 1000
"""Messages indexed between two reports of progress."""

_TABLES = "SELECT name FROM old.sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite_%'"


def rebuild(path: Path, progress: Callable[[int, int], object] = lambda done, total: None) -> int:
    """Rebuild the search index, and return the number up to which it reaches.

    :param progress: called with the number of rows indexed, and of all rows.
    :raises CannotStart: a daemon is using the journal, or more than the index is damaged, or there is no space.
    """
    with holding(path):
        _check(path)
        fresh = fresh_path(path)
        try:
            with unfinished(fresh, replace=True) as (descriptor, part):
                hand_over(descriptor, path.parent)
                head = _fill(path, part, progress)
            replace(path, aside=None, keeps_mark=True)
        except OSError as error:
            raise CannotStart(unwritable(fresh, error)) from error
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise CannotStart(f"{fresh} cannot be written: No space left on device.") from error
            raise damaged(path, str(error)) from error
    return head


def _check(path: Path) -> None:
    """:raises CannotStart: more than the index is damaged, or the journal has another form."""
    try:
        with contextlib.closing(connect(path)) as database:
            recognise(database, path)
            if form(database) < newest_form():
                raise older(path, form(database))
            found, _ = damages(database, "integrity_check", 1)
    except sqlite3.Error as error:
        raise damaged(path, str(error)) from error
    if found:
        raise damaged(path, found[0])


def _fill(old: Path, new: Path, progress: Callable[[int, int], object]) -> int:
    """Write everything but the index to the new file, then index it.  Raises sqlite3.Error."""
    with contextlib.closing(connect(new)) as database:
        database.execute("PRAGMA journal_mode = OFF")  # what is not finished is thrown away
        make(database)
        database.execute("ATTACH ? AS old", (f"file:{quote(str(old))}?mode=ro",))
        tables = {name for (name,) in database.execute(_TABLES)} - INDEX_TABLES - {"authored"}
        database.execute("BEGIN")
        for table in sorted(tables):
            database.execute(f"DELETE FROM main.{table}")
            database.execute(f"INSERT INTO main.{table} SELECT * FROM old.{table}")
        database.execute("DELETE FROM main.counters WHERE name = 'repair'")
        # The new file has no unused bytes with anything of the old one.
        database.execute("UPDATE main.counters SET value = 0 WHERE name IN ('indexed', 'scrubbing')")
        database.execute("COMMIT")
        database.execute("DETACH old")
        (head,) = database.execute(HEAD).fetchone()
        index = Index(database)
        while index.upto < head:
            index.fill(head, PIECE)
            progress(index.upto, head)
        database.execute("PRAGMA journal_mode = DELETE")
    return int(head)
