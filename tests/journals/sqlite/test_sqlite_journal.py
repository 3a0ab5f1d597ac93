"""The journal in an SQLite file, with its threads."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.internet.interfaces import IReactorFromThreads
from twisted.trial.unittest import SynchronousTestCase, TestCase

from groupchat.interfaces.storage import IJournal
from groupchat.journals.memory import MemoryJournal
from groupchat.journals.sqlite import index
from groupchat.journals.sqlite.database import connect, opened
from groupchat.journals.sqlite.folder import Folder
from groupchat.journals.sqlite.reader import Reader
from groupchat.journals.sqlite.sqlite_journal import SqliteJournal
from groupchat.model.drafts import Expire, Operation
from groupchat.model.errors import JournalBroken, JournalUnavailable
from groupchat.model.message.sought import Sought
from groupchat.model.node_operations import Attend, Check, NodeUp
from tests.journals.cases import amend
from tests.journals.contract import (
    ALICE,
    BOB,
    LOBBY,
    NOON,
    SearchContract,
    account,
    deleted,
    edited,
    folder,
    said,
    topic,
    whispered,
)
from tests.journals.erasures_contract import ErasuresContract
from tests.journals.facts_contract import FactsContract
from tests.journals.nodes_contract import NodesContract, present
from tests.journals.removals_contract import RemovalsContract
from tests.journals.replies_contract import RepliesContract
from tests.journals.rights_contract import CurbsContract, RightsContract
from tests.journals.sessions_contract import SessionsContract
from tests.journals.shared_contract import SharedContract

THREADS = IReactorFromThreads(reactor)


class SqliteJournalTests(SearchContract):
    """It keeps the contract."""

    __test__ = True

    def make(self) -> IJournal:
        self.path = folder(self) / "data" / "chat.db"
        return SqliteJournal(THREADS, self.path)


class SqliteDecisionsTests(FactsContract, RightsContract, CurbsContract, RepliesContract, SharedContract):
    """It decides as the contract says, also after it was opened again."""

    __test__ = True

    def make(self) -> IJournal:
        self.path = folder(self) / "data" / "chat.db"
        return SqliteJournal(THREADS, self.path)

    async def reopen(self) -> None:
        await self.journal.close()
        self.journal = SqliteJournal(THREADS, self.path)


class SqliteRemovalsTests(RemovalsContract):
    """It removes what the contract says, also after it was opened again."""

    __test__ = True

    def make(self) -> IJournal:
        self.path = folder(self) / "data" / "chat.db"
        return SqliteJournal(THREADS, self.path)

    async def reopen(self) -> None:
        await self.journal.close()
        self.journal = SqliteJournal(THREADS, self.path)


class SqliteSessionsTests(SessionsContract):
    """It keeps the sessions of a cluster as the contract says, also after it was opened again."""

    __test__ = True

    def make(self) -> IJournal:
        self.path = folder(self) / "data" / "chat.db"
        return SqliteJournal(THREADS, self.path, is_shared=True)

    async def reopen(self) -> None:
        await self.journal.close()
        self.journal = SqliteJournal(THREADS, self.path, is_shared=True)


class SqliteErasuresTests(ErasuresContract):
    """It erases people in a cluster as the contract says."""

    __test__ = True

    def make(self) -> IJournal:
        return SqliteJournal(THREADS, folder(self) / "data" / "chat.db", is_shared=True)


class SqliteNodesTests(NodesContract):
    """It carries out what nodes of a cluster tell one another as the contract says, also after it was opened again."""

    __test__ = True

    def make(self) -> IJournal:
        self.path = folder(self) / "data" / "chat.db"
        return SqliteJournal(THREADS, self.path, is_shared=True)

    async def reopen(self) -> None:
        await self.journal.close()
        self.journal = SqliteJournal(THREADS, self.path, is_shared=True)

    async def test_digests_of_both(self) -> None:
        """A journal in memory has the same digests."""
        other = MemoryJournal()
        batches: list[list[Operation]] = [
            [NodeUp("a1", 5), Attend(present(ALICE, "a", away="x")), Attend(replace(present(BOB, "b"), since=5))],
            [said("é", key="k"), whispered("b", ALICE, BOB), topic("t"), amend(account(BOB).put())],
            [edited(1, "z"), deleted(2), Expire(NOON + 1), said("again", at=NOON + 2), Check(1, 99)],
        ]
        for operations in batches:
            outcomes = await other.append(operations)
            self.assertEqual(repr(await self.append(*operations)), repr(outcomes))


class ThreadTests(TestCase):
    """The journal and its threads."""

    timeout = 60

    def setUp(self) -> None:
        self.path = folder(self) / "chat.db"
        self.journal = SqliteJournal(THREADS, self.path)
        self.addCleanup(self.journal.close)

    async def test_close(self) -> None:
        """A close lets what was asked before finish, ends both threads, may be called twice, and nothing goes after."""
        written = self.journal.append([said("a")])
        seen = self.journal.page(LOBBY, 0, 9, 9)
        await gatherResults([self.journal.close(), self.journal.close()])
        self.assertEqual(len(self.successResultOf(written)), 1)
        self.successResultOf(seen)
        self.assertEqual([one.name for one in threading.enumerate() if one.name.startswith("journal-")], [])
        await self.assertFailure(self.journal.append([said("b")]), JournalUnavailable)
        await self.assertFailure(self.journal.page(LOBBY, 0, 9, 9), JournalUnavailable)
        await self.assertFailure(self.journal.search(LOBBY, Sought("a"), 9), JournalUnavailable)
        await self.journal.close()

    async def test_search_after_much(self) -> None:
        """A search right after more than may wait to be indexed finds the oldest and the newest."""
        await self.journal.append([said(f"word w{n}") for n in range(3 * index.TAIL)])
        for n in (0, 3 * index.TAIL - 1):
            found = await self.journal.search(LOBBY, Sought(f"w{n} word"), 9)
            self.assertIn(n + 1, [post.event.id for post in found])

    async def test_idle(self) -> None:
        """Posts are indexed soon, without anybody asking."""
        await self.journal.append([said("word")])
        done = threading.Event()
        other = connect(self.path, "ro")
        self.addCleanup(other.close)
        for _ in range(5000):
            if other.execute("SELECT value FROM counters WHERE name = 'indexed'").fetchone() == (1,):
                break
            done.wait(0.01)
        else:
            self.fail("nothing was indexed in 50 s")

    async def test_unreadable(self) -> None:
        """An error while reading is logged and fails that one answer; the next is given."""
        await self.journal.append([said("a")])
        hidden = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(hidden.close)
        hidden.execute("ALTER TABLE spans RENAME TO hidden")
        await self.assertFailure(self.journal.between(LOBBY, 0, 1, 9), JournalUnavailable)
        self.assertEqual(len(self.flushLoggedErrors(sqlite3.OperationalError)), 1)
        self.assertEqual(len(await self.journal.page(LOBBY, 0, 9, 9)), 1)

    async def test_broken(self) -> None:
        """Once broken, it refuses every append, still reads, and can be closed."""
        await self.journal.append([said("a")])
        hidden = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(hidden.close)
        hidden.execute("ALTER TABLE spans RENAME TO hidden")
        for _ in range(2):
            await self.assertFailure(self.journal.append([said("b", at=NOON - 1)]), JournalBroken)
        self.assertEqual(self.journal.head, 1)
        self.assertEqual(len(await self.journal.page(LOBBY, 0, 9, 9)), 1)
        # It may have found out while it was idle, before the append.
        self.flushLoggedErrors(sqlite3.OperationalError, JournalBroken)


WRITING = """
import sys
from pathlib import Path
from groupchat.journals.sqlite.database import opened
from groupchat.journals.sqlite.folder import Folder
from groupchat.journals.sqlite.writer import Writer
from tests.journals.contract import said
path = Path(sys.argv[1])
folder = Folder(path)
writer = Writer(opened(path, folder.marked(), folder.unclean), folder)
while True:
    outcomes, head = writer.append([said(f"post {writer.head + n}") for n in (1, 2, 3)])
    print(head, flush=True)
    writer.idle()
"""


class KillTests(SynchronousTestCase):
    """The journal after kill -9."""

    def test_killed(self) -> None:
        """Every number that was acknowledged is there after kill -9, once, and the numbers go on from there."""
        path = folder(self) / "chat.db"
        acknowledged = 0
        for round in range(4):
            root = Path(__file__).parents[3]
            with subprocess.Popen(
                [sys.executable, "-c", WRITING, path],
                stdout=subprocess.PIPE,
                cwd=root,
                env={**os.environ, "PYTHONPATH": "."},
            ) as child:
                assert child.stdout is not None
                lines = [child.stdout.readline() for _ in range(10 + 7 * round)]
                child.send_signal(signal.SIGKILL)
                lines += child.stdout.readlines()
            numbers = [int(line) for line in lines if line.endswith(b"\n")]
            self.assertGreater(numbers[0], acknowledged)
            acknowledged = numbers[-1]
        held = Folder(path)
        self.addCleanup(held.release)
        self.assertTrue(held.unclean)
        connection = opened(path, held.marked(), held.unclean)
        self.addCleanup(connection.close)
        reader = Reader(connection)
        posts = [post.event for post in reader.page(LOBBY, 0, 10**6, 10**6)]
        self.assertGreaterEqual(len(posts), acknowledged)
        self.assertEqual([(one.id, one.text) for one in posts], [(n, f"post {n}") for n in range(1, len(posts) + 1)])  # type: ignore[attr-defined]
