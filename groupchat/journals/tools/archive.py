"""Read a journal as a whole, or write to it while no daemon runs."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from groupchat.journals.rules.rows import Row, kept_files
from groupchat.journals.sqlite.database import opened
from groupchat.journals.sqlite.folder import Folder
from groupchat.journals.sqlite.gone import Gone
from groupchat.journals.sqlite.statements import COLUMNS
from groupchat.journals.sqlite.transaction import Transaction
from groupchat.journals.sqlite.writer import Writer
from groupchat.journals.tools.snapshots import snapshot
from groupchat.model.drafts import Operation, Outcome, StoredFile

_COUNT = "SELECT count(*) FROM posts WHERE id > ?"
_ROWS = f"SELECT {COLUMNS} FROM posts WHERE id > ? ORDER BY id"


@contextlib.contextmanager
def reading(path: Path) -> "Iterator[tuple[int, Iterator[Row]]]":
    """Give the number of rows, and the rows in the order of their numbers; a daemon may write meanwhile.

    :raises CannotStart: there is no journal.
    """
    with snapshot(path) as database:
        contents = Contents(database)
        yield contents.count(), contents.rows()


class Contents:
    """The rows of one state of a journal, as they count."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self._gone = Gone(database)

    def count(self) -> int:
        """Return how many rows there are."""
        (count,) = self.database.execute(_COUNT, (self._gone.expired,)).fetchone()
        return int(count)

    def rows(self) -> Iterator[Row]:
        """Give all rows, in the order of their numbers."""
        return (self._gone.masked(Row(*row)) for row in self.database.execute(_ROWS, (self._gone.expired,)))

    def files(self) -> list[StoredFile]:
        """Return every file that a post names, once."""
        return kept_files(self.shared())

    def shared(self) -> list[Row]:
        """Return the rows that name files, in the order of their numbers."""
        return self._gone.files()

    def has_room(self, room: str) -> bool:
        """Return whether anything was ever said or done in a room."""
        return self.database.execute("SELECT 1 FROM posts WHERE room = ? LIMIT 1", (room,)).fetchone() is not None

    def find(self, id: int) -> Row | None:
        """Return the row with this number; None: there is none any more."""
        return self._gone.row(id)


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

    @contextlib.contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Give a transaction that is written as a whole or, after an error, not at all.

        :raises JournalUnavailable, JournalBroken: nothing was written.
        """
        with self._writer.writing() as batch:
            yield batch

    def index(self, progress: Callable[[int, int], object]) -> None:
        """Fill the search index, which is done at the end anyway, and tell how far that has come.

        :param progress: called with the number of the last post that is indexed, and of the last one.
        """
        while self._writer.idle() == 0.0:
            progress(self._writer.index.upto, self._writer.head)

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.finish()
        self._writer.close()
