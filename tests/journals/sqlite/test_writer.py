"""The writer of the SQLite journal, without its thread: what lasts, what fails, and what it tidies up."""

import shutil
import sqlite3

from groupchat.facts.account_facts import Account
from groupchat.journals.sqlite import index, writer
from groupchat.journals.sqlite.database import connect
from groupchat.journals.sqlite.folder import clear_failure
from groupchat.model.drafts import (
    Amendment,
    Expire,
    ForgetSessions,
    Operation,
    Repeated,
    Revoke,
    StoredSession,
)
from groupchat.model.errors import JournalBroken, JournalUnavailable
from groupchat.model.events import SERVER
from groupchat.model.message.sought import Sought
from tests.journals.contract import ALICE, BOB, LOBBY, NOON, amended, deleted, edited, folder, posts, said, undone
from tests.journals.sqlite.files import FileCase


class LastingTests(FileCase):
    """Everything that outlives a run."""

    def test_lasting(self) -> None:
        """Posts, keys and sessions are there again."""
        session = StoredSession(BOB, "d" * 64, "bob", ("a", "b"), 1, NOON)
        self.append(said("a", key="k"), said("b"), session)
        self.again()
        self.assertEqual(self.writer.head, 2)
        self.assertEqual(self.texts(), ["a", "b"])
        self.assertEqual(self.append(said("a", key="k")), [Repeated(1)])
        self.assertEqual(self.reader.recall("d" * 64), session)

    def test_numbers_never_used_again(self) -> None:
        """Also when the newest rows were taken out of the file, the next number is above them."""
        self.append(said("a"), said("b"), said("c"))
        self.end()
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("DELETE FROM posts")
        connection.close()
        self.begin()
        self.assertEqual([post.id for post in posts(self.append(said("d")))], [4])

    def test_times_after_a_restart(self) -> None:
        """A clock set back between two runs does not hide posts from a span of time."""
        self.append(said("a", at=100.0), said("b", at=200.0))
        self.again()
        self.append(said("c", at=50.0), said("d", at=150.0))
        found = [post.event.id for post in self.reader.between(LOBBY, 50, 160, 9)]
        self.assertEqual(found, [1, 3, 4])

    def test_deleted_text(self) -> None:
        """A deleted message is nowhere on the disk once the writer was idle, nor are its edits."""
        self.append(said("the first secret"), said("another thing"), said("the third secret"))
        while self.writer.idle() == 0.0:
            pass
        self.append(edited(1, "the second secret"), said("the fourth secret"))
        self.append(deleted(1), deleted(3), deleted(5))
        self.assertIn(b"the first secret", self.on_disk())
        while self.writer.idle() == 0.0:
            pass
        for text in (b"the first secret", b"the second secret", b"the third secret", b"the fourth secret"):
            self.assertNotIn(text, self.on_disk())
        self.assertIn(b"another thing", self.on_disk())


class FaultTests(FileCase):
    """Faults while the writer runs."""

    def test_disk_full(self) -> None:
        """With no room nothing of the batch is written and it is said why; with room again all goes on, numbers too."""
        self.append(said("a"))
        self.database.execute("PRAGMA max_page_count = 60")
        many = [said("x" * 1000) for _ in range(500)]
        for _ in range(2):
            error = self.assertRaises(JournalUnavailable, self.append, said("first"), deleted(1), *many)
            self.assertIn("disk is full", str(error))
        self.assertEqual(self.texts(), ["a"])
        self.database.execute("PRAGMA max_page_count = 100000")
        self.assertEqual([post.id for post in posts(self.append(said("b")))], [2])
        self.again()
        self.assertEqual(self.texts(), ["a", "b"])

    def test_disk_full_at_the_commit(self) -> None:
        """Also what failed only at the very end is undone, so that the next append begins afresh."""
        self.database.fail("COMMIT", sqlite3.SQLITE_FULL)
        self.assertRaises(JournalUnavailable, self.append, said("a"))
        self.database.when = None
        self.assertEqual([post.id for post in posts(self.append(said("b")))], [1])
        self.assertEqual(self.texts(), ["b"])

    def test_steady_on_a_full_disk(self) -> None:
        """After a full disk nothing is tried until there is some space, so that small batches do not slip through."""
        asked: list[bool] = []

        def has_space() -> bool:
            asked.append(True)
            return len(asked) > 3

        self.folder.has_space = has_space  # type: ignore[method-assign]
        self.append(said("a"))
        self.assertEqual(asked, [])
        self.database.fail("COMMIT", sqlite3.SQLITE_FULL)
        self.assertRaises(JournalUnavailable, self.append, said("b"))
        self.database.when = None
        for _ in range(3):
            self.assertIn("disk is full", str(self.assertRaises(JournalUnavailable, self.append)))
        self.append(said("c"))
        self.append(said("d"))
        self.assertEqual((len(asked), self.texts()), (4, ["a", "c", "d"]))

    def test_disk_full_when_idle(self) -> None:
        """With no room the index is put off and tried again later; posting is not hindered."""
        self.append(said("apple"))
        self.database.fail("INSERT INTO search", sqlite3.SQLITE_FULL)
        self.assertEqual(self.writer.idle(), 1.0)
        self.append(said("apple pie"))
        self.database.when = None
        while self.writer.idle() == 0.0:
            pass
        self.assertEqual([post.event.id for post in self.reader.search(LOBBY, Sought("apple"), 9)], [2, 1])
        self.assertEqual(self.database.execute("PRAGMA synchronous").fetchone(), (2,))

    def test_failed_flush(self) -> None:
        """After a failed fsync nothing is ever acknowledged again, though the next would seem to succeed."""
        for code in (sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, -1):
            self.append(said("before"))
            self.database.fail("COMMIT", code)
            self.assertRaises(JournalBroken, self.append, said("lost"))
            self.database.when = None
            self.assertRaises(JournalBroken, self.append, said("after"))
            self.assertIsNone(self.writer.idle())
            self.assertTrue(clear_failure(self.path))
            self.again()
            self.assertNotIn("after", self.texts())

    def test_broken_when_idle(self) -> None:
        """An I/O error while tidying up is logged, and the next append fails."""
        self.append(said("a"))
        self.database.fail("INSERT INTO search", sqlite3.SQLITE_IOERR_WRITE)
        self.assertIsNone(self.writer.idle())
        self.assertEqual(len(self.flushLoggedErrors(sqlite3.OperationalError, JournalBroken)), 1)
        self.database.when = None
        self.assertRaises(JournalBroken, self.append, said("b"))

    def test_busy(self) -> None:
        """A file held by another program is a passing trouble."""
        self.database.fail("BEGIN", sqlite3.SQLITE_BUSY)
        self.assertRaises(JournalUnavailable, self.append, said("a"))
        self.database.when = None
        self.assertEqual(len(posts(self.append(said("b")))), 1)


class TidyingTests(FileCase):
    """The work of an idle writer."""

    def test_pieces(self) -> None:
        """An idle writer indexes in small pieces, until all is."""
        self.append(*(said(f"w{n}") for n in range(250)))
        pauses = [self.writer.idle() for _ in range(4)]
        self.assertEqual(pauses, [0.0, 0.0, 0.0, None])
        self.assertEqual(self.writer.index.upto, 250)
        self.assertEqual([post.event.id for post in self.reader.search(LOBBY, Sought("w7"), 3)], [80, 79, 78])

    def test_edits_are_indexed_anew(self) -> None:
        """An indexed message that is edited is found by its new text and not by its old."""
        self.append(said("apple"))
        while self.writer.idle() == 0.0:
            pass
        self.append(edited(1, "cherry"))
        self.assertEqual(self.reader.search(LOBBY, Sought("apple"), 9), [])
        self.assertEqual([post.event.id for post in self.reader.search(LOBBY, Sought("cherry"), 9)], [1])

    def test_idle_after_close(self) -> None:
        """A writer that is closed has nothing more to do, though not all is indexed."""
        self.append(said("a"))
        closed = self.writer
        self.again()
        self.assertIsNone(closed.idle())
        closed.keep_up(1)
        self.assertEqual(closed.fill(), 1)
        self.assertRaises(JournalBroken, closed.append, [said("b")])

    def test_keeping_up(self) -> None:
        """A writer that is never idle, with few rows in a commit, indexes once more than the bound waits."""
        self.append(*(said("w") for _ in range(index.TAIL)))
        self.writer.keep_up(1)
        self.assertEqual(self.writer.index.upto, 0)
        self.append(*(said("w") for _ in range(index.LARGE_PIECE)))
        self.writer.keep_up(1)
        self.assertEqual(self.writer.index.upto, index.LARGE_PIECE)

    def test_many_at_once(self) -> None:
        """While many rows come at once nothing is indexed until BEHIND wait, and never do more than that wait."""
        self.patch(writer, "BEHIND", 4000)
        waiting = []
        for _ in range(100):
            self.append(*(said("w") for _ in range(64)))
            self.writer.keep_up(64)
            waiting.append(self.writer.head - self.writer.index.upto)
        self.assertEqual(waiting[:61], [64 * number for number in range(1, 62)])
        self.assertLessEqual(max(waiting), 4000)
        self.assertGreater(min(waiting[61:]), 3000)

    def test_few_among_many(self) -> None:
        """A commit of few rows now and then, as between two turns of a burst, has nothing indexed."""
        for _ in range(100):
            for rows in (64, 1, 2):
                self.append(*(said("w") for _ in range(rows)))
                self.writer.keep_up(rows)
        self.assertEqual(self.writer.index.upto, 0)

    def test_few_after_many(self) -> None:
        """When less is said after a burst, what waits is indexed though the writer is never idle."""
        for _ in range(64):
            self.append(*(said("w") for _ in range(64)))
            self.writer.keep_up(64)
        self.assertEqual(self.writer.index.upto, 0)
        for _ in range(3 * writer.LATELY):
            self.append(said("w"))
            self.writer.keep_up(1)
        self.assertGreater(self.writer.index.upto, self.writer.head - index.TAIL - index.LARGE_PIECE)

    def test_fill_for_a_search(self) -> None:
        """A search asks for pieces until no more than the bound waits, and then looks up to the newest number."""
        count = index.TAIL + 150
        self.append(*(said("w") for _ in range(count)))
        self.assertEqual([self.writer.fill() for _ in range(3)], [None, None, count])

    def test_fill_while_much_is_said(self) -> None:
        """However much is said meanwhile, a search may begin at last: more is indexed than is written."""
        self.append(*(said("w") for _ in range(4000)))
        for _ in range(20):
            self.append(*(said("w " * 500) for _ in range(600)))
            self.writer.keep_up(600)
            if self.writer.fill() is not None:
                break
        else:
            self.fail("the search never begins")

    def test_search_on_a_full_disk(self) -> None:
        """What cannot be indexed for want of space is found all the same."""
        self.append(said("apple"), *(said("w") for _ in range(index.TAIL + index.LARGE_PIECE)))
        self.database.fail("INSERT INTO search", sqlite3.SQLITE_FULL)
        self.assertEqual(self.writer.fill(), self.writer.head)
        self.assertEqual([post.event.id for post in self.reader.search(LOBBY, Sought("apple"), 9)], [1])

    def test_waiting_over_an_end(self) -> None:
        """After the process was killed, the next one opens without indexing, finds everything, and catches up."""
        count = 2 * index.TAIL
        for _ in range(4):
            self.append(*(said("apple") for _ in range(index.LARGE_PIECE * 2)))
            self.writer.keep_up(index.LARGE_PIECE * 2)
        self.append(said("pear"), edited(1, "cherry"), deleted(2))
        copy = folder(self) / "chat.db"
        for ending in ("", "-wal", "-head"):
            shutil.copy(f"{self.path}{ending}", f"{copy}{ending}")
        self.end()
        self.path = copy
        self.begin()
        self.assertEqual((self.writer.head, self.writer.index.upto), (count + 3, 0))
        self.assertEqual(len(self.reader.recent(LOBBY, 10**9, 9)), 9)
        while (upto := self.writer.fill()) is None:
            pass
        for word, found in [("cherry", [1]), ("pear", [count + 1]), ("apple", [count, count - 1])]:
            self.assertEqual([post.event.id for post in self.reader.search(LOBBY, Sought(word), 2, upto)], found)
        while self.writer.idle() == 0.0:
            pass
        self.assertEqual(self.writer.index.upto, self.writer.head)
        self.assertEqual(len(self.reader.search(LOBBY, Sought("apple"), count)), count - 2)

    def settle(self) -> float | None:
        """Have the writer do what can wait; return what it said last."""
        while (pause := self.writer.idle()) == 0.0:
            pass
        return pause

    def shorten(self) -> None:
        """Have the log moved from a mebibyte on."""
        self.patch(writer, "LOG_MAX_BYTES", 2**20)
        self.database.execute(f"PRAGMA journal_size_limit = {2**20}")

    def log_size(self) -> int:
        return self.path.with_name("chat.db-wal").stat().st_size

    def test_log_is_moved(self) -> None:
        """After many commits the write-ahead log is moved into the file when idle; later, if others read meanwhile."""
        for number in range(writer.LOG_IDLE_COMMITS):
            self.append(said(f"post-{number}."))
        other = connect(self.path, "ro")
        self.addCleanup(other.close)
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM posts").fetchone()
        self.append(said("while it reads"))
        self.assertEqual(self.settle(), 1.0)
        other.execute("COMMIT")
        self.assertIsNone(self.settle())
        content = self.path.read_bytes()
        for text in (b"post-0.", b"post-%d." % (writer.LOG_IDLE_COMMITS - 1), b"while it reads"):
            self.assertIn(text, content)

    def test_log_keeps_its_length(self) -> None:
        """A log that was moved is written again from its beginning: the file neither shrinks nor grows."""
        self.settle()
        for _ in range(writer.LOG_IDLE_COMMITS):
            self.append(said("a"))
        self.settle()
        size = self.log_size()
        self.assertGreater(size, 2**20)
        for _ in range(writer.LOG_IDLE_COMMITS // 2):
            self.append(said("a"))
        self.settle()
        self.assertEqual(self.log_size(), size)

    def test_what_is_deleted_does_not_wait(self) -> None:
        """Indexing waits until nobody talks; what is to vanish from the disk vanishes in the shortest break."""
        self.assertEqual(self.writer.grace(), writer.SOON)  # something may be left of the run before
        self.settle()
        session = StoredSession(BOB, "e" * 64, "bob", ("a",), 1, NOON)
        self.append(said("a"), said("b", at=NOON), session)
        self.assertEqual(self.writer.grace(), writer.QUIET)
        for change in (deleted(1), Expire(NOON + 1), ForgetSessions(NOON + 1)):
            self.append(change)
            self.append(said("c", at=NOON + 5))
            self.assertEqual(self.writer.grace(), writer.SOON, change)
            self.settle()
            self.assertEqual(self.writer.grace(), writer.QUIET, change)

    def test_nothing_deleted_is_kept(self) -> None:
        """However long the log is, nothing of a message, a fact or a session stays there once it is deleted."""
        for _ in range(writer.LOG_IDLE_COMMITS):
            self.append(said("a"))
        known = Account("alice", "alice", ALICE, "the-secret-hash", NOON)
        session = StoredSession(BOB, "e" * 64, "bob", ("a",), 1, NOON)
        self.append(said("the secret text"), amended(known), session)
        changes: list[tuple[bytes, Operation]] = [
            (b"the secret text", deleted(writer.LOG_IDLE_COMMITS + 1)),
            (b"the-secret-hash", undone(known)),
            (b"e" * 64, Amendment(SERVER, NOON, (Revoke(BOB),))),
        ]
        for gone, change in changes:
            for _ in range(writer.LOG_IDLE_COMMITS):
                self.append(said("a"))
            self.assertIsNone(self.settle())
            self.assertIn(gone, self.on_disk())
            self.append(change)
            self.assertIsNone(self.settle())
            self.assertNotIn(gone, self.on_disk())
            self.assertEqual(self.log_size(), 0)

    def test_log_is_bounded(self) -> None:
        """A writer that is never idle moves the write-ahead log too when that has grown long; then it starts anew."""
        sizes = []
        self.writer.index.upto = 10**9  # The index is not what is tested here.
        for _ in range(30):
            self.append(*(said("x" * 4000) for _ in range(1500)))
            self.writer.keep_up(1500)
            sizes.append(self.log_size())
        self.writer.index.upto = 0
        self.assertLess(max(sizes), 26 * 2**20)

    def test_log_is_bounded_with_few_rows(self) -> None:
        """So it is when each commit has one row only."""
        sizes = []
        self.shorten()
        for _ in range(600):
            self.append(said("x" * 4000))
            self.writer.keep_up(1)
            sizes.append(self.log_size())
        self.assertLess(max(sizes), 2 * 2**20)

    def test_log_is_bounded_while_the_index_is_filled(self) -> None:
        """So it is when the index is filled, with much more than was said just now."""
        self.shorten()
        self.append(*(said(f"w{number} w{number % 77} w{-number}") for number in range(4000)))
        sizes = []
        while self.writer.idle() == 0.0:
            sizes.append(self.log_size())
        self.assertGreater(len(sizes), 30)
        self.assertLess(max(sizes[1:]), 2 * 2**20)


class ValueTests(FileCase):
    def test_value_that_cannot_be_stored(self) -> None:
        """A value SQLite does not take refuses its batch, and is no reason to distrust the file."""
        self.assertRaises(JournalUnavailable, self.append, said("ok"), said("x", key="\ud800"))
        self.assertEqual(len(self.flushLoggedErrors(UnicodeEncodeError)), 1)
        self.append(said("next"))
        self.assertEqual((self.writer.head, self.texts()), (1, ["next"]))
