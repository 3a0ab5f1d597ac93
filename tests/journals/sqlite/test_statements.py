"""Insertions of many rows, and the scans that find what an audience may see."""

import sqlite3
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.rules.rows import Row
from groupchat.journals.sqlite.statements import COLUMNS, TOGETHER, Insertion, Scan, everything, messages, neighbours
from groupchat.model.drafts import Audience
from tests.journals.contract import ALICE, BOB, CAROL, deleted, edited, said, topic, whispered
from tests.journals.sqlite.files import FileCase


class InsertionTest(SynchronousTestCase):
    @given(st.integers(0, 3 * TOGETHER + 2))
    def test_any_number(self, count: int) -> None:
        """Any number of rows is inserted, each once and in order."""
        database = sqlite3.connect(":memory:")
        database.execute("CREATE TABLE pairs (one, fixed, two)")
        rows = [(number, "x", str(number)) for number in range(count)]
        values = [value for one, _, two in rows for value in (one, two)]
        Insertion("pairs (one, fixed, two)", "(?, 'x', ?)").run(database, values)
        self.assertEqual(database.execute("SELECT * FROM pairs ORDER BY rowid").fetchall(), rows)
        database.close()

    def test_columns(self) -> None:
        """The columns are those of a row, in the same order; only the name of one is another."""
        self.assertEqual([{"peer": "to"}.get(name, name) for name in COLUMNS.split(", ")], list(Row._fields))


class ScanTest(FileCase):
    def setUp(self) -> None:
        super().setUp()
        self.append(
            said("1"), said("2", room="dev"), whispered("3", ALICE, BOB), whispered("4", CAROL, ALICE), topic("5"),
            edited(1, "6"), deleted(3), whispered("8", BOB, BOB), said("9"),
        )  # fmt: skip

    def ids(self, scans: Sequence[Scan], after: int = 0, upto: int = 99, limit: int = 99) -> list[int]:
        """Return the numbers that the scans find, each checked in both directions."""
        found: set[int] = set()
        for scan in scans:
            bounds = (*scan.of, after, upto, limit)
            up = self.database.execute(scan.ascending, bounds).fetchall()
            down = self.database.execute(scan.descending, bounds).fetchall()
            self.assertEqual(up, sorted(up))
            self.assertEqual(down, sorted(down, reverse=True))
            found.update(id for (id,) in up)
        return sorted(found)

    def test_messages(self) -> None:
        """Messages are those of the rooms and the person's private ones; deleted ones, topics and changes are not."""
        self.assertEqual(self.ids(messages(Audience(("lobby",)))), [1, 9])
        self.assertEqual(self.ids(messages(Audience(("lobby", "dev"), ALICE))), [1, 2, 4, 9])
        self.assertEqual(self.ids(messages(Audience((), BOB))), [8])

    def test_everything(self) -> None:
        """Everything is also what is deleted, topics and changes."""
        self.assertEqual(self.ids(everything(Audience(("lobby",)))), [1, 5, 6, 9])
        self.assertEqual(self.ids(everything(Audience((), BOB))), [3, 7, 8])
        self.assertEqual(everything(Audience(())), [])

    def test_bounds(self) -> None:
        """A scan stays within its bounds, and stops at its limit."""
        lobby = everything(Audience(("lobby",)))
        self.assertEqual(self.ids(lobby, 1, 6), [5, 6])
        self.assertEqual(self.ids(messages(Audience(("lobby",))), 0, 99, 1), [1])

    def test_neighbours(self) -> None:
        """The neighbours of a message are those of its room, or of the two people, whoever wrote."""
        rows = {row[0]: Row(*row) for row in self.database.execute(f"SELECT {COLUMNS} FROM posts")}
        self.append(whispered("10", BOB, ALICE))
        for id, expected in [(1, [1, 9]), (2, [2]), (3, [10]), (4, [4]), (8, [8])]:
            self.assertEqual(self.ids(neighbours(rows[id])), expected, id)
