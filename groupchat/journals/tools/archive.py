"""A journal read as a whole, and written to by programs that are no daemon."""

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
from groupchat.model.drafts import Draft, Fact, Outcome

_ROWS = f"SELECT {COLUMNS} FROM posts ORDER BY id"


@contextlib.contextmanager
def reading(path: Path) -> "Iterator[tuple[int, Iterator[Row]]]":
    """How many rows there are, and these in the order of their numbers; a daemon may write meanwhile.

    :raises CannotStart: there is no journal.
    """
    with snapshot(path) as database:
        (count,) = database.execute("SELECT count(*) FROM posts").fetchone()
        yield count, (Row(*row) for row in database.execute(_ROWS))


class Archive:
    """A journal that is written by this process alone; to be used with ``with``, which closes it."""

    def __init__(self, path: Path) -> None:
        """Open it, made if there is none.

        :raises CannotStart: a daemon has it, or it cannot be used.
        """
        folder = Folder(path)
        try:
            self.database: sqlite3.Connection = opened(path, folder.marked(), folder.unclean)
        except BaseException:
            folder.release()
            raise
        self._writer = Writer(self.database, folder)

    def append(self, drafts: Sequence[Draft], facts: Sequence[Fact] = ()) -> list[Outcome]:
        """Write all in one transaction.  Raises JournalUnavailable or JournalBroken."""
        return self._writer.append(drafts, (), facts)[0]

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        pause: float | None = 0.0
        while pause == 0.0:
            pause = self._writer.idle()
        self._writer.close()
