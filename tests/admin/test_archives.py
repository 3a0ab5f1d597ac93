"""What is done to a journal as a whole: copied, read out, taken in, erased of a person, rid of what is old."""

import contextlib
import io
import json
import shutil
import sqlite3
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.interfaces import IReactorFromThreads
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface.verify import verifyObject

from groupchat.admin import main as admin
from groupchat.admin.progress import Progress
from groupchat.admin.transcripts import FORMATS, Item
from groupchat.interfaces.storage import IRetention
from groupchat.journals.sqlite.sqlite_journal import SqliteJournal
from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.audit import Audit
from groupchat.model.drafts import Draft, Fact, Kind
from groupchat.model.events import AuthorId, Said
from tests.journals.contract import LOBBY

DAY = 86400.0
NOON = 1795262400.0
ALICE, BOB, GUEST = AuthorId(11), AuthorId(22), AuthorId(33)


def draft(author: AuthorId, nick: str, words: str, days: float = 0, **more: object) -> Draft:
    fields = {"kind": Kind.SAID, "room": "lobby", **more}
    return Draft(author=author, nick=nick, text=words, at=NOON + days * DAY, **fields)  # type: ignore[arg-type]


def account(nick: str, author: AuthorId) -> Fact:
    value = {"nick": nick, "author": author, "hash": "", "rank": "member", "since": NOON, "preferences": {}}
    return Fact("account", nick, value)


class Archives(SynchronousTestCase):
    """Tests with a data folder in which alice and bob have accounts and have said things, and a guest too."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.data = self.folder / "data"
        with Archive(self.data / "chat.db") as archive:
            archive.append(
                [
                    draft(ALICE, "alice", "zebra one"),
                    draft(BOB, "bob", "waves", kind=Kind.ACTED),
                    draft(ALICE, "alice", "quagga secret", kind=Kind.WHISPERED, reader=BOB, to="bob"),
                    draft(BOB, "bob", "okapi <b>", 1, room="zoo"),
                    draft(BOB, "bob", "okapi & more", 1, kind=Kind.EDITED, target=4),
                    draft(BOB, "bob", "oops", 1),
                    draft(BOB, "bob", "", 1, kind=Kind.DELETED, target=6),
                    draft(ALICE, "alice", "gnu business", 2, kind=Kind.TOPIC),
                    draft(GUEST, "Guest", "impala", 2),
                ],
                [
                    account("alice", ALICE),
                    account("bob", BOB),
                    Fact("position", f"{ALICE}/lobby", {"upto": 1, "at": 0}),
                ],
            )
        self.assert_whole()

    def assert_whole(self, data: Path | None = None) -> None:
        self.assertEqual(list(Audit(data or self.data).faults()), [])

    def run_main(self, *arguments: object, status: int = 0) -> str:
        """What a sub-command prints, or complains of."""
        out, errors = io.StringIO(), io.StringIO()
        self.patch(sys, "__stderr__", errors)
        stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(errors):
            self.assertEqual(admin.main([str(argument) for argument in arguments]), status, errors.getvalue())
        stdout.flush()
        out.write(stdout.buffer.getvalue().decode())
        return out.getvalue() + errors.getvalue()

    def exported(self, *options: object, data: Path | None = None) -> str:
        return self.run_main("export", "--data", data or self.data, *options)

    def on_disk(self) -> bytes:
        return b"".join(file.read_bytes() for file in self.data.iterdir() if file.is_file())


class BackupTest(Archives):
    def test_backup_and_restore(self) -> None:
        """A copy is one sound file for its owner only, and a folder in which it stands is a whole journal."""
        copy = self.folder / "copy.db"
        self.run_main("backup", copy, "--data", self.data)
        self.assertEqual(copy.stat().st_mode & 0o777, 0o600)
        other = self.folder / "other"
        other.mkdir()
        shutil.copy(copy, other / "chat.db")
        self.assertIn("is whole: 9 posts, up to #9", self.run_main("verify", "--data", other))
        self.assertEqual(self.exported(data=other), self.exported())
        self.assertEqual([path.name for path in self.folder.glob("copy.db*")], ["copy.db"])

    def test_refused(self) -> None:
        """Nothing is written over, and what is no journal is not copied."""
        copy = self.folder / "copy.db"
        copy.write_text("precious")
        self.assertIn("exists already", self.run_main("backup", copy, "--data", self.data, status=1))
        self.assertEqual(copy.read_text(), "precious")
        self.assertIn("There is no journal", self.run_main("backup", self.folder / "x", "--data", "/nowhere", status=1))
        (self.data / "chat.db").write_bytes(b"no database, but long enough " * 100)
        self.assertIn("cannot be read", self.run_main("backup", self.folder / "x", "--data", self.data, status=1))
        self.assertEqual(list(self.folder.glob("x*")), [])


class ExportTest(Archives):
    def test_jsonl(self) -> None:
        """Everything public is there in its newest form, deleted text is not, and what is private only when asked."""
        items = [json.loads(line) for line in self.exported().splitlines()]
        self.assertEqual([item["id"] for item in items], [1, 2, 4, 6, 8, 9])
        self.assertEqual(items[0]["at"], "2026-11-21T12:00:00.000Z")
        self.assertEqual((items[2]["text"], items[2]["edited"]), ("okapi & more", True))
        self.assertNotIn("text", items[3])
        self.assertEqual(items[3]["deleted_by"], "bob")
        self.assertIn("quagga secret", self.exported("--private"))

    def test_selection(self) -> None:
        """Rooms and times narrow it down."""
        self.assertEqual([json.loads(line)["id"] for line in self.exported("--room", "zoo").splitlines()], [4])
        since = self.exported("--since", "2026-11-23T12:00:00Z")
        self.assertEqual([json.loads(line)["id"] for line in since.splitlines()], [8, 9])

    def test_text(self) -> None:
        """As text there is a line for each, and one for each day."""
        lines = self.exported("--format", "text").splitlines()
        self.assertEqual(lines[0], "-- 2026-11-21 (times are UTC)")
        self.assertEqual(lines[1:3], ["[12:00:00] #1 lobby: alice: zebra one", "[12:00:00] #2 lobby: * bob waves"])
        self.assertIn("[12:00:00] #8 lobby: -- alice set the topic to: gnu business", lines)
        self.assertIn("[12:00:00] #6 lobby: bob: (deleted by bob)", lines)

    def test_output(self) -> None:
        """A file is for its owner only, and nothing is written over."""
        file = self.folder / "page.html"
        self.exported("--format", "html", "--output", file)
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        self.assertIn("okapi &amp; more", file.read_text())
        self.run_main("export", "--data", self.data, "--output", file, status=1)

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.sampled_from(["said", "acted", "topic"]))
    def test_nothing_gets_out(self, words: str, kind: str) -> None:
        """Whatever was said, it makes no line of text and no element of a page of its own."""
        item = Item(1, kind, "lobby", "alice", NOON, words)
        self.assertEqual("".join(FORMATS["text"]([item])).count("\n"), 2)
        self.assertEqual(json.loads("".join(FORMATS["jsonl"]([item])))["text"], words)
        tags: list[str] = []
        parser = HTMLParser()
        self.patch(parser, "handle_starttag", lambda tag, attributes: tags.append(tag))
        parser.feed("".join(FORMATS["html"]([item])))
        expected = ["html", *["meta"] * 4, "title", "style", "main", "h1", "p", "h2", "p", "a", "time", "span", "b"]
        self.assertEqual(tags, expected)


class ImportTest(Archives):
    def test_there_and_back(self) -> None:
        """What was exported can be imported elsewhere, and once only; it reads the same, but for numbers."""
        file = self.folder / "chat.jsonl"
        file.write_text(self.exported("--private"), encoding="utf-8")
        other = self.folder / "other"
        self.assertEqual(self.run_main("import", file, "--data", other), "imported: 5, there already: 0, left out: 2\n")
        self.assert_whole(other)
        self.assertEqual(self.run_main("import", file, "--data", other), "imported: 0, there already: 5, left out: 2\n")

        def shown(data: Path) -> list[tuple[str, ...]]:
            items = [json.loads(line) for line in self.exported(data=data).splitlines()]
            return [
                (item["kind"], item["room"], item["nick"], item["at"], item["text"]) for item in items if "text" in item
            ]

        self.assertEqual(shown(other), shown(self.data))

    def test_mistakes(self) -> None:
        """One bad line, and nothing is imported; it is named."""
        file = self.folder / "chat.jsonl"
        good = '{"kind":"said","room":"lobby","nick":"carol","at":"2026-11-21T12:00:00Z","text":"hi"}\n'
        for line in [
            "nonsense", "[]", "{}", good.replace("said", "sung"), good.replace("lobby", "no room"),
            good.replace("carol", "two words"), good.replace("00Z", "00"), good.replace('"hi"', r'"\u001b[2J"'),
            good.replace('"hi"', "3"), good.replace("2026", "x"), '{"kind":["said"]}', good.replace('"lobby"', "[1]"),
        ]:  # fmt: skip
            file.write_text(good + line)
            complaint = self.run_main("import", file, "--data", self.data, status=1)
            self.assertIn(f"{file}, line 2: ", complaint)
        self.assertNotIn("carol", self.exported())

    def test_daemon(self) -> None:
        """While a daemon has the folder, importing and forgetting are refused."""
        file = self.folder / "chat.jsonl"
        file.write_text("")
        with Archive(self.data / "chat.db"):
            self.assertIn("in use by another", self.run_main("import", file, "--data", self.data, status=1))
            forgetting = self.run_main("forget", "alice", "--yes", "--data", self.data, status=1)
            self.assertIn("in use by another", forgetting)
            self.assertIn("zebra", self.exported())


class ForgetTest(Archives):
    def test_account(self) -> None:
        """No word of the person is left in any file, nor the account; all else is there, and whole."""
        for word in (b"zebra", b"quagga", b"gnu business"):
            self.assertTrue(word in self.on_disk(), word)
        self.run_main("forget", "Alice", "--yes", "--data", self.data)
        for word in (b"zebra", b"quagga", b"gnu business"):
            self.assertFalse(word in self.on_disk(), word)
        with contextlib.closing(sqlite3.connect(self.data / "chat.db")) as database:
            self.assertEqual(database.execute("SELECT kind, name FROM facts").fetchall(), [("account", "bob")])
        self.assertIn("okapi & more", self.exported())
        self.assert_whole()

    def test_guest(self) -> None:
        """Of a nickname without an account, everything that guests of this name said, but nothing of an account's."""
        with Archive(self.data / "chat.db") as archive:
            archive.append([draft(BOB, "guest", "bongo")])
        self.run_main("forget", "GUEST", "--yes", "--data", self.data)
        self.assertFalse(b"impala" in self.on_disk())
        self.assertTrue(b"zebra" in self.on_disk())
        self.assertTrue(b"bongo" in self.on_disk())
        self.assert_whole()

    def test_asked(self) -> None:
        """Nothing is erased unless one agrees, and nobody is nobody."""
        self.assertIn("Nothing was erased", self.run_main("forget", "alice", "--data", self.data, status=1))
        self.assertIn("zoe has said nothing", self.run_main("forget", "zoe", "--yes", "--data", self.data, status=1))
        self.assertIn("zebra", self.exported())
        self.run_main("forget", "alice", "--yes", "--data", self.folder / "none", status=1)
        self.assertFalse((self.folder / "none").exists())


class RetentionTest(TestCase):
    timeout = 60

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def opened(self) -> SqliteJournal:
        journal = SqliteJournal(IReactorFromThreads(reactor), self.folder / "chat.db")
        self.addCleanup(journal.close)
        verifyObject(IRetention, journal)
        return journal

    def words(self, posts: object) -> list[str]:
        return [post.event.text for post in posts if isinstance(post.event, Said)]  # type: ignore[attr-defined]

    async def test_expired(self) -> None:
        """What is older is gone from answers, from the search and from the files; topics stay, and numbers go on."""
        old = [draft(ALICE, "alice", f"ancient{number}", number / 500) for number in range(500)]
        with Archive(self.folder / "chat.db") as archive:  # which ends with everything indexed
            archive.append([draft(BOB, "bob", "rules", kind=Kind.TOPIC), *old])
            archive.append([draft(BOB, "bob", f"recent{number}", 3 + number / 10) for number in range(5)])
            archive.append([draft(BOB, "bob", "rewritten", 4, kind=Kind.EDITED, target=502)])
        journal = self.opened()
        self.assertEqual(len(await journal.search(LOBBY, "ancient333", 10)), 1)
        self.assertEqual(await journal.expire(NOON + 2 * DAY), 501)
        self.assertEqual(await journal.expire(NOON + 2 * DAY), 0)
        self.assertEqual(await journal.search(LOBBY, "ancient333", 10), [])
        found = await journal.recent(LOBBY, 10**9, 1000)
        self.assertEqual(self.words(found), [f"recent{number}" for number in range(1, 5)])
        between = await journal.between(LOBBY, NOON, NOON + 3.25 * DAY, 100)
        self.assertEqual([post.event.id for post in between], [502, 503, 504])
        self.assertEqual([room.topic for room in await journal.rooms()], ["rules"])
        (post,) = await journal.append([draft(BOB, "bob", "next", 5)])
        self.assertEqual(post.event.id, 508)  # type: ignore[union-attr]
        await journal.close()
        self.assertEqual(list(Audit(self.folder).faults()), [])
        self.assertFalse(b"ancient" in b"".join(file.read_bytes() for file in self.folder.iterdir()))
        self.assertEqual((await self.opened().rooms())[0].name, "lobby")

    async def test_everything(self) -> None:
        """A journal from which everything is removed goes on where it was."""
        journal = self.opened()
        await journal.append([draft(ALICE, "alice", "one"), draft(ALICE, "alice", "two", 1)])
        self.assertEqual(await journal.expire(NOON + 9 * DAY), 2)
        await journal.close()
        self.assertEqual(list(Audit(self.folder).faults()), [])
        journal = self.opened()
        self.assertEqual(journal.head, 2)
        await journal.append([draft(ALICE, "alice", "three", 10)])
        between = await journal.between(LOBBY, NOON, NOON + 99 * DAY, 9)
        self.assertEqual(self.words(between), ["three"])


class ProgressTest(SynchronousTestCase):
    def test_bar(self) -> None:
        """On a terminal there is a bar, and its line ends; elsewhere there is nothing."""

        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        terminal, file = Terminal(), io.StringIO()
        for stream in (terminal, file):
            with Progress("work", stream) as progress:
                progress.show(0, 2)
                progress.show(2, 2)
        self.assertEqual(terminal.getvalue(), f"\rwork [{'-' * 40}]   0%\rwork [{'#' * 40}] 100%\n")
        self.assertEqual(file.getvalue(), "")
