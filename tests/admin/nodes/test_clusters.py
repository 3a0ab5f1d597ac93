"""``groupchat cluster``, without a daemon; `tests/functional/test_nodes.py` asks real ones."""

import contextlib
import io
import sqlite3
import sys

from groupchat.journals.nodes.sqlite_nodes import nodes_of, place_of
from groupchat.journals.sqlite.folder import holding
from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.belonging import node_of
from groupchat.model.drafts import StoredSession
from groupchat.model.node_operations import Attend, Depart, Presence, Rules
from tests.admin.cases import BOB, NOON
from tests.admin.nodes.test_seed import CLUSTER, ClusterCase


class StatusTest(ClusterCase):
    def test_no_daemon(self) -> None:
        """Where no daemon runs, nobody can be asked."""
        told = self.complaint("cluster", "status", "--data", self.data)
        self.assertIn("No daemon runs with the data folder", told)


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
