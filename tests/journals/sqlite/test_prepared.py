"""Posts that are carried out before it is certain that they are appended, and flushed when they were answered."""

import errno
import os
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree
from time import monotonic
from typing import Any, cast
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.sqlite import writer
from groupchat.journals.sqlite.database import opened
from groupchat.journals.sqlite.folder import Folder, read_mark
from groupchat.journals.sqlite.sqlite_journal import SqliteJournal
from groupchat.journals.sqlite.writer import Writer
from groupchat.model.drafts import Amendment, Draft, Operation
from groupchat.model.errors import JournalBroken, JournalUnavailable
from groupchat.model.events import SERVER
from groupchat.model.node_operations import Applied, Place
from tests.journals.contract import LOBBY, NOON, deleted, edited, posts, said
from tests.journals.direct import DirectJournal
from tests.journals.sqlite.files import THREADS, DataFolderCase, FileCase
from tests.journals.test_determinism import drafts, operations

PLACE = Applied("c", 7, 70, "ab")


class PreparedTests(FileCase):
    """What is prepared is what the next append begins with, or nothing."""

    def test_committed(self) -> None:
        """The append commits it; until then nobody sees it."""
        ahead = (said("a", key="k"), said("b"))
        self.writer.prepare(ahead)
        self.assertTrue(self.database.in_transaction)
        self.assertEqual((self.texts(), self.writer.head), ([], 0))
        self.database.fail("INSERT INTO posts", sqlite3.SQLITE_FULL)  # the posts are written already
        outcomes, head = self.writer.append([*ahead, PLACE])
        self.assertEqual([post.id for post in posts(outcomes)], [1, 2])
        self.assertEqual(len(outcomes), 3)
        self.assertEqual((self.texts(), head, self.writer.head), (["a", "b"], 2, 2))

    def test_with_more_behind(self) -> None:
        """What else is appended is judged after it."""
        ahead = (said("a"),)
        self.writer.prepare(ahead)
        outcomes = self.append(*ahead, edited(1, "b"), said("c"))
        self.assertEqual([post.id for post in posts(outcomes)], [1, 2, 3])
        self.assertEqual(self.texts(), ["b", "b", "c"], "a message, its edit, and another one")

    def test_something_else(self) -> None:
        """Whatever else comes first is as if nothing had been prepared; equal posts are not the same ones."""
        ahead = (said("a", key="k"),)
        for other in ((said("a", key="k"),), (said("b"), *ahead), ()):
            self.writer.prepare(ahead)
            before = self.writer.head
            outcomes = self.append(*other)
            self.assertEqual(self.writer.head, before + len(posts(outcomes)))
            self.assertFalse(self.database.in_transaction)
        self.assertEqual(self.texts(), ["a", "b"])

    def test_idle(self) -> None:
        """A writer that becomes idle meanwhile waits for a while; then it undoes it, and does what it has to do."""
        self.append(said("apple"))
        self.writer.prepare((said("b"),))
        left = self.writer.idle()
        assert left is not None
        self.assertTrue(0.0 < left <= writer.PREPARED_S, left)
        self.assertTrue(self.database.in_transaction)
        with patch.object(writer, "PREPARED_S", 0.0):
            while self.writer.idle() == 0.0:
                pass
        self.assertFalse(self.database.in_transaction)
        self.assertEqual((self.texts(), self.writer.index.upto), (["apple"], 1))

    def test_other_work(self) -> None:
        """So does whoever writes otherwise, searches, condemns the index, or closes."""
        self.append(*(said(f"w{n}") for n in range(3000)))
        error = sqlite3.DatabaseError("injected")

        def write() -> None:
            with self.writer.writing():
                pass

        for work in (write, self.writer.fill, lambda: self.writer.found_damaged(error)):
            self.writer.prepare((said("b"),))
            self.assertTrue(self.database.in_transaction)
            work()
            self.assertFalse(self.database.in_transaction)
        self.writer.prepare((said("b"),))
        self.again()
        self.assertEqual(self.writer.head, 3000)
        self.assertEqual(len(self.texts()), 3000)

    def test_another_one(self) -> None:
        """What is prepared last counts."""
        first, second = (said("a"),), (said("b"),)
        self.writer.prepare(first)
        self.writer.prepare(second)
        self.append(*second)
        self.append(*first)
        self.assertEqual(self.texts(), ["b", "a"])

    def test_not_plain(self) -> None:
        """Only posts that change nothing else are prepared: memory could not forget the rest."""
        self.append(said("a"))
        for one in (edited(1, "b"), deleted(1), Amendment(SERVER, NOON, ())):
            self.writer.prepare((said("c"), one))
            self.assertFalse(self.database.in_transaction)

    def test_disk_full(self) -> None:
        """With no room while it is prepared, or when it is committed, the append says so; later all goes on."""
        ahead = (said("a"),)
        for when in ("BEGIN", "INSERT INTO posts", "COMMIT"):
            self.database.fail(when, sqlite3.SQLITE_FULL)
            self.writer.prepare(ahead)
            error = self.assertRaises(JournalUnavailable, self.append, *ahead)
            self.assertIn("disk is full", str(error))
            self.assertFalse(self.database.in_transaction)
            self.database.when = None
            self.append(said(when))
        self.assertEqual(self.texts(), ["BEGIN", "INSERT INTO posts", "COMMIT"])

    def test_broken(self) -> None:
        """A file that cannot be trusted is found out by the append, and takes nothing afterwards."""
        ahead = (said("a"),)
        self.writer.prepare(ahead)
        self.database.fail("COMMIT", sqlite3.SQLITE_IOERR_FSYNC)
        self.assertRaises(JournalBroken, self.append, *ahead)
        self.database.when = None
        changes = self.database.total_changes
        self.writer.prepare(ahead)
        self.assertEqual(self.database.total_changes, changes)
        self.assertRaises(JournalBroken, self.append, *ahead)

    def test_locked(self) -> None:
        """A file that another program has locked is waited for by the append, not twice."""
        self.append(said("a"))
        other = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        ahead = (said("b"),)
        begun = monotonic()
        self.writer.prepare(ahead)
        self.assertLess(monotonic() - begun, 4.0)
        self.assertFalse(self.database.in_transaction)
        self.assertEqual(self.database.execute("PRAGMA busy_timeout").fetchone(), (5000,))
        other.execute("ROLLBACK")
        self.append(*ahead)
        self.assertEqual(self.texts(), ["a", "b"])

    def test_undoing_fails(self) -> None:
        """If it cannot be undone, nothing is written any more, also where that is found out between two appends."""
        self.writer.prepare((said("a"),))
        self.database.fail("ROLLBACK", sqlite3.SQLITE_IOERR)
        with patch.object(writer, "PREPARED_S", 0.0):
            self.assertIsNone(self.writer.idle())
        self.assertTrue(self.flushLoggedErrors(JournalBroken))
        self.database.when = None
        self.assertRaises(JournalBroken, self.append, said("b"))


class EqualTests(SynchronousTestCase):
    """Preparing changes no outcome, and no table."""

    @settings(deadline=None, max_examples=50)
    @given(
        batches=st.lists(st.lists(drafts, min_size=1, max_size=3) | st.lists(operations, min_size=1, max_size=3)),
        data=st.data(),
    )
    def test_equal(self, batches: list[list[Operation]], data: st.DataObject) -> None:
        """Whatever is prepared before each append, and whatever comes between."""
        plain, prepared = self.journal(), self.journal()
        for batch in batches:
            for _ in range(data.draw(st.integers(0, 2))):
                ahead = data.draw(st.sampled_from([batch, batch[:1], batch[1:]]) | st.lists(drafts, max_size=2))
                prepared.prepare(ahead)
                if data.draw(st.booleans()):
                    prepared.idle(1)
            self.assertEqual(self.appended(plain, batch), self.appended(prepared, batch))
        self.assertEqual(plain.hash(), prepared.hash())

    def journal(self) -> DirectJournal:
        """Open a journal."""
        place = Path(tempfile.mkdtemp())
        self.addCleanup(rmtree, place)
        journal = DirectJournal(place / "chat.db")
        self.addCleanup(lambda: journal.close())
        return journal

    def appended(self, journal: DirectJournal, batch: Sequence[Operation]) -> list[object]:
        """Append; refusals are compared by their words."""
        outcomes: list[Any] = self.successResultOf(journal.append(batch))
        return [repr(one) if isinstance(one, Exception) else one for one in outcomes]


class FlushTests(FileCase):
    """Where the log has flushed what is appended, the file is flushed after the answer."""

    def begin(self) -> None:
        self.flushed: list[int] = []
        self.error: OSError | None = None
        super().begin()
        self.writer = Writer(cast(sqlite3.Connection, self.database), self.folder, True, self.flush)

    def flush(self, file: int) -> None:
        """Flush the write-ahead log."""
        if self.error is not None:
            raise self.error
        log = self.path.with_name("chat.db-wal")
        self.assertEqual(os.fstat(file).st_ino, log.stat().st_ino)
        self.flushed.append(self.writer.head)

    def test_after_the_answer(self) -> None:
        """It is flushed when the outcomes have been handed over, and only then the mark says that it is there."""
        self.assertEqual(self.database.execute("PRAGMA synchronous").fetchone(), (1,))
        for number in (1, 2):
            self.append(said("a"))
            self.assertEqual((self.flushed[number - 1 :], read_mark(self.path)), ([], number - 1))
            self.writer.keep_up(1)
            self.assertEqual((self.flushed[number - 1 :], read_mark(self.path)), ([number], number))
        while self.writer.idle() == 0.0:
            pass
        self.assertEqual(self.database.execute("PRAGMA synchronous").fetchone(), (1,), "as before it was indexed")

    def test_failed(self) -> None:
        """After a flush that failed nothing more is answered."""
        self.append(said("a"))
        self.error = OSError(errno.EIO, "injected")
        self.writer.keep_up(1)
        self.assertEqual(len(self.flushLoggedErrors(OSError, JournalBroken)), 1)
        self.error = None
        self.assertRaises(JournalBroken, self.append, said("b"))
        self.assertRaises(JournalBroken, self.writer.flushed)
        self.assertEqual(read_mark(self.path), 0)


class ThreadTests(DataFolderCase):
    """The same by way of the thread."""

    async def test_prepared(self) -> None:
        """It is prepared in turn, committed, and flushed when that is asked for."""
        journal = SqliteJournal(THREADS, self.path, is_shared=True)
        self.addCleanup(journal.close)
        ahead: tuple[Draft, ...] = (said("a"),)
        journal.prepare(ahead)
        outcomes = await journal.append([*ahead, PLACE])
        self.assertEqual(len(posts(outcomes)), 1)
        await journal.flushed()
        self.assertEqual(read_mark(self.path), 1)
        page = await journal.page(LOBBY, 0, 9, 9)
        self.assertEqual(len(page), 1)
        self.assertEqual(await journal.place(), Place("c", 7, 70, "ab"))
        await journal.close()
        journal.prepare(ahead)
        failed: Deferred[None] = journal.flushed()
        self.failureResultOf(failed, JournalUnavailable)

    async def test_alone(self) -> None:
        """A journal that follows no log flushes before it answers."""
        journal = self.open()
        await journal.append([said("a")])
        self.assertEqual(read_mark(self.path), 1)


class OpeningTests(FileCase):
    """A node's file after its power was lost."""

    def test_mark_of_what_was_flushed(self) -> None:
        """Whoever opens the file finds all that the mark says, though more was answered."""
        node = Writer(cast(sqlite3.Connection, self.database), self.folder, True, lambda file: None)
        node.append([said("a")])
        node.keep_up(1)
        kept = {file: file.read_bytes() for file in self.path.parent.iterdir() if not file.name.endswith("-shm")}
        node.append([said("b")])
        self.end()
        for file in self.path.parent.iterdir():
            file.unlink()
        for file, data in kept.items():
            file.write_bytes(data)
        self.folder = Folder(self.path)
        self.assertEqual(self.folder.marked(), 1)
        database = opened(self.path, self.folder.marked(), self.folder.unclean)
        self.assertEqual(database.execute("SELECT text FROM posts").fetchall(), [("a",)])
        database.close()
        self.folder.release()
        self.begin()
