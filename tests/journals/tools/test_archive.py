"""A journal as a whole, without a daemon."""

from dataclasses import replace

from groupchat.journals.rules.rights import changing, written
from groupchat.journals.tools.archive import Archive, reading
from groupchat.journals.tools.audit import Audit
from groupchat.model.drafts import Kind, StoredPost, canonical
from groupchat.model.errors import CannotStart
from tests.journals.contract import amended, ban, said
from tests.journals.sqlite.files import DataFolderCase, FileCase


class ArchiveTest(DataFolderCase):
    def test_kept(self) -> None:
        """Appended messages are there again, and numbers go on."""
        with Archive(self.path) as archive:
            archive.append([said("a"), said("b")])
        with Archive(self.path) as archive:
            (outcome,) = archive.append([said("c")])
        assert isinstance(outcome, StoredPost)
        self.assertEqual(outcome.event.id, 3)

    def test_facts(self) -> None:
        """Facts are kept beside messages."""
        with Archive(self.path) as archive:
            archive.append([amended(ban("bob"))])
            found = archive.database.execute("SELECT kind, name, value FROM facts").fetchall()
        self.assertEqual(found, [("ban", "/bob", canonical(ban("bob").value()))])

    def test_tidy(self) -> None:
        """At the end everything is indexed, and in one file."""
        with Archive(self.path) as archive:
            archive.append([said("a") for _ in range(250)])
        self.assertEqual(sorted(file.name for file in self.folder.iterdir()), ["chat.db", "chat.db-head", "lock"])
        with Archive(self.path) as archive:
            found = archive.database.execute("SELECT value FROM counters WHERE name = 'indexed'").fetchone()
        self.assertEqual(found, (250,))

    def test_alone(self) -> None:
        """Only one process has an archive; a start that fails holds nothing."""
        with Archive(self.path):
            self.assertIn("in use by another", str(self.assertRaises(CannotStart, Archive, self.path)))
        self.query("INSERT INTO facts VALUES ('ban', '/eve', '{}')")
        for _ in range(2):
            self.assertIn("/eve", str(self.assertRaises(CannotStart, Archive, self.path)))
        self.path.write_text("Dear diary, " * 1000)
        for _ in range(2):
            self.assertIn("not a groupchat database", str(self.assertRaises(CannotStart, Archive, self.path)))

    def test_writing(self) -> None:
        """What is written by hand is numbered, found, indexed and told of like all else."""
        with Archive(self.path) as archive:
            archive.append([said("a")])
            with archive.writing() as batch:
                batch.add(written(said("b"), batch.head + 1))
                target = batch.find(2)
                assert target is not None
                batch.add_change(changing(replace(said("c"), kind=Kind.EDITED, target=2), 3, target), target)
            found = archive.database.execute("SELECT id, text, revised FROM posts").fetchall()
        self.assertEqual(found, [(1, "a", None), (2, "b", "c"), (3, "c", None)])
        self.assertEqual(list(Audit(self.folder).faults()), [])

    def test_index(self) -> None:
        """How far the index is filled is told, up to the last post."""
        with Archive(self.path) as archive:
            archive.append([said("a") for _ in range(1500)])
            told: list[tuple[int, int]] = []
            archive.index(lambda done, total: told.append((done, total)))
            self.assertEqual((told, told[-1]), (sorted(told), (1500, 1500)))
            self.assertGreater(len(told), 1)

    def test_writing_fails(self) -> None:
        """After an error nothing of it was written, and everything else works as before."""
        with Archive(self.path) as archive:
            for error in (ValueError, KeyboardInterrupt):
                with self.assertRaises(error), archive.writing() as batch:
                    batch.take(amended(ban("bob")))
                    batch.add(written(said("b"), batch.head + 1))
                    batch.flush()
                    raise error
            (outcome,) = archive.append([said("c")])
            assert isinstance(outcome, StoredPost)
            self.assertEqual(outcome.event.id, 1)
            self.assertEqual(archive.database.execute("SELECT * FROM facts").fetchall(), [])


class ReadingTest(FileCase):
    def test_rows(self) -> None:
        """All rows are given in order, with how many there are, while a daemon writes."""
        self.append(said("a"), said("b"))
        with reading(self.path) as (count, rows):
            self.append(said("c"))
            self.assertEqual((count, [row.text for row in rows]), (2, ["a", "b"]))

    def test_no_journal(self) -> None:
        """Without a journal there is nothing to read."""
        with self.assertRaises(CannotStart), reading(self.path.with_name("none")):
            pass
