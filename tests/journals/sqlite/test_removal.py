"""What counts as removed leaves the file in pieces, whenever that is done, and however often it is interrupted."""

import contextlib
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import Account, RankGiven
from groupchat.journals.memory import MemoryJournal
from groupchat.journals.sqlite import reader, removal
from groupchat.journals.sqlite.database import SCHEMA, connect, opened
from groupchat.journals.sqlite.folder import Folder
from groupchat.journals.sqlite.reader import Reader
from groupchat.journals.sqlite.sqlite_journal import SqliteJournal
from groupchat.journals.sqlite.statements import HEAD
from groupchat.journals.sqlite.writer import Writer
from groupchat.journals.tools.archive import reading
from groupchat.journals.tools.audit import Audit
from groupchat.journals.tools.snapshots import back_up
from groupchat.model.drafts import (
    Amendment,
    Audience,
    Deed,
    Draft,
    Erase,
    Expire,
    FactChange,
    ForgetSessions,
    Kind,
    Operation,
    Outcome,
    StoredPost,
    StoredSession,
)
from groupchat.model.errors import JournalUnavailable, Refusal
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.message.sought import Sought, Whose
from groupchat.model.ranks import Rank
from tests.journals.contract import ALICE, BOB, LOBBY, NOON, account, amended, folder, said, topic
from tests.journals.removals_contract import ALIAS, erase, guest
from tests.journals.sqlite.files import DataFolderCase, FileCase

TABLES = {
    "posts": "SELECT * , key FROM posts ORDER BY id",
    "spans": "SELECT * FROM spans ORDER BY first",
    "head": HEAD,
    "counters": "SELECT * FROM counters WHERE name <> 'head' ORDER BY name",
    "authored": "SELECT * FROM authored ORDER BY author, id",
    "facts": "SELECT * FROM facts ORDER BY kind, name",
    "sessions": "SELECT * FROM sessions ORDER BY digest",
    "erasures": "SELECT * FROM erasures",
    "words": "SELECT term, doc, col FROM words ORDER BY term, doc, col",
}
ROOMS = ("lobby", "dev", "den")
NAMES = ("ann", "Ben", "cat", "dan", "eve")
WORDS = ("apple", "banana", "cherry", "date", "elder")
AUTHORS = [AuthorId(number) for number in range(11, 17)]


def tables(database: sqlite3.Connection) -> dict[str, list[Any]]:
    """Give everything a file has."""
    database.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab(main, search, instance)")
    return {name: database.execute(query).fetchall() for name, query in TABLES.items()}


class File:
    """A file with a writer and a reader, which does its pieces when it is told to."""

    def __init__(self, test: SynchronousTestCase, path: Path | None = None) -> None:
        self.path = path or folder(test) / "data" / "chat.db"
        self.open()
        test.addCleanup(self.close)

    def open(self) -> None:
        held = Folder(self.path)
        self.database = opened(self.path, held.marked())
        self.writer = Writer(self.database, held)
        self.reader = Reader(connect(self.path, "ro"))

    def close(self) -> None:
        self.reader.close()
        self.writer.close()

    def again(self) -> None:
        self.close()
        self.open()

    def append(self, *operations: Operation) -> list[Outcome]:
        return self.writer.append(operations)[0]

    def work(self, pieces: int) -> None:
        """Do some pieces of the work that can wait."""
        for _ in range(pieces):
            if self.writer.idle() is None:
                return

    def finish(self) -> dict[str, list[Any]]:
        """Do all of the work, and give all tables."""
        while self.writer.idle() == 0.0:
            pass
        return tables(self.database)


def an_evening(chance: random.Random) -> list[list[Operation]]:
    """Make up what many people do, in batches."""
    batches: list[list[Operation]] = []
    at, erasures, head = NOON, 0, 0
    for _ in range(chance.randrange(20, 60)):
        batch: list[Operation] = []
        for _ in range(chance.randrange(1, 6)):
            at += chance.choice((0, 0, 1, 7, -3))
            author, nick, text = chance.choice(AUTHORS), chance.choice(NAMES), " ".join(chance.choices(WORDS, k=2))
            room, key = chance.choice(ROOMS), chance.choice((None, None, "k", "l"))
            target = chance.randrange(1, head + 2)
            what = chance.random()
            if what < 0.35:
                batch.append(Draft(Kind.SAID, author, nick, at, room, text, key=key))
            elif what < 0.45:
                reader, to = chance.choice(AUTHORS), chance.choice(NAMES)
                batch.append(Draft(Kind.WHISPERED, author, nick, at, text=text, reader=reader, to=to, key=key))
            elif what < 0.55:
                batch.append(Draft(Kind.EDITED, author, nick, at, text=text, target=chance.choice((target, None))))
            elif what < 0.65:
                anyones = chance.random() < 0.5
                batch.append(Draft(Kind.DELETED, author, nick, at, target=target, anyones=anyones, key=key))
            elif what < 0.71:
                batch.append(Draft(Kind.TOPIC, author, nick, at, room, text, key=key))
            elif what < 0.76:
                deed = Deed("ban", f"banned {chance.choice(NAMES)}: {text}", chance.choice(NAMES), None, text)
                batch.append(Draft(Kind.MODERATED, author, nick, at, room, deed.encode()))
            elif what < 0.82:
                owner = Account(nick, nick.lower(), author, "1:x", at)
                rank = RankGiven(author, Rank.OPERATOR, chance.choice(NAMES), at)
                batch.append(Amendment(SERVER, at, (owner.made(), FactChange(rank.fact))))
            elif what < 0.9:
                digest = chance.choice("abcdefgh") * 64
                batch.append(StoredSession(author, digest, nick, (room,), 0, at))
            elif what < 0.93:
                batch.append(Expire(at - chance.randrange(30)))
            elif what < 0.96:
                batch.append(ForgetSessions(at - chance.randrange(30)))
            else:
                erasures += 1
                batch.append(Erase(chance.choice(NAMES).lower(), f"forgotten-{erasures:08x}", SERVER))
            head += 1
        batches.append(batch)
    return batches


def told(outcomes: list[Outcome]) -> list[object]:
    """Give outcomes in a form that can be compared."""
    return [(type(one), str(one)) if isinstance(one, Refusal) else one for one in outcomes]


AUDIENCES = [Audience(ROOMS, AUTHORS[0]), Audience(("lobby",), AUTHORS[1]), Audience((), AUTHORS[2])]


def questions(ask: Callable[..., Any]) -> list[Any]:
    """Ask everything there is to ask."""
    answers = [ask("rooms")]
    for audience in AUDIENCES:
        answers += [ask("page", audience, 0, 10**6, 10**6), ask("recent", audience, 10**6, 9)]
        answers += [ask("following", audience, 0, 10**6, 3), ask("between", audience, NOON, NOON + 40, 10)]
        answers += [ask("search", audience, Sought(word), 3) for word in WORDS]
        answers += [ask("search", audience, Sought(whose=Whose(author)), 3) for author in AUTHORS]
        answers += [ask("search", audience, Sought(whose=Whose(None, name)), 3) for name in map(str.lower, NAMES)]
        answers += [ask("around", audience, id, 1) for id in range(1, 60, 7)]
    answers += [ask("latest", author, "lobby") for author in AUTHORS]
    answers += [ask("recall", letter * 64) for letter in "abcdefgh"]
    answers += [ask("moderated", 10**6, 9)]
    return answers + [ask("facts", kind) for kind in ("account", "rank", "ban")]


def asked(journal: object) -> Callable[..., Any]:
    """Return the function that asks a journal or a reader, and gives refusals as answers."""

    def ask(name: str, *values: object) -> Any:
        found: list[Any] = []
        try:
            answer = getattr(journal, name)(*values)
        except Refusal as error:
            return str(error)
        if isinstance(answer, Deferred):
            answer.addCallbacks(found.append, lambda failure: found.append(str(failure.value)))
            return found[0]
        return answer

    return ask


class SameTest(SynchronousTestCase):
    """Whatever is said, removed and asked: nothing depends on when the pieces are done."""

    def test_same(self) -> None:
        """A journal that does its pieces at once, one that is always late, and one in memory tell and keep the same."""
        self.patch(removal, "PIECE", 3)
        self.patch(removal, "READ", 5)
        self.patch(reader, "SEARCH_S", 60.0)  # a busy machine is no reason for another answer
        for seed in range(12):
            chance = random.Random(seed)
            prompt, late, memory = File(self), File(self), MemoryJournal()
            for number, batch in enumerate(an_evening(chance)):
                expected = told(self.successResultOf(memory.append(batch)))
                self.assertEqual(told(prompt.append(*batch)), expected, (seed, number))
                self.assertEqual(told(late.append(*batch)), expected, (seed, number))
                prompt.work(99)
                late.work(chance.choice((0, 0, 0, 1, 3)))
                if chance.random() < 0.1:
                    chance.choice((prompt, late)).again()
                if number % 5 == 0:
                    answers = questions(asked(memory))
                    self.assertEqual(questions(asked(prompt.reader)), answers, (seed, number))
                    self.assertEqual(questions(asked(late.reader)), answers, (seed, number))
            self.assertEqual(prompt.finish(), late.finish(), seed)
            for file in (prompt, late):
                file.close()
                self.assertEqual(list(Audit(file.path.parent).faults()), [], seed)
                file.open()


class PiecesTest(FileCase):
    """One piece after another, and what interrupts them."""

    def finish(self) -> None:
        """Do all the work that can wait."""
        while self.writer.idle() == 0.0:
            pass

    def shown(self) -> list[tuple[str, str]]:
        """Give what a reader is shown of the lobby: who, and the text."""
        page = self.reader.page(LOBBY, 0, 10**6, 10**6)
        return [(post.event.nick, getattr(post.event, "text", "")) for post in page]

    def filled(self, count: int = 40) -> None:
        """Have a guest and bob talk in turns, and index it."""
        self.append(*(guest("alice", f"zebra{n}") if n % 2 else said(f"okapi{n}", BOB) for n in range(count)))
        self.finish()

    def test_interrupted_anywhere(self) -> None:
        """After any number of pieces the file can be left and opened again: readers are shown the same each time."""
        self.patch(removal, "PIECE", 3)
        self.patch(removal, "READ", 5)
        self.filled()
        self.append(erase(), Expire(NOON), topic("kept"))
        expected = [("forgotten-0123abcd", ""), ("bob", "okapi0")]
        pieces = 0
        while self.database.execute("SELECT 1 FROM erasures").fetchone():
            shown = self.shown()
            self.assertEqual((shown[1], shown[0], len(shown)), (*expected, 41))
            self.assertEqual(self.reader.search(LOBBY, Sought("zebra7"), 9), [])
            self.assertEqual(len(self.reader.search(LOBBY, Sought("okapi8"), 9)), 1)
            self.again()
            self.assertEqual(self.writer.idle(), 0.0)
            pieces += 1
        self.assertGreater(pieces, 7)
        self.finish()
        self.again()
        self.assertEqual(self.shown()[1], expected[0])

    def test_killed_in_a_piece(self) -> None:
        """A piece that is not finished is not there at all, and is done again."""
        self.filled()
        self.append(erase())
        for statement in (
            "UPDATE posts SET nick",
            "INSERT INTO search (search, rowid",
            "DELETE FROM erasures",
            "COMMIT",
        ):
            self.database.fail(statement, sqlite3.SQLITE_FULL)
            self.assertEqual(self.writer.idle(), 1.0)
            self.database.when = None
            self.again()
            (left,) = self.database.execute("SELECT count(*) FROM posts WHERE text LIKE 'zebra%'").fetchone()
            self.assertEqual((left, self.shown()[1]), (20, (ALIAS, "")), statement)
        self.finish()
        (left,) = self.database.execute("SELECT count(*) FROM posts WHERE text LIKE 'zebra%'").fetchone()
        self.assertEqual(left, 0)

    def test_full_disk(self) -> None:
        """An operation that cannot be written counts for nothing; asked for again, it does."""
        self.filled()
        for operation in (Expire(NOON + 1), erase(), ForgetSessions(NOON + 1)):
            self.database.fail("COMMIT", sqlite3.SQLITE_FULL)
            self.assertRaises(JournalUnavailable, self.append, operation)
            self.database.when = None
        self.append(StoredSession(BOB, "b" * 64, "alice", (), 0, NOON))
        self.assertEqual(self.shown()[1], ("alice", "zebra1"))
        self.assertIsNot(self.reader.recall("b" * 64), None)
        self.assertIs(self.writer.idle(), None)
        self.append(erase())
        self.assertEqual(self.shown()[1], (ALIAS, ""))

    def test_nothing_on_disk(self) -> None:
        """When the pieces are done, no file has a word or the nickname any more, and what others said is there."""
        self.append(amended(account(ALICE)), StoredSession(ALICE, "a" * 64, "alice", (), 0, NOON))
        self.append(*(said(f"zebra{n} quagga", key=f"alice{n}") for n in range(300)), said("okapi", BOB))
        self.append(topic("about alice"), Draft(Kind.WHISPERED, BOB, "bob", NOON, text="gnu", reader=ALICE, to="alice"))
        self.finish()
        self.append(erase())
        self.finish()
        found = [word for word in (b"zebra", b"quagga", b"alice", b"Alice") if word in self.on_disk()]
        self.assertEqual(found, [])
        self.assertTrue(all(word in self.on_disk() for word in (b"okapi", b"gnu")))

    def test_nothing_after_a_crash(self) -> None:
        """What a write-ahead log has of before a crash goes too."""
        self.append(*(guest("alice", f"zebra{n}") for n in range(30)), erase())
        while self.writer._removal.owed:
            self.writer._removal.do()
        self.assertIn(b"zebra", self.on_disk())
        self.folder.release()  # as the end of a process does
        abandoned = self.reader, self.writer
        self.begin()
        self.finish()
        del abandoned
        self.assertNotIn(b"zebra", self.on_disk())

    def test_expired_words(self) -> None:
        """What has expired leaves the file with its words, but for topics that rooms have."""
        self.append(topic("old topic", at=NOON), topic("newer topic", at=NOON + 1))
        self.append(*(said(f"zebra{n}", at=NOON + 2) for n in range(500)))
        self.finish()
        self.append(Expire(NOON + 3))
        self.finish()
        self.assertEqual(
            [word in self.on_disk() for word in (b"zebra", b"old topic", b"newer topic")], [False, False, True]
        )

    def test_damaged_index(self) -> None:
        """An index that turns out to be damaged hinders nobody from being erased."""
        self.filled()
        self.append(erase())
        self.database.fail("INSERT INTO search (search, rowid", sqlite3.SQLITE_CORRUPT_VTAB)
        self.assertEqual(self.writer.idle(), 0.0)
        self.database.when = None
        self.finish()
        self.assertEqual(self.shown()[1], (ALIAS, ""))
        self.assertNotIn(b"zebra", self.on_disk())
        self.assertEqual(len(self.reader.search(LOBBY, Sought("okapi8"), 9)), 1)

    def test_backup(self) -> None:
        """A copy made before the pieces are done has nothing of what counts as removed, and is sound."""
        self.append(*(said(f"gnu{n}", BOB, at=NOON - 9) for n in range(300)))
        self.append(*(guest("alice", f"zebra{n}") for n in range(300)), said("okapi", BOB))
        self.finish()
        self.append(Expire(NOON - 1), erase())
        self.assertIn(b"zebra", self.on_disk())
        place = folder(self)
        place.chmod(0o700)
        back_up(self.path, place / "chat.db", lambda done, total: None)
        copied = (place / "chat.db").read_bytes()
        self.assertEqual(
            [word in copied for word in (b"zebra", b"alice", b"gnu", b"okapi")], [False, False, False, True]
        )
        self.assertEqual(list(Audit(place).faults()), [])

    def test_export(self) -> None:
        """What is read as a whole has nothing of it either."""
        self.filled(4)
        self.append(erase(), Expire(NOON - 1))
        with reading(self.path) as (count, rows):
            self.assertEqual([(row.nick, row.text) for row in rows], self.shown())
        self.assertEqual(count, 4)

    def test_busy(self) -> None:
        """A writer that is never idle does the pieces all the same."""
        self.filled()
        self.append(erase())
        for _ in range(20):
            self.append(*(said("x", BOB) for _ in range(500)))
            self.writer.keep_up(500)
        (left,) = self.database.execute("SELECT count(*) FROM posts WHERE text LIKE 'zebra%'").fetchone()
        self.assertEqual(left, 0)

    def test_moment_is_short(self) -> None:
        """To let much expire, few rows are looked at."""
        self.append(*(said("x", at=NOON + n) for n in range(3000)))
        asked: list[str] = []
        self.database.within.set_trace_callback(asked.append)
        self.append(Expire(NOON + 2000))
        self.database.within.set_trace_callback(None)
        looked = [statement for statement in asked if "FROM posts WHERE id >=" in statement]
        self.assertLess(len(looked), 20)


class InFlightTest(DataFolderCase):
    async def test_read_meanwhile(self) -> None:
        """What was read before an erasure is on disk, and not handed over yet, is read once more."""
        journal = cast(SqliteJournal, self.open())
        await journal.append([guest("alice", "zebra")])
        read, done = journal._reader.page, Event()

        def erase_meanwhile(*values: Any) -> list[StoredPost]:
            found = read(*values)
            if done.is_set():
                return found
            journal._writes.call(lambda: journal._writer.append([erase()])).addCallback(lambda _: None)
            journal._writes.tell(done.set)
            done.wait(30)
            return found

        journal._reader.page = erase_meanwhile  # type: ignore[method-assign, assignment]
        (post,) = await journal.page(LOBBY, 0, 9, 9)
        self.assertEqual(post.event.nick, ALIAS)


class UpgradeTest(SynchronousTestCase):
    def test_expired_before(self) -> None:
        """What an older version removed stays removed; topics that others had followed go, and others are there."""
        path = folder(self) / "data" / "chat.db"
        path.parent.mkdir(mode=0o700)
        script = (SCHEMA / "0001.sql").read_text(encoding="utf-8")
        columns = "id, kind, author, room, nick, peer, at, text"
        row = f"INSERT INTO posts ({columns}) VALUES (?, ?, 7, 'lobby', 'alice', '', ?, ?)"
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.executescript(script + "PRAGMA user_version = 1; PRAGMA journal_mode = WAL;")
            database.execute(row, (1, "topic", 1000, "first"))
            database.execute(row, (3, "topic", 3000, "second"))
            database.execute(row, (5, "said", 5000, "later"))
            database.execute("INSERT INTO spans VALUES (5, 5000)")
            database.execute("INSERT INTO counters VALUES ('expired', 4)")
            database.execute("UPDATE counters SET value = 5")
            database.execute("UPDATE counters SET value = 4 WHERE name = 'expired'")
            database.execute("UPDATE counters SET value = 0 WHERE name = 'indexed'")
        file = File(self, path)
        self.assertEqual([post.event.id for post in file.reader.page(LOBBY, 0, 9, 9)], [5])
        self.assertEqual([room.topic for room in file.reader.rooms()], ["second"])
        file.finish()
        self.assertEqual([id for (id,) in file.database.execute("SELECT id FROM posts")], [3, 5])
        self.assertEqual([room.topic for room in file.reader.rooms()], ["second"])
        file.close()
        self.assertEqual(list(Audit(path.parent).faults()), [])
        self.assertTrue(path.with_name("chat.db.v1.bak").exists())
        file.open()
