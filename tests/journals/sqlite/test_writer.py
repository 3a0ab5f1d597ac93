"""The writer and the reader of the SQLite journal, without their threads: faults, tidying up, and what queries cost."""

import sqlite3
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.journals.sqlite import index
from groupchat.journals.sqlite.database import connect, opened
from groupchat.journals.sqlite.folder import Folder
from groupchat.journals.sqlite.reader import Reader
from groupchat.journals.sqlite.writer import Writer
from groupchat.model.drafts import Audience, Draft, Fact, Kind, Outcome, Repeated, StoredSession
from groupchat.model.errors import JournalBroken, JournalUnavailable, Refusal
from groupchat.model.events import AuthorId
from tests.journals.contract import (
    ALICE,
    BOB,
    LOBBY,
    NICKS,
    NOON,
    deleted,
    edited,
    folder,
    posts,
    said,
    topic,
    whispered,
)


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


class Files(SynchronousTestCase):
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

    def append(self, *drafts: Draft) -> list[Outcome]:
        """Append in one transaction."""
        return self.writer.append(drafts, ())[0]

    def texts(self) -> list[str]:
        """Give what was said in the lobby, oldest first."""
        return [cast(Any, post.event).text for post in self.reader.page(LOBBY, 0, 10**9, 10**6)]

    def on_disk(self) -> bytes:
        """Give all bytes of all files."""
        return b"".join(file.read_bytes() for file in self.path.parent.iterdir())


class LastingTests(Files):
    """What holds from one run to the next."""

    def test_lasting(self) -> None:
        """Posts, keys and sessions are there again."""
        session = StoredSession(BOB, "d" * 64, "bob", ("a", "b"), 1, NOON)
        self.writer.append([said("a", key="k"), said("b")], [session])
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
        """What was deleted is nowhere on the disk once the writer was idle: not the message, nor its edits."""
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


class FaultTests(Files):
    """What goes wrong while running."""

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

    def test_disk_full_when_idle(self) -> None:
        """With no room the index is put off and tried again later; posting is not hindered."""
        self.append(said("apple"))
        self.database.fail("INSERT INTO search", sqlite3.SQLITE_FULL)
        self.assertEqual(self.writer.idle(), 1.0)
        self.append(said("apple pie"))
        self.database.when = None
        while self.writer.idle() == 0.0:
            pass
        self.assertEqual([post.event.id for post in self.reader.search(LOBBY, "apple", 9)], [2, 1])
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


class TidyingTests(Files):
    """What the writer does when it has nothing better to do."""

    def test_pieces(self) -> None:
        """An idle writer indexes in small pieces, until all is."""
        self.append(*(said(f"w{n}") for n in range(250)))
        pauses = [self.writer.idle() for _ in range(4)]
        self.assertEqual(pauses, [0.0, 0.0, 0.0, None])
        self.assertEqual(self.writer.index.upto, 250)
        self.assertEqual([post.event.id for post in self.reader.search(LOBBY, "w7", 3)], [80, 79, 78])

    def test_edits_are_indexed_anew(self) -> None:
        """An indexed message that is edited is found by its new text and not by its old."""
        self.append(said("apple"))
        while self.writer.idle() == 0.0:
            pass
        self.append(edited(1, "cherry"))
        self.assertEqual(self.reader.search(LOBBY, "apple", 9), [])
        self.assertEqual([post.event.id for post in self.reader.search(LOBBY, "cherry", 9)], [1])

    def test_idle_after_close(self) -> None:
        """A writer that is closed has nothing more to do, though not all is indexed."""
        self.append(said("a"))
        closed = self.writer
        self.again()
        self.assertIsNone(closed.idle())
        closed.keep_up(1)
        self.assertTrue(closed.fill())
        self.assertRaises(JournalBroken, closed.append, [said("b")], ())

    def test_keeping_up(self) -> None:
        """A writer that is never idle indexes as much as it writes, once more than the bound waits."""
        self.append(*(said("w") for _ in range(index.TAIL)))
        self.writer.keep_up(index.TAIL)
        self.assertEqual(self.writer.index.upto, 0)
        self.append(*(said("w") for _ in range(index.LARGE_PIECE)))
        self.writer.keep_up(index.LARGE_PIECE)
        self.assertEqual(self.writer.index.upto, index.LARGE_PIECE)

    def test_fill_for_a_search(self) -> None:
        """A search asks for pieces until no more than the bound waits."""
        self.append(*(said("w") for _ in range(index.TAIL + 150)))
        self.assertEqual([self.writer.fill() for _ in range(3)], [False, False, True])

    def test_log_is_moved(self) -> None:
        """A long write-ahead log is moved into the file when idle; later, if others read meanwhile."""
        self.append(*(said("x" * 1000) for _ in range(6000)))
        self.writer.index.fill(self.writer.head, 10000)
        log = self.path.with_name("chat.db-wal")
        self.assertGreater(log.stat().st_size, 4 * 2**20)
        other = connect(self.path, "ro")
        self.addCleanup(other.close)
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM posts").fetchone()
        self.append(said("while it reads"))
        self.writer.index.fill(self.writer.head, 10000)
        self.assertEqual(self.writer.idle(), 1.0)
        other.execute("COMMIT")
        self.assertIsNone(self.writer.idle())
        self.assertEqual(log.stat().st_size, 0)

    def test_log_is_bounded(self) -> None:
        """A writer that is never idle moves the write-ahead log too when that has grown long; then it starts anew."""
        log = self.path.with_name("chat.db-wal")
        sizes = []
        self.writer.index.upto = 10**9  # The index is not what is tested here.
        for _ in range(30):
            self.append(*(said("x" * 4000) for _ in range(1500)))
            self.writer.keep_up(1500)
            sizes.append(log.stat().st_size)
        self.writer.index.upto = 0
        self.assertLess(max(sizes), 90 * 2**20)


class CostTests(Files):
    """No query of a running chat reads a whole table or a whole index."""

    def test_plans(self) -> None:
        """Each statement that any request makes finds its rows by an index."""
        self.append(said("w", key="k"), whispered("w", ALICE, BOB), topic("t"), edited(1, "x"), said("gone"))
        while self.writer.idle() == 0.0:
            pass
        statements: set[str] = set()
        connections = self.database.within, self.reader._database
        for connection in connections:
            connection.set_trace_callback(statements.add)
        self.append(
            said("again", key="k"), said("new", key="l"), edited(1, "y"), deleted(None), deleted(5), edited(9, "")
        )
        self.writer.append(
            [], [StoredSession(ALICE, "d", "alice", (), 1, NOON)], [Fact("ban", "x", {}), Fact("ban", "y", None)]
        )
        self.writer.idle()
        audience = Audience(("lobby", "dev"), ALICE)
        self.reader.page(audience, 0, 9, 9)
        self.reader.recent(audience, 9, 9)
        self.reader.following(audience, 0, 9, 9)
        self.reader.between(audience, 0, NOON + 1, 9)
        self.reader.around(audience, 1, 9)
        self.reader.around(audience, 2, 9)
        self.reader.latest(ALICE)
        self.reader.search(audience, "w", 9)
        self.reader.rooms()
        self.reader.facts("ban")
        self.reader.moderated(9, 9)
        self.reader.recall("d")
        for connection in connections:
            connection.set_trace_callback(None)
        ours = [one for one in statements if "'main'.'search_" not in one]
        checked = [one for one in ours if one.startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))]
        self.assertGreater(len(checked), 30)
        for statement in checked:
            for *_, plan in connections[0].execute(f"EXPLAIN QUERY PLAN {statement}"):
                harmless = ("SCAN spans", "SCAN json_each", "SCAN search VIRTUAL TABLE", "SCAN CONSTANT ROW")
                self.assertTrue(not plan.startswith("SCAN") or plan.startswith(harmless), f"{statement}: {plan}")


AUTHORS = st.sampled_from(sorted(NICKS))
ROOMS = st.sampled_from(["lobby", "dev"])
TEXTS = st.lists(st.sampled_from(["red", "Redo", "fox", "Café", "天気", "don't", "x"]), max_size=4).map(" ".join)
TIMES = st.integers(0, 20).map(lambda n: NOON + n / 10)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Any draft that a hall could make."""
    kind = draw(st.sampled_from([Kind.SAID, *Kind]))
    author, reader = draw(AUTHORS), draw(AUTHORS)
    private, change = kind == Kind.WHISPERED, kind in (Kind.EDITED, Kind.DELETED)
    return Draft(
        kind,
        author,
        NICKS[author],
        draw(TIMES),
        "" if private or change else draw(ROOMS),
        draw(TEXTS),
        reader if private else None,
        NICKS[reader] if private else "",
        draw(st.none() | st.integers(0, 25)) if change else None,
        draw(TIMES) if change and draw(st.booleans()) else 0.0,
        change and draw(st.booleans()),
        draw(st.none() | st.sampled_from("kl")),
    )


AUDIENCES = st.builds(
    Audience, st.lists(ROOMS, max_size=3).map(tuple), st.none() | AUTHORS.map(AuthorId)
)  # fmt: skip


class EqualityTests(SynchronousTestCase):
    """The journal in memory, which is plain to see through, says what the other must do."""

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.tuples(st.lists(drafts(), max_size=8), st.integers(0, 5)), max_size=6),
        st.lists(AUDIENCES, min_size=1, max_size=3),
        st.tuples(st.integers(-1, 30), st.integers(-1, 30), st.integers(-1, 9)),
        st.tuples(TIMES, TIMES),
        st.sampled_from(["red", "re", "red fox", "cafe x", "気", "don't", "x"]),
    )
    def test_equal(
        self,
        batches: list[tuple[list[Draft], int]],
        audiences: list[Audience],
        bounds: tuple[int, int, int],
        times: tuple[float, float],
        words: str,
    ) -> None:
        """Any drafts have the same outcomes in both, and any question the same answer, however much is indexed."""
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "chat.db"
            held = Folder(path)
            writer = Writer(opened(path, 0), held)
            reader, memory = Reader(connect(path, "ro")), MemoryJournal()
            try:
                for batch, indexed in batches:
                    expected = self.successResultOf(memory.append(batch))
                    self.assertEqual(plain(writer.append(batch, ())[0]), plain(expected))
                    if indexed:
                        writer.index.fill(writer.head, indexed)
                after, upto, limit = bounds
                for audience in audiences:
                    for name, values in [
                        ("page", (after, upto, limit)), ("recent", (upto, limit)), ("following", (after, upto, limit)),
                        ("between", (*times, limit)), ("search", (words, limit)), ("around", (max(1, after), limit)),
                    ]:  # fmt: skip
                        found = attempt(getattr(reader, name), audience, *values)
                        told: list[object] = []
                        getattr(memory, name)(audience, *values).addErrback(lambda f: f.value).addCallback(told.append)
                        self.assertEqual(plain([found]), plain(told), name)
                for author in NICKS:
                    self.assertEqual(reader.latest(author), self.successResultOf(memory.latest(author)))
                self.assertEqual(reader.moderated(upto, limit), self.successResultOf(memory.moderated(upto, limit)))
                self.assertEqual(reader.rooms(), self.successResultOf(memory.rooms()))
            finally:
                reader.close()
                writer.close()


def attempt(function: Any, *values: object) -> object:
    """Call; a refusal is a result too."""
    try:
        return function(*values)
    except Refusal as refusal:
        return refusal


def plain(results: Sequence[object]) -> list[object]:
    """Make refusals comparable."""
    return [(type(one), str(one)) if isinstance(one, Refusal) else one for one in results]
