"""Journals of nodes with their files, on a log in a real etcd."""

import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any, ClassVar, cast

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from groupchat.journals.cluster.cluster_journal import ClusterJournal
from groupchat.journals.logs.etcd import etcd_lease
from groupchat.journals.opening import NodeOptions, open_journal
from groupchat.journals.sqlite.folder import DATABASE
from groupchat.model.drafts import StoredPost
from groupchat.model.errors import CannotStart, JournalUnavailable
from tests.functional.etcd_cases import PATIENT_LEASE_S
from tests.functional.etcd_members import EtcdMembers
from tests.functional.harness import LIMIT_S, program
from tests.journals.contract import folder, said

TABLES = ("posts", "spans", "facts", "sessions", "nodes", "presences", "place")


class NodesOnEtcdTests(TestCase):
    """Three members of etcd, and nodes in this process."""

    timeout = 3 * LIMIT_S
    etcd: ClassVar[EtcdMembers]

    @classmethod
    def setUpClass(cls) -> None:
        program("etcd")
        cls.etcd = EtcdMembers(Path(tempfile.mkdtemp(prefix="groupchat-etcd-")), 3).start()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.etcd.close()

    def setUp(self) -> None:
        self.patch(etcd_lease, "LEASE_S", PATIENT_LEASE_S)
        self.etcd.clear()
        self.place = folder(self)
        self.prefix = self.id().rpartition(".")[2]
        self.open: list[ClusterJournal] = []

    def tearDown(self) -> "Deferred[Any]":  # type: ignore[override]
        return gatherResults([journal.close() for journal in self.open])

    def node(self, name: str) -> ClusterJournal:
        """Open the journal of a node."""
        options = NodeOptions(data=self.place / name, node=name)
        location = f"{self.etcd.location}/{self.prefix}"
        journal = cast(ClusterJournal, open_journal(location, IReactorFromThreads(reactor), options))
        self.open.append(journal)
        return journal

    async def started(self, name: str) -> ClusterJournal:
        """Start a node."""
        journal = self.node(name)
        await journal.start()
        journal.on_received = lambda operations, outcomes: None
        return journal

    async def equal(self) -> dict[str, list[Any]]:
        """Wait until all nodes have carried out as much as any; see that they have the same, and return that."""
        last = max([journal.standing().head for journal in self.open])
        for journal in self.open:
            while journal.standing().applied < last:
                await deferLater(cast(Any, reactor), 0.02)
        found = []
        for journal in self.open:
            database = sqlite3.connect(self.place / journal.node / DATABASE)
            found.append({name: database.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in TABLES})
            database.close()
        for other in found[1:]:
            self.assertEqual(found[0], other)
        return found[0]

    async def post(self, journal: ClusterJournal, count: int) -> list[str]:
        """Post one after another; return what was acknowledged."""
        done = []
        for number in range(count):
            text = f"{number} at {journal.node}"
            [outcome] = await journal.append([said(text, key=text)])
            self.assertIsInstance(outcome, StoredPost)
            done.append(text)
        return done

    async def test_leader_is_killed(self) -> None:
        """Nodes that post while the leader of etcd is killed lose nothing, and come to the same."""
        a, b, c = [await self.started(name) for name in ("a1", "b1", "c1")]
        posting = gatherResults([Deferred.fromCoroutine(self.post(one, 60)) for one in (a, b, c)])
        while a.head < 30:
            await deferLater(cast(Any, reactor), 0.01)
        leader = self.etcd.leader()
        leader.kill()
        acknowledged = [text for texts in await posting for text in texts]
        self.etcd.restart(leader)
        rows = (await self.equal())["posts"]
        self.assertEqual(len(rows), 180)
        self.assertEqual(sorted(acknowledged), sorted(row[8] for row in rows))

    async def test_full_file(self) -> None:
        """A node whose file cannot grow refuses by name and carries out everything later; the other goes on."""
        a, b = await self.started("a1"), await self.started("b1")
        await self.post(a, 1)
        database = cast(Any, a)._inner._writer._database
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count = {pages}")
        await b.append([said("x" * 4000) for _ in range(50)])
        while not a.standing().trouble:
            await deferLater(cast(Any, reactor), 0.02)
        with self.assertRaisesRegex(JournalUnavailable, "The disk is full"):
            await a.append([said("mine")])
        await b.append([said("another")])
        self.assertEqual((a.head, b.head), (1, 52))
        database.execute("PRAGMA max_page_count = 1073741823")
        while a.head < b.head:
            await deferLater(cast(Any, reactor), 0.02)
        await a.append([said("mine")])
        self.assertEqual(len((await self.equal())["posts"]), 53)

    async def test_history_and_a_copy(self) -> None:
        """A server that was alone begins a cluster, a copy of its folder joins it, and another history does not."""
        alone = open_journal(f"sqlite:{self.place / 'a1' / DATABASE}", IReactorFromThreads(reactor))
        await alone.append([said("before"), said("the cluster")])
        await alone.close()
        shutil.copytree(self.place / "a1", self.place / "b1")
        a = await self.started("a1")
        await self.post(a, 3)
        await self.started("b1")
        self.assertEqual(len((await self.equal())["posts"]), 5)
        other = self.node("c1")
        self.open.remove(other)
        with self.assertRaisesRegex(CannotStart, "groupchat seed"):
            await other.start()

    async def test_restart(self) -> None:
        """A node that was away carries out what came meanwhile, and its name is free at once."""
        a, b = await self.started("a1"), await self.started("b1")
        await self.post(a, 2)
        await a.close()
        self.open.remove(a)
        await self.post(b, 20)
        again = await self.started("a1")
        self.assertEqual(again.head, 22)
        self.assertGreater(again.epoch, a.epoch)
        [outcome] = await again.append([said("back")])
        self.assertIsInstance(outcome, StoredPost)
        await self.equal()
