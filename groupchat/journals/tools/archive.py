"""Read a journal as a whole, or write to it while no daemon runs."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from groupchat.journals.rules.rows import Row
from groupchat.journals.sqlite.database import opened
from groupchat.journals.sqlite.folder import Folder
from groupchat.journals.sqlite.statements import COLUMNS
from groupchat.journals.sqlite.writer import Writer
from groupchat.journals.tools.snapshots import snapshot
from groupchat.model.drafts import Operation, Outcome

_ROWS = f"SELECT {COLUMNS} FROM posts ORDER BY id"


@contextlib.contextmanager
def reading(path: Path) -> "Iterator[tuple[int, Iterator[Row]]]":
    """Give the number of rows, and the rows in the order of their numbers; a daemon may write meanwhile.

    :raises CannotStart: there is no journal.
    """
    with snapshot(path) as database:
        (count,) = database.execute("SELECT count(*) FROM posts").fetchone()
        yield count, (Row(*row) for row in database.execute(_ROWS))


class Archive:
    """A journal that only this process uses.  Use it with ``with``, which closes it."""

    def __init__(self, path: Path) -> None:
        """Open the journal, or make it.

        :raises CannotStart: a daemon is using it, or it cannot be used.
        """
        folder = Folder(path)
        try:
            self.database: sqlite3.Connection = opened(path, folder.marked(), folder.unclean)
            try:
                self._writer = Writer(self.database, folder)
            except BaseException:
                self.database.close()
                raise
        except BaseException:
            folder.release()
            raise

    def append(self, operations: Sequence[Operation]) -> list[Outcome]:
        """Carry out everything in one transaction.  Raises JournalUnavailable or JournalBroken."""
        return self._writer.append(operations)[0]

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        pause: float | None = 0.0
        while pause == 0.0:
            pause = self._writer.idle()
        self._writer.close()
