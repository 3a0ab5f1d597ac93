"""Reading and copying one state of a journal."""

import sqlite3

from groupchat.journals.tools.snapshots import back_up, snapshot
from groupchat.model.errors import CannotStart
from tests.journals.contract import said
from tests.journals.sqlite.files import FileCase


def ignored(done: int, total: int) -> None:
    """Take no notice of progress."""


class SnapshotTest(FileCase):
    def setUp(self) -> None:
        super().setUp()
        self.append(said("a"), said("b"))
        self.target = self.path.with_name("copy.db")

    def count(self, database: sqlite3.Connection) -> int:
        (count,) = database.execute("SELECT count(*) FROM posts").fetchone()
        return int(count)

    def test_one_state(self) -> None:
        """Later posts are not seen."""
        with snapshot(self.path) as database:
            self.assertEqual(self.count(database), 2)
            self.append(said("c"))
            self.assertEqual(self.count(database), 2)
        with snapshot(self.path) as database:
            self.assertEqual(self.count(database), 3)

    def test_state_from_the_beginning(self) -> None:
        """The state is that of the moment when it is taken, not of the first question."""
        with snapshot(self.path) as database:
            self.append(said("c"))
            self.assertEqual(self.count(database), 2)

    def test_read_only(self) -> None:
        """Nothing can be changed."""
        with self.assertRaises(CannotStart) as caught, snapshot(self.path) as database:
            database.execute("DELETE FROM posts")
        self.assertIn("readonly", str(caught.exception))

    def test_no_journal(self) -> None:
        """A file that is not there, or is another program's, is refused by name, and not made."""
        other = self.path.with_name("other.db")
        with self.assertRaises(CannotStart) as caught, snapshot(other):
            pass
        self.assertEqual(str(caught.exception), f"There is no journal {other}.")
        self.assertFalse(other.exists())
        sqlite3.connect(other).execute("CREATE TABLE x (y)").connection.close()
        with self.assertRaises(CannotStart) as caught, snapshot(other):
            pass
        self.assertIn(f"{other} is not a groupchat database", str(caught.exception))

    def test_back_up(self) -> None:
        """A backup has what the journal had."""
        back_up(self.path, self.target, ignored)
        with snapshot(self.target) as database:
            self.assertEqual(self.count(database), 2)

    def test_not_over_anything(self) -> None:
        """A file that exists is not overwritten."""
        self.target.write_text("precious")
        error = self.assertRaises(CannotStart, back_up, self.path, self.target, ignored)
        self.assertIn("exists already", str(error))
        self.assertEqual(self.target.read_text(), "precious")

    def test_nowhere(self) -> None:
        """A folder that is not there is named."""
        error = self.assertRaises(CannotStart, back_up, self.path, self.path.parent / "none" / "x", ignored)
        self.assertIn("none/x cannot be written: No such file", str(error))
