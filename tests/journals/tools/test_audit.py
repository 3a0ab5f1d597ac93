"""Everything that can be wrong with a journal is found."""

import contextlib
import sqlite3
from dataclasses import replace

from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.audit import SHOWN, Audit
from groupchat.model.errors import CannotStart
from tests.journals.contract import ALICE, BOB, amended, ban, deleted, edited, said, topic, whispered
from tests.journals.sqlite.files import DataFolderCase

SESSION = "INSERT INTO sessions (author, digest, nick, rooms, position, seen, current) VALUES"


class AuditTest(DataFolderCase):
    def setUp(self) -> None:
        super().setUp()
        with Archive(self.path) as archive:
            archive.append(
                [
                    said("one"), said("two"), said("three"), edited(2, "zwei"), deleted(3),
                    whispered("psst", ALICE, BOB), topic("ships"), amended(ban("eve")),
                    replace(said("yes", BOB), reply=1),
                ],
            )  # fmt: skip
        self.sound = self.path.read_bytes()

    def faults(self) -> list[str]:
        return list(Audit(self.folder).faults())

    def broken(self, *statements: str) -> list[str]:
        """Return the faults after the file was changed behind the journal's back; it is sound again then."""
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as database:
            for statement in statements:
                database.execute(statement)
        found = self.faults()
        self.path.write_bytes(self.sound)
        return found

    def test_sound(self) -> None:
        """A sound journal has no faults, and says how much it holds."""
        audit = Audit(self.folder)
        self.assertEqual(list(audit.faults()), [])
        self.assertEqual((audit.messages, audit.head), (4, 8))

    def test_faults(self) -> None:
        """Each fault is told in a sentence of its own."""
        for statement, complaint in [
            ("DELETE FROM posts WHERE id = 1", "after #0 comes #2"),
            ("DELETE FROM posts WHERE id = 8", "the last post is #7, but #8 was given"),
            ("UPDATE posts SET reply = 7 WHERE id = 8", "#8 answers what is no earlier message of the same conv"),
            ("UPDATE posts SET reply = 6 WHERE id = 8", "#8 answers what is no earlier message"),
            ("UPDATE posts SET reply = 8 WHERE id = 8", "#8 answers what is no earlier message"),
            ("UPDATE posts SET reply = NULL WHERE id = 8", "#8 answers what is no earlier message"),
            ("UPDATE posts SET reply_nick = NULL WHERE id = 8", "#8 answers what is no earlier message"),
            ("UPDATE posts SET room = 'dev' WHERE id = 8", "#8 answers what is no earlier message"),
            ("UPDATE posts SET id = -3 WHERE id = 1", "#-3 cannot be the number of a post"),
            ("UPDATE posts SET target = 99 WHERE id = 4", "#4 (edited) changes #99, which is missing"),
            ("UPDATE posts SET target = 6 WHERE id = 4", "#4 (edited) changes #6, which is later"),
            ("UPDATE posts SET kind = 'topic' WHERE id = 2", "#4 (edited) changes #2, which is not a message"),
            ("UPDATE posts SET room = 'dev' WHERE id = 4", "#4 (edited) changes #2, which is elsewhere"),
            ("UPDATE posts SET revised = 'due' WHERE id = 2", "#2 does not read as its last edit"),
            ("UPDATE posts SET revised = 'x' WHERE id = 1", "#1 does not read as its last edit"),
            ("UPDATE posts SET gone_by = NULL WHERE id = 3", "#3 is marked as deleted without a deletion, or is not"),
            ("UPDATE posts SET gone_by = 'x', text = '' WHERE id = 1", "#1 is marked as deleted without a deletion"),
            ("UPDATE posts SET text = 'three' WHERE id = 3", "#3 is deleted, but its text is still there"),
            ("UPDATE posts SET kind = 'sung' WHERE id = 7", "#7 is of an unknown kind"),
            ("UPDATE posts SET reader = NULL WHERE id = 6", "#6 is private without a reader"),
            ("DELETE FROM authored WHERE id = 1", "#1 and the index of authors disagree"),
            ("INSERT INTO authored VALUES (1, 'lobby', 3)", "#3 and the index of authors disagree"),
            ("UPDATE counters SET value = 99 WHERE name = 'indexed'", "the index is said to reach #99, of #8"),
            ("UPDATE facts SET value = '{}'", "the fact ban '/eve' lacks a part"),
            (
                "INSERT INTO facts VALUES ('rank', 'alice', '{\"rank\": \"king\"}')",
                "the fact rank 'alice' lacks a part",
            ),
            ("UPDATE facts SET value = '[]'", "the fact ban '/eve' is not a JSON object"),
            (
                f"{SESSION} (1, 'd', 'eve', '[]', 99, 0, '')",
                "the session of eve is said to have read up to",
            ),
            (
                f"{SESSION} (1, 'd', 'eve', '{{}}', 1, 0, '')",
                "the session of eve has no list of rooms",
            ),
            (
                f"{SESSION} (1, 'd', 'eve', '[\"lobby\"]', 1, 0, 'dev')",
                "the session of eve sends lines to dev, which is not one of its rooms",
            ),
        ]:
            found = self.broken(statement)
            self.assertTrue(any(fault.startswith(complaint) for fault in found), (statement, found))
        self.assertEqual(self.faults(), [])

    def test_unchecked(self) -> None:
        """What is no journal of this version is not called damaged."""
        for statement, complaint in [
            ("PRAGMA user_version = 99", "was written by a newer groupchat (form 99; this one knows forms up to"),
            ("PRAGMA user_version = 0", "was written by an older groupchat (form 0; this one reads form"),
            ("PRAGMA application_id = 1", "is not a groupchat database"),
        ]:
            self.assertIn(f"{self.path} {complaint}", str(self.assertRaises(CannotStart, self.broken, statement)))
            self.path.write_bytes(self.sound)

    def test_expired(self) -> None:
        """Rows that were removed because they were old are not missing."""
        removed = ("DELETE FROM posts WHERE id < 3", "INSERT OR REPLACE INTO counters VALUES ('expired', 2)")
        unindexed = ("DELETE FROM authored WHERE id < 3", "DELETE FROM search_docsize WHERE id < 3")
        self.assertEqual(self.broken(*removed, *unindexed), [])
        self.assertIn("after #2 comes #4", self.broken("DELETE FROM posts WHERE id = 3", *removed))

    def test_missing_tail(self) -> None:
        """A journal that ends before the highest number shown has lost posts."""
        (self.folder / "chat.db-head").write_text("12\n")
        self.assertEqual(len(self.faults()), 1)
        self.assertIn("#12 was shown already, but the last number given is #8", self.faults()[0])

    def test_many(self) -> None:
        """Of many faults of one kind only some are told."""
        with Archive(self.path) as archive:
            archive.append([said("x") for _ in range(50)])
        self.sound = self.path.read_bytes()
        found = self.broken("UPDATE posts SET kind = 'sung' WHERE id > 7")
        self.assertEqual(len([fault for fault in found if "unknown kind" in fault]), SHOWN)

    def test_damaged(self) -> None:
        """A damaged page is told, whatever else is wrong."""
        with self.path.open("r+b") as file:
            file.seek(4096 * 3)
            file.write(b"\xee" * 64)
        self.assertNotEqual(self.faults(), [])
        self.path.write_bytes(b"Dear diary, " * 1000)
        self.assertIn("cannot be read", self.faults()[0])

    def test_in_use(self) -> None:
        """A journal that a daemon is using is not looked at; nor is one that is not there."""
        with Archive(self.path):
            self.assertIn("stop it first", str(self.assertRaises(CannotStart, self.faults)))
        self.path.unlink()
        self.assertIn("There is no journal", str(self.assertRaises(CannotStart, self.faults)))

    def test_lock_is_kept(self) -> None:
        """An audit does not hide that the last stop was unclean."""
        (self.folder / "lock").write_text("12345\n")
        self.faults()
        self.assertEqual((self.folder / "lock").read_text(), "12345\n")
