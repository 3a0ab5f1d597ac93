"""A damaged index never stops the chat: it is rebuilt, or left alone; searches are refused meanwhile."""

import contextlib
import sqlite3
import struct

from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

from groupchat.journals.sqlite.database import damages
from groupchat.journals.sqlite.index import CLEARED, Repair, repair
from groupchat.model.drafts import StoredPost
from groupchat.model.errors import JournalBroken, SearchUnavailable
from groupchat.model.message.sought import Sought
from tests.journals.contract import ALICE, LOBBY, deleted, edited, said
from tests.journals.sqlite.files import DataFolderCase, FileCase

GARBAGE = (
    "UPDATE search_data SET block = x'deadbeefdeadbeef' WHERE id > 10",
    "UPDATE search_data SET block = x'deadbeefdeadbeef' WHERE id = 10",  # the structure, which makes no sense
    "UPDATE search_data SET block = x'ff' WHERE id = 10",  # the structure, which is taken for that of an empty index
    "DELETE FROM search_data",
)
"""Statements after which FTS5 finds its own tables damaged."""


def change(path: object, *statements: str) -> None:
    """Change a file behind the journal's back."""
    with contextlib.closing(sqlite3.connect(str(path), isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


def spoil_page(path: object, table: str) -> None:
    """Overwrite the last page of a table on disk."""
    with contextlib.closing(sqlite3.connect(str(path), isolation_level=None)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = database.execute("PRAGMA page_size").fetchone()
        (root,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    with open(str(path), "r+b") as file:
        file.seek((root - 1) * size)
        page = file.read(size)
        if page[0] == 5:  # an interior page: its right child
            root = struct.unpack(">I", page[8:12])[0]
        file.seek((root - 1) * size)
        file.write(b"\xee" * size)


@implementer(ILogObserver)
class Observer:
    """Keeps what is logged."""

    def __init__(self, logged: list[str]) -> None:
        self.logged = logged

    def __call__(self, event: LogEvent) -> None:
        self.logged.append(str(event.get("log_format")))


class DamagedIndexCase(FileCase):
    def setUp(self) -> None:
        super().setUp()
        self.logged: list[str] = []

        observer = Observer(self.logged)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)

    def fill(self) -> None:
        """Let the writer be idle until there is nothing to do."""
        for _ in range(1000):
            if self.writer.idle() != 0.0:
                return
        self.fail("the writer never rests")

    def found(self, word: str) -> list[int]:
        return [post.event.id for post in self.reader.search(LOBBY, Sought(word), 100)]

    def reopened_after(self, *statements: str) -> None:
        """Close the file, change it, and open it again."""
        self.end()
        change(self.path, *statements)
        self.begin()


class RebuiltTest(DamagedIndexCase):
    def test_found(self) -> None:
        """Damage that is met as the index is filled or searched: posts go on, and afterwards everything is found."""
        for garbage in GARBAGE:
            for searched_first in (True, False):
                self.append(*(said(f"red {number}") for number in range(CLEARED * 2)))
                self.fill()
                self.reopened_after(garbage)
                if searched_first and self.writer.index.is_searchable:
                    with self.assertRaises(SearchUnavailable) as caught:
                        self.found("red")
                    assert isinstance(caught.exception.__cause__, sqlite3.Error)
                    self.writer.found_damaged(caught.exception.__cause__)
                self.append(said("red fox"))
                self.fill()
                self.append(said("and on"))
                self.fill()
                self.assertEqual(repair(self.reader._database), Repair.NONE)
                self.assertEqual(self.found("fox")[0], self.writer.head - 1)
                self.assertEqual(len(self.found("red")), 100)
        self.assertEqual(self.logged.count("The search index has been rebuilt"), 8)
        self.database.execute("INSERT INTO search (search) VALUES ('integrity-check')")

    def test_refused_from_the_start(self) -> None:
        """Damage that is met at the start is known to searches at once, also where they would find nothing."""
        for garbage in GARBAGE:
            self.append(said("red"))
            self.fill()
            self.reopened_after(garbage)
            if not self.writer.index.is_searchable:
                self.assertRaises(SearchUnavailable, self.found, "red")
                self.fill()

    def test_edit_and_deletion(self) -> None:
        """An edit and a deletion are done, although the index cannot follow."""
        self.append(said("red", ALICE), said("blue", ALICE))
        self.fill()
        self.reopened_after("DELETE FROM search_data WHERE id > 10")
        self.database.fail("INSERT INTO search", sqlite3.SQLITE_CORRUPT_VTAB)
        outcomes = self.append(edited(1, "green"), deleted(2), said("and on"))
        self.assertEqual([type(outcome) for outcome in outcomes], [StoredPost] * 3)
        self.assertEqual(self.writer.head, 5)
        self.database.when = None
        self.fill()
        self.assertEqual([self.found(word) for word in ("red", "green", "blue", "on")], [[], [1], [], [5]])

    def test_not_the_index(self) -> None:
        """The same error from a batch that did not use the index means that the journal is broken."""
        self.append(said("red"))
        self.database.fail("COMMIT", sqlite3.SQLITE_CORRUPT)
        self.assertRaises(JournalBroken, self.append, said("blue"))
        self.database.when = None
        self.assertRaises(JournalBroken, self.append, said("blue"))

    def test_refused_meanwhile(self) -> None:
        """While it is rebuilt, searches say so, also after a restart in the middle; everything else works."""
        self.append(*(said(f"red {number}") for number in range(500)))
        self.fill()
        self.writer.found_damaged(sqlite_error(sqlite3.SQLITE_CORRUPT_VTAB))
        self.writer.idle()
        self.assertIn("being rebuilt", str(self.assertRaises(SearchUnavailable, self.found, "red")))
        for _ in range(8):
            self.writer.idle()
        self.again()
        self.assertIn("being rebuilt", str(self.assertRaises(SearchUnavailable, self.found, "red")))
        self.append(edited(3, "red and blue"))
        self.fill()
        self.assertEqual((len(self.found("red")), self.found("blue")), (100, [3]))
        self.assertEqual(self.logged.count("The search index has been rebuilt"), 1)

    def test_told_once(self) -> None:
        """What several searches find is condemned once."""
        self.append(said("red"))
        self.fill()
        for _ in range(3):
            self.writer.found_damaged(sqlite_error(sqlite3.SQLITE_CORRUPT_VTAB))
        self.fill()
        self.assertEqual(self.found("red"), [1])

    def test_missing_table(self) -> None:
        """Where a table of the index is missing, nothing can be rebuilt in place: it is left alone."""
        self.append(said("red"))
        self.fill()
        self.reopened_after("DROP TABLE search_data")
        self.append(said("red"))
        self.fill()
        with contextlib.suppress(SearchUnavailable):
            self.found("red")
        self.writer.found_damaged(sqlite_error(1, "vtable constructor failed: search"))
        self.fill()
        self.assertEqual(self.writer.index._repair, Repair.LEFT_ALONE)
        self.assertIn("An administrator", str(self.assertRaises(SearchUnavailable, self.found, "red")))
        self.append(said("on"), edited(1, "blue"), deleted(2))
        self.fill()
        self.assertEqual(self.writer.index.upto, self.writer.head)
        self.assertEqual(self.append(said("further"))[0].event.id, self.writer.head)  # type: ignore[union-attr]


class LeftAloneTest(DamagedIndexCase):
    def test_page(self) -> None:
        """A damaged page of the index leaves it alone: nothing is freed; posts and edits go on, after restarts too."""
        self.append(*(said(f"red {number} " + "x" * 100, ALICE) for number in range(2000)))
        self.fill()
        self.end()
        spoil_page(self.path, "search_data")
        self.begin()
        with self.assertRaises(SearchUnavailable) as caught:
            self.found("red")
        assert isinstance(caught.exception.__cause__, sqlite3.Error)
        self.writer.found_damaged(caught.exception.__cause__)
        self.fill()
        for _ in range(2):
            self.append(edited(5, "five"), said("on", ALICE), deleted(6 + self.writer.head))
            self.fill()
            self.assertIn("An administrator", str(self.assertRaises(SearchUnavailable, self.found, "on")))
            self.again()
        latest = self.reader.latest(ALICE, "lobby")
        assert latest is not None
        self.assertEqual(latest.event.id, self.writer.head - 0)

    def test_damages(self) -> None:
        """Damaged pages of the index are told from others."""
        self.append(*(said(f"red {number} " + "x" * 100) for number in range(2000)))
        self.fill()
        self.end()
        sound = self.path.read_bytes()
        for table, is_index in (("search_data", True), ("search_docsize", True), ("posts", False), ("facts", False)):
            self.path.write_bytes(sound)
            spoil_page(self.path, table)
            with contextlib.closing(sqlite3.connect(self.path)) as database:
                found, of_index = damages(database, "quick_check", 20)
            self.assertEqual((bool(found), bool(of_index)), (not is_index, is_index), (table, found, of_index))
        self.path.write_bytes(sound)
        with contextlib.closing(sqlite3.connect(self.path)) as database:
            self.assertEqual(damages(database, "integrity_check", 20), ([], []))
        self.begin()


class StartTest(DataFolderCase):
    async def test_start(self) -> None:
        """After an unclean stop, damaged pages of the index do not hinder a start; searches are refused."""
        await self.filled(2000)
        spoil_page(self.path, "search_data")
        (self.folder / "lock").write_text("1\n")
        journal = self.open()
        self.assertEqual(len(await journal.append([said("on")])), 1)
        await self.assertFailure(journal.search(LOBBY, Sought("post"), 3), SearchUnavailable)

    async def test_search(self) -> None:
        """A search that meets the damage is refused, and has the index rebuilt: a later one is answered."""
        await self.filled(300)
        self.query("UPDATE search_data SET block = x'ff' WHERE id = 10")
        journal = self.open()
        for _ in range(2000):
            try:
                found = await journal.search(LOBBY, Sought("post"), 3)
            except SearchUnavailable:
                continue
            self.assertEqual([post.event.id for post in found], [300, 299, 298])
            return
        self.fail("it was never rebuilt")


def sqlite_error(code: int, text: str = "injected") -> sqlite3.Error:
    error = sqlite3.DatabaseError(text)
    error.sqlite_errorcode = code
    return error
