"""Databases are checked before they are trusted, and upgraded."""

import os
import shutil
import sqlite3
import stat
from pathlib import Path

from groupchat.journals.sqlite import database
from groupchat.journals.sqlite.folder import clear_failure
from groupchat.journals.sqlite.sqlite_journal import SqliteJournal
from groupchat.journals.tools.audit import Audit
from groupchat.model.errors import CannotStart, JournalBroken
from groupchat.model.events import Moderated, Said, TopicChanged
from tests.journals.contract import LOBBY, events, folder, posts, said
from tests.journals.sqlite.files import THREADS, DataFolderCase

NEWEST = len(list(database.SCHEMA.glob("*.sql")))
"""The form that this groupchat writes."""


class ConnectionTest(DataFolderCase):
    async def test_settings(self) -> None:
        """The file says whose it is and what form it has; the writer flushes each commit and checkpoints by itself."""
        await self.filled()
        connection = database.opened(self.path, 0)
        self.addCleanup(connection.close)
        for pragma, value in [
            ("application_id", database.APPLICATION), ("user_version", NEWEST), ("journal_mode", "wal"),
            ("synchronous", 2), ("wal_autocheckpoint", 0), ("secure_delete", 1), ("trusted_schema", 0),
            ("busy_timeout", 5000),
        ]:  # fmt: skip
            self.assertEqual(connection.execute(f"PRAGMA {pragma}").fetchone(), (value,), pragma)


class RefusalTest(DataFolderCase):
    """Databases that are refused."""

    def test_not_a_database(self) -> None:
        """Some other file is refused, and not touched."""
        self.folder.mkdir()
        self.path.write_text("Dear diary, " * 1000)
        self.refused(str(self.path), "is not a groupchat database")
        self.assertEqual(self.path.read_text(), "Dear diary, " * 1000)

    async def test_unreadable_fact(self) -> None:
        """A fact that cannot be read is named, and nobody is let in without the ban that it may have been."""
        await self.filled()
        self.query("INSERT INTO facts VALUES ('ban', '/eve', '{}')")
        self.refused(str(self.path), "the fact ban '/eve' cannot be read", "groupchat verify")

    def test_foreign_database(self) -> None:
        """The database of another program is refused, and not touched."""
        self.folder.mkdir()
        self.query("CREATE TABLE posts (id)")
        before = self.path.read_bytes()
        self.refused(str(self.path), "is not a groupchat database")
        self.assertEqual(self.path.read_bytes(), before)

    async def test_newer(self) -> None:
        """A file of a newer form is refused."""
        await self.filled()
        self.query("PRAGMA user_version = 7")
        self.refused(str(self.path), "newer groupchat")

    async def test_damaged_schema(self) -> None:
        """A damaged first page is refused, with the command that recovers."""
        await self.filled()
        with self.path.open("r+b") as file:
            file.seek(100)
            file.write(b"\xff" * 200)
        self.refused(str(self.path), "damaged", f"groupchat verify --data {self.folder}", "backup")

    async def test_damaged_tail(self) -> None:
        """A damaged page among the newest posts is refused, wherever in the page it is hit."""
        await self.filled(2000)
        connection = sqlite3.connect(self.path)
        rows = "SELECT pageno FROM dbstat WHERE name = 'posts' AND pagetype = 'leaf' ORDER BY path DESC LIMIT 1"
        (page,) = connection.execute(rows).fetchone()
        connection.close()
        sound = self.path.read_bytes()
        for offset in (0, 3, 8):
            with self.path.open("r+b") as file:
                file.seek((page - 1) * 4096 + offset)
                file.write(b"\xee\xee")
            self.refused("damaged", "groupchat verify")
            self.path.write_bytes(sound)

    async def test_index_disagrees(self) -> None:
        """An index that lacks one of the newest posts is refused."""
        await self.filled()
        self.query("PRAGMA writable_schema = ON")
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("PRAGMA writable_schema = ON")
        index = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'posts_room_messages'").fetchone()[0]
        changed = index.replace("kind <> 'topic'", "kind <> 'said'")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'posts_room_messages'", (changed,))
        connection.close()
        self.query("REINDEX posts_room_messages")
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'posts_room_messages'", (index,))
        connection.close()
        self.refused("damaged", "index disagree")

    async def test_counter_behind(self) -> None:
        """A counter below the highest number, as after a kill, gives no number twice."""
        await self.filled()
        self.query("UPDATE counters SET value = 2 WHERE name = 'head'")
        journal = self.open()
        self.assertEqual(journal.head, 3)
        (posted,) = await journal.append([said("next")])
        self.assertEqual(posts([posted])[0].id, 4)

    async def test_unclean_stop(self) -> None:
        """After an unclean stop the whole file is checked: damage far from the tail is refused then."""
        journal = self.open()
        for _ in range(20):
            await journal.append([said("x" * 300) for _ in range(100)])
        crashed = self.crashed()
        await journal.close()
        shutil.copy(self.path, crashed / "chat.db")
        connection = sqlite3.connect(self.path)
        rows = "SELECT pageno FROM dbstat WHERE name = 'posts' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 3"
        (page,) = connection.execute(rows).fetchone()
        connection.close()
        with (crashed / "chat.db").open("r+b") as file:
            file.seek((page - 1) * 4096)
            file.write(b"\xee" * 16)
        (crashed / "chat.db-wal").unlink()
        # It is clean as far as anyone can tell: so the damage is not looked for.
        opened = SqliteJournal(THREADS, crashed / "chat.db")
        await opened.close()
        self.flushLoggedErrors(JournalBroken)  # the writer comes upon it if it was idle for a moment,
        clear_failure(crashed / "chat.db")  # and says so for the next start
        (crashed / "lock").write_text("12345\n")
        self.folder, self.path = crashed, crashed / "chat.db"
        self.refused("damaged", "groupchat verify")

    async def test_cut_log(self) -> None:
        """A write-ahead log that was cut is refused, for acknowledged posts are missing; until the mark is removed."""
        journal = self.open()
        for n in range(9):
            await journal.append([said(f"post {n}")])
        # The index may be written behind the last post, by a writer that is idle before this test goes on.
        before = (self.folder / "chat.db-wal").stat().st_size
        await journal.append([said("post 9")])
        self.folder = self.crashed()
        self.path = self.folder / "chat.db"
        await journal.close()
        os.truncate(self.folder / "chat.db-wal", before)
        self.refused(str(self.path), "#10 was shown", "groupchat verify", "backup", "remove chat.db-head")
        (self.folder / "chat.db-head").unlink()
        self.assertLess(self.open().head, 10)

    def crashed(self) -> Path:
        """Copy the folder as it is now, as if the process had died."""
        copy = folder(self)
        for name in ("chat.db", "chat.db-wal", "chat.db-head"):
            shutil.copy(self.folder / name, copy / name)
        return copy


class UpgradeTest(DataFolderCase):
    """Older files are upgraded."""

    def newer_schema(self, *steps: str) -> Path:
        """Make a schema folder with further steps."""
        schema = folder(self)
        files = sorted(database.SCHEMA.glob("*.sql"))
        for file in files:
            shutil.copy(file, schema)
        for number, step in enumerate(steps, len(files) + 1):
            (schema / f"{number:04}.sql").write_text(step)
        return schema

    async def test_upgrade(self) -> None:
        """The missing steps are applied in order, the posts stay, and a copy of the old form is put aside."""
        await self.filled()
        schema = self.newer_schema("CREATE TABLE colours (name);", "ALTER TABLE colours RENAME TO colors;")
        journal = self.open(schema=schema)
        self.assertEqual(len(events(await journal.page(LOBBY, 0, 9, 9))), 3)
        await journal.append([said("new")])
        await journal.close()
        found = sqlite3.connect(self.path)
        self.addCleanup(found.close)
        self.assertEqual(found.execute("PRAGMA user_version").fetchone(), (NEWEST + 2,))
        self.assertEqual(found.execute("SELECT count(*) FROM colors").fetchone(), (0,))
        copy = self.folder / f"chat.db.v{NEWEST}.bak"
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o600)
        old = sqlite3.connect(copy)
        self.addCleanup(old.close)
        self.assertEqual(old.execute("PRAGMA user_version").fetchone(), (NEWEST,))
        self.assertEqual(old.execute("SELECT count(*) FROM posts").fetchone(), (3,))

    async def test_upgrade_fails(self) -> None:
        """A step that fails changes nothing, and the file can still be opened in its old form."""
        await self.filled()
        schema = self.newer_schema("CREATE TABLE colours (name); CREATE TABLE posts (id);")
        with self.assertRaises(CannotStart):
            self.open(schema=schema)
        journal = self.open()
        self.assertEqual(journal.head, 3)

    async def test_no_needless_copy(self) -> None:
        """A file in its newest form is not copied, nor is a new one."""
        await self.filled()
        await self.open().close()
        self.assertEqual(list(self.folder.glob("*.bak")), [])


OLD = (
    (Path(database.__file__).parent / "schema" / "0001.sql").read_text()
    + """
PRAGMA user_version = 1;
INSERT INTO posts (id, kind, author, room, nick, peer, at, text) VALUES
    (1, 'said', 1, 'lobby', 'alice', '', 1795000000000, 'hi'),
    (2, 'moderated', 1, 'lobby', 'alice', '', 1795000001000, 'muted bob for 10 minutes: spam'),
    (3, 'topic', 1, 'lobby', 'alice', '', 1795000002000, 'ships');
INSERT INTO spans VALUES (1, 1795000000000);
UPDATE counters SET value = 3 WHERE name = 'head';
INSERT INTO facts VALUES ('account', 'alice', '{"nick": "alice", "author": 1, "hash": "1:h", "rank": "operator",
    "since": 1795000000.5, "preferences": {"text": {"time": "off"}, "json": {}}}');
INSERT INTO sessions VALUES (1, 'd', 'alice', '["lobby", "dev"]', 3, 1795000002.5);
"""
)
"""A journal as the first version wrote it, in which acts of operators are sentences."""


class OldJournalTest(DataFolderCase):
    async def test_read(self) -> None:
        """An old journal is read with its facts and sessions; its acts of operators have a sentence and no fields."""
        self.folder.mkdir()
        connection = sqlite3.connect(self.path)
        connection.executescript(OLD)
        connection.close()
        journal = self.open()
        first, moderated, topic = events(await journal.page(LOBBY, 0, 9, 9))
        self.assertIsInstance(first, Said)
        assert isinstance(moderated, Moderated)
        self.assertEqual((moderated.text, moderated.act), ("muted bob for 10 minutes: spam", ""))
        assert isinstance(topic, TopicChanged)
        self.assertEqual(len(await journal.facts("account")), 1)
        session = await journal.recall("d")
        assert session is not None
        self.assertEqual((session.rooms, session.current, session.since), (("lobby", "dev"), "dev", 0.0))
        await journal.close()
        self.assertEqual(list(Audit(self.folder).faults()), [])
