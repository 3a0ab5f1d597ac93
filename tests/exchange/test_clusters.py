"""What nodes of a cluster export, and what those that became nodes or left have in common with them: each post once."""

import shutil
import tempfile
from pathlib import Path

from groupchat.journals.logs.memory_log import SharedLog
from groupchat.journals.sqlite.folder import DATABASE
from groupchat.journals.tools.audit import Audit
from groupchat.journals.tools.leaving import leave
from groupchat.journals.tools.restoring import restore
from groupchat.journals.tools.snapshots import back_up
from groupchat.model.drafts import Fact, FactChange, ReadUpTo
from tests.admin.cases import ALICE, BOB, NOON, account
from tests.exchange.places import Lines, Place, PlacesCase, posts
from tests.exchange.test_incoming import amended, deleted, edited, mute, said
from tests.journals.cluster.nodes import ClusterCase, Node
from tests.journals.direct import DirectJournal


class NodesCase(ClusterCase, PlacesCase):
    """Nodes with files, which are real but for their threads, on one log in memory."""

    def begun(self, name: str, place: Place) -> Node:
        """Start a node with what is in a folder."""
        return self.started(name, DirectJournal(place.path))

    def grown(self, *before: object) -> tuple[Place, Node]:
        """Start the first node of a cluster, with what a single server had."""
        place = self.place()
        place.append(*before)  # type: ignore[arg-type]
        return place, self.begun("a1", place)

    def say(self, node: Node, *operations: object) -> None:
        waiting = node.post(*operations)  # type: ignore[arg-type]
        self.pass_time(0.3)
        self.assertIsNotNone(waiting.outcomes, waiting.error)

    def stop(self, node: Node) -> None:
        """Stop a node; its folder can be used without it then."""
        self.nodes.remove(node)
        closing = node.journal.close()
        self.pass_time(0.5)
        self.successResultOf(closing)

    def empty_folder(self) -> Path:
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        return folder / "data"

    def copied(self, place: Place, is_seed: bool = False) -> Place:
        """Restore a backup elsewhere, of a node that runs or of one that does not."""
        backup, data = self.empty_folder(), self.empty_folder()
        back_up(place.path, backup, lambda done, total: None)
        restore(backup, data, False, is_seed=is_seed)
        copy = Place.__new__(Place)
        copy.folder, copy.path = data, data / DATABASE
        return copy

    def texts(self, lines: Lines) -> list[str]:
        return [line["text"] for line in posts(lines) if line["kind"] == "said" and "text" in line]

    def assert_once(self, place: Place, *exports: Lines, texts: str) -> None:
        """Check that a journal that takes all of them, and all of them again, has each message once."""
        for lines in exports:
            place.take(lines)
        for lines in exports:
            self.assert_unchanged(place, lines)
        self.assertEqual("".join(sorted(self.texts(place.exported()))), texts)
        self.assertEqual(list(Audit(place.folder).faults()), [])


class ImportedTest(NodesCase):
    """Another journal, which takes what nodes have exported."""

    def test_empty_folders(self) -> None:
        """Nodes that began with empty folders state one identity, whichever exports first, and number alike."""
        first, second = self.place(), self.place()
        a1, b1 = self.begun("a1", first), self.begun("b1", second)
        self.say(a1, amended(account("alice", ALICE).made(), mute("bob").made()), said("a"), said("b", 1))
        self.say(b1, said("c", 2), edited("d", 1, 3))
        one, other = first.exported(), second.exported()
        self.assertEqual(one, other)
        self.assert_once(self.place(), one, other, texts="bcd")
        third = self.place()
        third.take(one)
        third.append(amended(FactChange(Fact("mute", "/bob", None))))
        self.assert_unchanged(third, other)

    def test_late_to_an_empty_cluster(self) -> None:
        """So does a node that carries everything out in one transaction with the beginning of the log."""
        first, second = self.place(), self.place()
        a1 = self.begun("a1", first)
        self.say(a1, said("a"), said("b", 1))
        self.begun("b1", second)
        self.assertEqual(second.exported(), first.exported())

    def test_founder(self) -> None:
        """What the founder had exported is known, before it became a node and after, and from each other node."""
        first, other = self.place(), self.place()
        other.append(said("x"))
        first.append(amended(account("alice", ALICE).made()), said("a"), said("b", 1))
        first.take(other.exported())
        before = first.exported()
        a1 = self.begun("a1", first)
        self.say(a1, said("c", 2), edited("d", 2, 3), deleted(1, 4), ReadUpTo(ALICE, "lobby", 4, NOON))
        second = self.copied(first, is_seed=True)
        b1 = self.begun("b1", second)
        self.say(b1, said("e", 5))
        exports = before, first.exported(), second.exported(), other.exported()
        self.assertEqual(exports[1], exports[2])
        for ordered in (exports, exports[::-1]):
            place = self.place()
            self.assert_once(place, *ordered, texts="cdex")
            self.assertEqual(len(place.query("SELECT * FROM facts WHERE kind = 'position'")), 1)

    def test_log_without_the_beginning(self) -> None:
        """A node that was away, and one that is seeded anew, state what the others do."""
        first, a1 = self.grown(said("a"))
        second = self.copied(first, is_seed=True)
        b1 = self.begun("b1", second)
        self.stop(b1)
        self.say(a1, said("b", 1))
        self.begun("b1", second)
        third = self.copied(second, is_seed=True)
        self.begun("c1", third)
        self.assertEqual([one.exported() for one in (second, third)], [first.exported()] * 2)


class LeavingTest(NodesCase):
    """A node that goes on alone, with numbers that the cluster gives to other messages."""

    def split(self) -> tuple[Place, Node, Place]:
        """Return a node, and the folder of another one that has left."""
        first, a1 = self.grown(amended(account("alice", ALICE).made()), said("a"))
        second = self.copied(first, is_seed=True)
        b1 = self.begun("b1", second)
        self.say(b1, said("b", 1), amended(mute("bob").made()))
        self.stop(b1)
        leave(second.folder)
        return first, a1, second

    def test_same_moment(self) -> None:
        """Messages with the same number, in the same room at the same moment, stay two messages."""
        first, a1, second = self.split()
        self.say(a1, said("c", 2), said("d", 3))
        second.append(said("x", 2, BOB, "bob"), said("y", 3, BOB, "bob"))
        exports = first.exported(), second.exported()
        for ordered in (exports, exports[::-1]):
            self.assert_once(self.place(), *ordered, texts="abcdxy")
        self.assert_once(second, *exports, texts="abcdxy")
        self.assert_once(self.place(), second.exported(), *exports, texts="abcdxy")

    def test_restored_alone(self) -> None:
        """So it is with a single server that is restored from the backup of a node, and with two of them."""
        first, a1 = self.grown(said("a"))
        second, third = self.copied(first), self.copied(first)
        self.say(a1, said("c", 2))
        second.append(said("x", 2))
        third.append(said("y", 2))
        exports = [one.exported() for one in (first, second, third)]
        self.assertEqual(len({lines[0]["journal"] for lines in exports}), 3)
        self.assert_once(self.place(), *exports, texts="acxy")
        self.assert_once(second, *exports, texts="acxy")

    def test_founder_restored(self) -> None:
        """So it is with what the founder was, when that is restored: it goes on beside its own cluster."""
        first = self.place()
        first.append(said("a"))
        second = self.copied(first)
        a1 = self.begun("a1", first)
        self.say(a1, said("c", 2))
        second.append(said("x", 2))
        exports = first.exported(), second.exported()
        self.assert_once(self.place(), *exports, texts="acx")
        self.assert_once(second, *exports, texts="acx")

    def test_decisions(self) -> None:
        """What was decided in the cluster and undone since does not come back with what the node had exported."""
        first, _, second = self.split()
        before = first.exported()
        second.append(amended(FactChange(Fact("mute", "/bob", None))))
        self.assert_unchanged(second, before)

    def test_lost(self) -> None:
        """What the cluster said after the node had left comes back with its numbers there, once, with decisions."""
        first, a1, second = self.split()
        self.say(a1, said("c", 2), amended(mute("carol", 3).made()))
        second.append(said("x", 2, BOB, "bob"))
        self.assert_once(second, first.exported(), texts="abcx")
        self.assertEqual(second.query("SELECT name FROM facts WHERE kind = 'mute'"), [("/bob",), ("/carol",)])
        third = self.place()
        self.assert_once(third, second.exported(), first.exported(), texts="abcx")

    def test_again(self) -> None:
        """A cluster that is begun by a node that left, and by one of that, is known from all that came before."""
        first, _, second = self.split()
        exports = [first.exported(), second.exported()]
        for name in "cd":
            self.new_log()
            node = self.begun("b1", second)
            self.say(node, said(name, 5))
            third = self.copied(second, is_seed=True)
            self.begun("c1", third)
            exports += [second.exported(), third.exported()]
            self.assertEqual(exports[-1], exports[-2])
            self.stop(node)
            leave(second.folder)
        self.assert_once(self.place(), *exports, texts="abcd")
        self.assert_once(second, *exports, texts="abcd")

    def new_log(self) -> None:
        """Begin another log: what stood in etcd is lost."""
        for node in self.nodes:
            node.journal.close()
        self.pass_time(0.5)
        self.nodes.clear()
        self.shared.close()
        self.shared = SharedLog(self.clock)


class RejoiningTest(NodesCase):
    def test_known_identity(self) -> None:
        """A node that left before anything was said, and begins with the same log again, is of that cluster again."""
        first, second = self.place(), self.place()
        self.begun("a1", first)
        b1 = self.begun("b1", second)
        self.stop(b1)
        leave(second.folder)
        b1 = self.begun("b1", second)
        self.say(b1, said("a"))
        self.assertEqual(second.exported(), first.exported())
        self.assert_once(self.place(), first.exported(), second.exported(), texts="a")

    def test_not_joined(self) -> None:
        """A folder that the cluster does not take is what it was."""
        self.grown(said("a"))
        other = self.place()
        other.append(said("x"))
        before = other.tables()
        node = self.node("b1", DirectJournal(other.path))
        self.assertIn("The cluster began with other messages", self.refused(node))
        self.nodes.remove(node)
        self.assertEqual(other.tables(), before)
        node = self.node("c1", DirectJournal(self.place().path))
        self.assertIn("This data folder has no messages, and the cluster began with some. Start", self.refused(node))
        self.nodes.remove(node)
