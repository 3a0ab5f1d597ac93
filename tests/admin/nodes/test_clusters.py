"""``groupchat cluster``, without a daemon; `tests/functional/test_nodes.py` asks real ones."""

import contextlib
import io
import sqlite3
import sys
from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin.nodes.clusters import report
from groupchat.journals.cluster.compaction import FULL
from groupchat.journals.nodes.sqlite_nodes import nodes_of, place_of
from groupchat.journals.sqlite.folder import holding
from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.belonging import node_of
from groupchat.model.drafts import Amendment, PutOut, Revoke, StoredSession
from groupchat.model.events import SERVER
from groupchat.model.node_operations import Attend, Depart, InEntry, Presence, Rules
from groupchat.model.times import iso
from tests.admin.cases import BOB, NOON
from tests.admin.nodes.test_seed import CLUSTER, ClusterCase


class StatusTest(ClusterCase):
    def test_no_daemon(self) -> None:
        """Where no daemon runs, nobody can be asked."""
        told = self.complaint("cluster", "status", "--data", self.data)
        self.assertIn("No daemon runs with the data folder", told)


class ReportTest(SynchronousTestCase):
    """What is printed of the nodes."""

    GONE: ClassVar[dict[str, Any]] = {"gone": iso(NOON), "until": iso(NOON + 3600)}

    def lines(self, log: int, *nodes: dict[str, Any], now: float = NOON) -> list[str]:
        """Return the report of the first of these nodes, by what they have besides what most have."""
        usual = {"own": False, "epoch": 7, "applied": 46, "version": "1.0", "address": "", "check": 0, "trouble": ""}
        all = [{"node": f"{name}1", **usual, **more} for name, more in zip("abc", nodes, strict=False)]
        all[0]["own"] = True
        own = {"node": "a1", "log": log, "applied": all[0]["applied"], "missing": 0}
        return list(report(own, all, now))

    def test_progress(self) -> None:
        """A node that has just started has not said yet how far it is."""
        lines = self.lines(46, {}, {"applied": 0, "epoch": 99}, {"applied": 40})
        self.assertEqual(lines[:4], [
            "a1: the log is at 46, here 46",
            "  a1  epoch 7  entry 46 (up to date)  1.0",
            "  b1  epoch 99  has just started  1.0",
            "  c1  epoch 7  entry 40 (6 behind when it last said so)  1.0",
        ])  # fmt: skip

    def test_unseen(self) -> None:
        """A node that does not see the others says that what it tells of them is older."""
        self.assertIn("It does not see them.", self.lines(46, {"unseen": "It does not see them."}, {"unseen": ""}))

    def test_waiting(self) -> None:
        """A node that waits for etcd, or has lost it, does not know whether anybody is up to date."""
        lines = self.lines(0, {"epoch": 0, "trouble": "It waits."})
        self.assertEqual(lines[:2], [
            "a1: the log is not read yet, here 46", "  a1  entry 46 (waits for its place in the cluster)  1.0",
        ])  # fmt: skip
        self.assertEqual(lines[-1], "Nothing can be posted here. It waits.")
        lines = self.lines(46, {"trouble": "It waits."}, {}, {"applied": 40})
        self.assertEqual(lines[:4], [
            "a1: the log was at 46 when it was read last, here 46",
            "  a1  epoch 7  entry 46 (whether that is up to date is not known)  1.0",
            "  b1  epoch 7  entry 46 (whether that is up to date is not known)  1.0",
            "  c1  epoch 7  entry 40 (6 behind when it last said so)  1.0",
        ])  # fmt: skip

    def test_gone(self) -> None:
        """The log may forget earlier what a node needs that is gone, or have it longer; then its start says so."""
        more = (
            "may have to be seeded again, with --replace; its start says so."
            " If it does not come back: groupchat cluster remove b1"
        )
        *_, listed, _, line = self.lines(46, {}, self.GONE)
        self.assertEqual(listed, "  b1  epoch 7  entry 46  not seen since 2026-11-21 12:00 UTC")
        self.assertEqual(
            line,
            "b1 is gone. If it is started before 2026-11-21 13:00 UTC, it resumes where it stopped (unless it was far"
            f" behind then, or etcd more than {FULL * 100:.0f} % full since). Otherwise it {more}",
        )
        *_, line = self.lines(46, {}, self.GONE, now=NOON + 3601)
        self.assertEqual(line, f"b1 is gone. It {more}")

    def test_gone_in_trouble(self) -> None:
        """While nothing can be posted nothing is promised about a node that is gone: its log may be lost as well."""
        *_, line, trouble = self.lines(46, {"trouble": "The log in etcd is gone."}, self.GONE)
        self.assertEqual(line, "b1 is gone. Before it can come back, or be removed, mend what is said below.")
        self.assertEqual(trouble, "Nothing can be posted here. The log in etcd is gone.")

    def test_stopped(self) -> None:
        """Of a node that has said that it is stopped that is told, of others that they were not seen any more."""
        for about, since, what in ((True, "stopped", "stopped"), (False, "not seen", "gone")):
            *_, listed, _, told = self.lines(46, {}, {**self.GONE, "stopped": about})
            self.assertEqual(listed, f"  b1  epoch 7  entry 46  {since} since 2026-11-21 12:00 UTC")
            self.assertTrue(told.startswith(f"b1 is {what}. "), told)


class LeaveTest(ClusterCase):
    def test_leave(self) -> None:
        """A node that leaves keeps everything but its place in the cluster, and can be changed without a log again."""
        before = self.origins()
        said = self.output("cluster", "leave", "--data", self.data, "--yes")
        self.assertIn(f"belongs to the cluster {CLUSTER[:8]} no longer; it had carried out 7 entries.", said)
        with contextlib.closing(sqlite3.connect(self.data / "chat.db")) as database:
            self.assertEqual((place_of(database), nodes_of(database)), (None, {}))
        self.assertEqual((self.origins(), node_of(self.data)), (before, ""))
        self.assert_sound()
        self.assertIn("belongs to no cluster", self.complaint("cluster", "leave", "--data", self.data, "--yes"))
        self.output("forget", "alice", "--yes", "--data", self.data)

    def test_last_nodes(self) -> None:
        """Of which node a connection was last concerns nobody in another cluster, whose nodes do not know it."""
        digest = "a" * 64
        presence = Presence(digest, "a1", 5, BOB, "bob", "bob", "", NOON, NOON)
        session = StoredSession(BOB, digest, "bob", ("lobby",), 1, NOON)
        with Archive(self.data / "chat.db") as archive:
            archive.append([Rules(2), Attend(presence, takes=True), session, Depart(digest, "a1", 5)])
            count = "SELECT count(*) FROM session_nodes"
            self.assertEqual(archive.database.execute(count).fetchone(), (1,))
        self.output("cluster", "leave", "--data", self.data, "--yes")
        with contextlib.closing(sqlite3.connect(self.data / "chat.db")) as database:
            self.assertEqual(database.execute(count).fetchone(), (0,))

    def test_entries(self) -> None:
        """In which entry tokens ended, or people were moved, neither: the entries of another cluster are others."""
        changes = (Revoke(BOB), PutOut(BOB, "lobby", "kicked", "Go."))
        counts = "SELECT (SELECT count(*) FROM ended_tokens), (SELECT count(*) FROM moved)"
        with Archive(self.data / "chat.db") as archive:
            archive.append([Rules(2), InEntry(8, 7), Amendment(SERVER, NOON, changes)])
            self.assertEqual(archive.database.execute(counts).fetchone(), (1, 1))
        self.output("cluster", "leave", "--data", self.data, "--yes")
        with contextlib.closing(sqlite3.connect(self.data / "chat.db")) as database:
            self.assertEqual(database.execute(counts).fetchone(), (0, 0))

    def test_no_node(self) -> None:
        """Whoever is in no cluster is not asked whether to leave it."""
        self.output("cluster", "leave", "--data", self.data, "--yes")
        self.assertIn("belongs to no cluster", self.complaint("cluster", "leave", "--data", self.data))

    def test_consent(self) -> None:
        """Without a yes nothing is changed."""
        self.addCleanup(setattr, sys, "stdin", sys.stdin)
        sys.stdin = io.StringIO("no\n")
        out, errors = self.outputs("cluster", "leave", "--data", self.data, status=1)
        self.assertIn(
            "has carried out 7 entries of the cluster 01234567. Nothing was changed. --yes goes on", out + errors
        )
        self.assertEqual(node_of(self.data), "a1")

    def test_in_use(self) -> None:
        """A node that runs does not leave."""
        with holding(self.data / "chat.db"):
            for options in ((), ("--yes",)):
                told = self.complaint("cluster", "leave", "--data", self.data, *options)
                self.assertIn("A daemon is using", told)
        self.assertEqual(node_of(self.data), "a1")
