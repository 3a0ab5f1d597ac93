"""Copies of a database."""

import sqlite3

from groupchat.disk.copying import PAGES, copy
from groupchat.journals.sqlite.database import connect
from tests.journals.contract import said
from tests.journals.sqlite.files import FileCase


class CopyTest(FileCase):
    def setUp(self) -> None:
        super().setUp()
        self.append(*(said("x" * 1000) for _ in range(6000)))
        self.source = connect(self.path, "ro")
        self.addCleanup(self.source.close)
        self.target = self.path.with_name("copy.db")

    def names(self) -> list[str]:
        return sorted(path.name for path in self.target.parent.glob("copy.db*"))

    def test_whole(self) -> None:
        """A copy is one file, for its owner only, with everything that was committed, whatever is written meanwhile."""
        self.source.execute("BEGIN")
        self.source.execute("SELECT count(*) FROM posts").fetchone()
        self.append(said("too late"))
        copy(self.source, self.target)
        self.assertEqual(self.names(), ["copy.db"])
        self.assertEqual(self.target.stat().st_mode & 0o777, 0o600)
        copied = connect(self.target, "ro")
        self.addCleanup(copied.close)
        self.assertEqual(copied.execute("SELECT count(*) FROM posts").fetchone(), (6000,))
        self.assertEqual(copied.execute("PRAGMA journal_mode").fetchone(), ("delete",))

    def test_progress(self) -> None:
        """Progress is reported after each piece, and at the end that everything is copied."""
        told: list[tuple[int, int]] = []
        copy(self.source, self.target, lambda done, total: told.append((done, total)))
        self.assertEqual(told[0][0], PAGES)
        self.assertEqual(told[-1][0], told[-1][1])
        self.assertEqual(told, sorted(told))

    def test_left_over(self) -> None:
        """The remains of an earlier attempt and an older copy are replaced."""
        self.target.write_text("old")
        self.target.with_name("copy.db.part").write_text("left over")
        copy(self.source, self.target)
        self.assertEqual(self.names(), ["copy.db"])
        self.assertTrue(self.target.read_bytes().startswith(b"SQLite format 3"))

    def test_failure(self) -> None:
        """A copy that fails leaves nothing, and an older copy as it was."""
        self.target.write_text("old")

        def stop(done: int, total: int) -> None:
            raise InterruptedError

        self.assertRaises(InterruptedError, copy, self.source, self.target, stop)
        self.assertEqual((self.names(), self.target.read_text()), (["copy.db"], "old"))

    def test_closed(self) -> None:
        """A database that cannot be read is no copy."""
        self.source.close()
        self.assertRaises(sqlite3.ProgrammingError, copy, self.source, self.target)
        self.assertEqual(self.names(), [])
