"""``groupchat seed``, and commands that refuse what belongs to a cluster."""

import contextlib
import json
import os
import sqlite3
from pathlib import Path

from groupchat.journals.nodes.sqlite_nodes import nodes_of, place_of
from groupchat.journals.sqlite.folder import holding
from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.belonging import check_node_of, keep_node, node_of, place_in
from groupchat.model.errors import CannotStart
from groupchat.model.node_operations import Applied, NodeState, NodeUp, Place
from tests.admin.cases import ArchiveCase
from tests.lacking import need_root

CLUSTER = "0123456789abcdef"
OTHER = 12345
"""The number of a user who is not there."""
PLACE = Place(CLUSTER, 7, 42, "chain")


class ClusterCase(ArchiveCase):
    """The journal belongs to the node a1 of a cluster."""

    def setUp(self) -> None:
        super().setUp()
        with Archive(self.data / "chat.db") as archive:
            archive.append([NodeUp("a1", 5), Applied(CLUSTER, 7, 42, "chain")])
        keep_node(self.data, "a1")
        self.backup = self.folder / "seed.db"
        self.output("backup", self.backup, "--data", self.data)
        self.to = self.folder / "to"

    def seed(self, *more: object) -> str:
        return self.output("seed", "--from", self.backup, "--data", self.to, "--node", "b1", *more)

    def origins(self, data: Path | None = None) -> list[tuple[str, dict[str, object]]]:
        """Return each post that is exported, and the journal that gave it a number first."""
        journal, found = "", []
        for line in map(json.loads, self.exported(data=data or self.data).splitlines()):
            if line["kind"] == "origin":
                journal = line["journal"]
            elif "id" in line:
                found.append((journal, line))
        return found

    def names(self, data: Path) -> set[str]:
        return {path.name for path in data.iterdir()}


class SeedTest(ClusterCase):
    def test_seed(self) -> None:
        """A backup of a node becomes the folder of another one, at the same place of the log."""
        said = self.seed()
        self.assertIn("5 messages, up to #9.", said)
        self.assertIn("This is the node b1 now. Start it: --journal etcd://HOST:PORT,… --node b1\n", said)
        self.assertEqual((place_in(self.to / "chat.db"), node_of(self.to)), (PLACE, "b1"))
        with contextlib.closing(sqlite3.connect(self.to / "chat.db")) as database:
            self.assertEqual(nodes_of(database), {"a1": NodeState(5, True)})
        self.assert_sound(self.to)
        self.assertEqual(self.exported(data=self.to), self.exported())

    def test_again(self) -> None:
        """A node that was away for too long is given a newer copy, and what it had is put aside."""
        self.seed()
        refused = self.complaint("seed", "--from", self.backup, "--data", self.to, "--node", "b1")
        self.assertIn("There is a journal", refused)
        self.assertIn("--replace puts it aside and seeds.", refused)
        self.assertIn("is kept as", self.seed("--replace"))
        self.assertEqual(place_in(self.to / "chat.db"), PLACE)

    def test_of_a_single_server(self) -> None:
        """A backup of a server that is alone is no seed: it has no place in the log."""
        alone = self.folder / "alone.db"
        self.output("restore", self.backup, "--data", self.folder / "alone")
        self.output("backup", alone, "--data", self.folder / "alone")
        refused = self.complaint("seed", "--from", alone, "--data", self.to, "--node", "b1")
        self.assertIn("is not of a node of a cluster; make the backup of a node that runs", refused)
        self.assertFalse(self.to.exists())

    def test_another_node(self) -> None:
        """The folder of one node is not taken for another."""
        refused = self.complaint("seed", "--from", self.backup, "--data", self.data, "--node", "b1", "--replace")
        self.assertIn("is that of the node a1: start it with --node a1", refused)

    def test_name(self) -> None:
        """A name that is none is refused before anything is done."""
        for name in ("", "A1", "a_1", "a" * 33):
            told = self.complaint("seed", "--from", self.backup, "--data", self.to, "--node", name)
            self.assertIn("--node NAME" if not name else "is not the name of a node", told)
        self.assertFalse(self.to.exists())


class RootTest(ClusterCase):
    def test_owner(self) -> None:
        """What root seeds belongs to the owner of the folder, whose daemon must be able to use it."""
        need_root("can work in the folders of others")
        self.to.mkdir(mode=0o700)
        os.chown(self.to, OTHER, OTHER)
        for more in ((), ("--replace",)):
            self.seed(*more)
            owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in self.to.iterdir()}
            self.assertEqual(set(owners.values()), {(OTHER, OTHER)}, owners)
            self.assertIn("node", owners)


class RefusingTest(ClusterCase):
    """What changes a journal without the log does not touch that of a cluster."""

    def test_import(self) -> None:
        """Nothing is imported into one node."""
        file = self.folder / "chat.jsonl"
        file.write_text(self.exported(), encoding="utf-8")
        before = self.exported()
        refused = self.complaint("import", file, "--data", self.data)
        self.assertIn(f"{self.data / 'chat.db'} belongs to the cluster 01234567, whose nodes must not differ", refused)
        self.assertIn("nothing was changed. Import into a single server", refused)
        self.assertEqual(self.exported(), before)

    def test_forget(self) -> None:
        """Nobody is erased in the folder of a node that is stopped."""
        refused = self.complaint("forget", "alice", "--yes", "--data", self.data)
        self.assertIn("nothing was changed. Run this beside a node that is running", refused)
        self.assertIn("zebra one", self.exported())

    def test_restore(self) -> None:
        """The journal of a node is not replaced by one that follows no log."""
        names = self.names(self.data)
        refused = self.complaint("restore", self.backup, "--data", self.data, "--replace")
        self.assertIn("“groupchat seed --from", refused)
        self.assertEqual((self.names(self.data), place_in(self.data / "chat.db")), (names, PLACE))

    def test_restored_alone(self) -> None:
        """What is restored from the backup of a node belongs to no cluster, and says so."""
        said = self.output("restore", self.backup, "--data", self.to)
        self.assertIn("The backup is that of a node, but what was restored belongs to no cluster", said)
        with contextlib.closing(sqlite3.connect(self.to / "chat.db")) as database:
            self.assertEqual((place_of(database), nodes_of(database)), (None, {}))
        self.assertEqual(self.origins(self.to), self.origins())
        self.output("forget", "alice", "--yes", "--data", self.to)


class BelongingTest(ClusterCase):
    def test_node(self) -> None:
        """A folder without a name is anybody's, one with a name that node's."""
        check_node_of(self.folder, "b1")
        check_node_of(self.data, "a1")
        error = self.assertRaises(CannotStart, check_node_of, self.data, "b1")
        self.assertIn(f"if a1 is gone for good, remove {self.data / 'node'}", str(error))

    def test_unreadable(self) -> None:
        """A name that cannot be read is an error, and no name."""
        (self.data / "node").write_bytes(b"\xff")
        self.assertIn("it is not UTF-8", str(self.assertRaises(CannotStart, node_of, self.data)))

    def test_no_journal(self) -> None:
        """Where there is no journal, or an empty file, there is no place."""
        self.assertIsNone(place_in(self.to / "chat.db"))
        self.to.mkdir()
        (self.to / "chat.db").touch()
        self.assertIsNone(place_in(self.to / "chat.db"))

    def test_damaged(self) -> None:
        """A journal that cannot be read can still be replaced by a backup."""
        self.to.mkdir()
        (self.to / "chat.db").write_bytes(b"nonsense" * 1000)
        self.assertIn("is kept as", self.output("restore", self.backup, "--data", self.to, "--replace"))
        with holding(self.to / "chat.db"):
            pass
