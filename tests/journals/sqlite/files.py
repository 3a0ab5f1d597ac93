"""A journal's file for a test, with a writer and a reader but without their threads."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.interfaces import IReactorFromThreads
from twisted.trial.unittest import SynchronousTestCase, TestCase

from groupchat.interfaces.storage import IJournal
from groupchat.journals.sqlite.database import connect, opened
from groupchat.journals.sqlite.folder import Folder
from groupchat.journals.sqlite.reader import Reader
from groupchat.journals.sqlite.sqlite_journal import SqliteJournal
from groupchat.journals.sqlite.writer import Writer
from groupchat.model.drafts import Operation, Outcome
from groupchat.model.errors import CannotStart
from tests.journals.contract import LOBBY, folder, said

THREADS = IReactorFromThreads(reactor)


class FaultyDatabase:
    """A connection on which statements that begin with ``when`` fail with an error of SQLite, once that is set."""

    def __init__(self, within: sqlite3.Connection) -> None:
        self.within = within
        self.when: str | None = None
        self.code = 0

    def fail(self, when: str, code: int) -> None:
        """Have statements that begin so fail with this code."""
        self.when, self.code = when, code

    def _check(self, statement: str) -> None:
        if self.when is not None and statement.startswith(self.when):
            error = sqlite3.OperationalError("injected")
            error.sqlite_errorcode = self.code
            raise error

    @property
    def total_changes(self) -> int:
        return self.within.total_changes

    @property
    def in_transaction(self) -> bool:
        return self.within.in_transaction

    def execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        self._check(statement)
        return self.within.execute(statement, cast(Any, values))

    def executemany(self, statement: str, values: Iterable[Sequence[object]]) -> sqlite3.Cursor:
        self._check(statement)
        return self.within.executemany(statement, cast(Any, values))

    def close(self) -> None:
        self.within.close()


class FileCase(SynchronousTestCase):
    """Tests with a writer and a reader of one file."""

    def setUp(self) -> None:
        self.path = folder(self) / "chat.db"
        self.begin()
        self.addCleanup(self.end)

    def begin(self) -> None:
        """Open the file."""
        self.folder = Folder(self.path)
        self.database = FaultyDatabase(opened(self.path, self.folder.marked()))
        self.writer = Writer(cast(sqlite3.Connection, self.database), self.folder)
        self.reader = Reader(connect(self.path, "ro"))

    def end(self) -> None:
        """Close the file."""
        self.reader.close()
        self.writer.close()

    def again(self) -> None:
        """Close the file and open it again."""
        self.end()
        self.begin()

    def append(self, *operations: Operation) -> list[Outcome]:
        """Append in one transaction."""
        return self.writer.append(operations)[0]

    def texts(self) -> list[str]:
        """Give what was said in the lobby, oldest first."""
        return [cast(Any, post.event).text for post in self.reader.page(LOBBY, 0, 10**9, 10**6)]

    def on_disk(self) -> bytes:
        """Give all bytes of all files."""
        return b"".join(file.read_bytes() for file in self.path.parent.iterdir())


class DataFolderCase(TestCase):
    """Tests with a data folder of their own."""

    timeout = 60

    def setUp(self) -> None:
        self.folder = folder(self) / "data"
        self.path = self.folder / "chat.db"

    def open(self, **options: object) -> IJournal:
        """Open the journal; it is closed at the end."""
        journal = SqliteJournal(THREADS, self.path, **options)  # type: ignore[arg-type]
        self.addCleanup(journal.close)
        return journal

    async def filled(self, count: int = 3) -> None:
        """Make a journal with posts, and close it."""
        journal = self.open()
        await journal.append([said(f"post {n} " + "x" * 200) for n in range(count)])
        await journal.close()

    def refused(self, *parts: str) -> None:
        """Opening fails with a sentence that has these parts; and again, so nothing is left held."""
        for _ in range(2):
            error = self.assertRaises(CannotStart, self.open)
            for part in parts:
                self.assertIn(part, str(error))

    def query(self, statement: str) -> None:
        """Change the file behind the journal's back."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute(statement)
        connection.close()
