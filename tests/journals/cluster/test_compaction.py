"""The log forgets what every living node has carried out."""

from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from groupchat.interfaces.shared_log import ILog, LiveNode, Space
from groupchat.journals.cluster.cards import Card
from groupchat.journals.cluster.compaction import COMPACT_S, Compaction
from groupchat.journals.logs.memory_log import MemoryLog, SharedLog
from tests.journals.cluster.nodes import ClusterCase
from tests.journals.contract import said

HOUR = 3600.0


class RunningTests(ClusterCase):
    """Nodes on a log that is compacted."""

    def rest(self, hours: float) -> None:
        """Let hours pass in which a post comes now and then."""
        for _ in range(round(hours * 6)):
            self.nodes[0].post(said("x"))
            for _ in range(60):
                self.clock.advance(10)

    def oldest(self) -> int:
        """Return the number of the oldest entry that is left."""
        return self.shared.entries[0].number

    def test_hourly(self) -> None:
        """What is older than the hours that it keeps goes, and what is younger stays."""
        self.started("a1", keep_h=2.0)
        self.started("b1", keep_h=2.0)
        self.rest(2)
        self.assertEqual(self.oldest(), 1)
        before = self.shared.head
        self.rest(3.5)
        self.assertGreater(self.oldest(), 1)
        self.assertLess(self.oldest(), before + 60)
        kept = self.oldest()
        self.rest(2)
        self.assertGreater(self.oldest(), kept)

    def test_living_node_that_is_behind(self) -> None:
        """What a living node has not carried out stays, and it catches up."""
        self.started("a1", keep_h=1.0)
        slow = self.started("b1", keep_h=1.0)
        slow.journal._applying.hold()
        slow.post(said("mine"))
        at = slow.journal.standing().applied
        self.rest(4)
        self.assertLessEqual(self.oldest(), at + 1)
        slow.journal._applying.go_on()
        self.rest(2.5)
        self.assertGreater(self.oldest(), at + 1)
        self.assertEqual(slow.texts, self.nodes[0].texts)

    def test_nearly_full(self) -> None:
        """At six tenths of the quota it is compacted at once."""
        self.shared.quota = 20_000
        node = self.started("a1")
        while self.shared.used < 0.6 * self.shared.quota:
            node.post(said("x" * 1000))
            self.pass_time(1)
        self.pass_time(70)
        self.assertLess(self.shared.used, 3000)
        node.post(said("fine"))
        self.pass_time()
        self.assertEqual(node.texts[-1], "fine")

    def test_full(self) -> None:
        """A log that is full takes entries again once it is compacted; nobody is told anything wrong meanwhile."""
        self.shared.quota = 5000
        node = self.started("a1")
        self.pass_time(6)
        waiting = [node.post(said("x" * 1000)) for _ in range(8)]
        self.pass_time(5)
        self.assertIn("no space", node.journal.standing().trouble)
        self.pass_time(120)
        self.assertEqual([one.ids for one in waiting], [[number] for number in range(1, 9)])


@implementer(ILog)
class _Log(MemoryLog):
    """A log that says how full it is, and what was compacted."""

    def __init__(self, shared: SharedLog) -> None:
        super().__init__(shared)
        self.said = Space(0, 100)
        self.upto: list[int] = []

    def space(self) -> "Deferred[Space]":
        return succeed(self.said)

    def compact(self, upto: int) -> "Deferred[None]":
        self.upto.append(upto)
        return succeed(None)


class CompactionTests(ClusterCase):
    """When and how far it compacts."""

    def setUp(self) -> None:
        super().setUp()
        self.log = _Log(self.shared)
        self.compaction = Compaction(self.log, self.clock, 2.0)

    def run_hours(self, hours: int, *revisions: int) -> list[int]:
        """Pass hours in which the log grows by ten each; return what was compacted."""
        live = {str(number): LiveNode(1, Card(revision=one).encode()) for number, one in enumerate(revisions)}
        for _ in range(hours):
            self.compaction.note(round(self.clock.seconds() / HOUR) * 10 + 10)
            self.clock.advance(COMPACT_S)
            self.successResultOf(self.compaction.compact(live))
        return self.log.upto

    def test_hours(self) -> None:
        """It goes no farther than what was there so many hours ago, and does it once an hour."""
        self.assertEqual(self.run_hours(5, 999), [10, 20, 30, 40])
        self.successResultOf(self.compaction.compact({"a": LiveNode(1, Card(revision=999).encode())}))
        self.assertEqual(self.log.upto, [10, 20, 30, 40])

    def test_lowest(self) -> None:
        """It goes no farther than the node that is farthest behind, or says nothing of how far it is."""
        self.assertEqual(self.run_hours(5, 999, 15), [10, 15])
        self.assertEqual(self.run_hours(5, 999, 0), [10, 15])

    def test_nobody(self) -> None:
        """Without a living node it compacts nothing."""
        self.assertEqual(self.run_hours(5), [])

    def test_full(self) -> None:
        """What the quota cannot take goes at once, and again as long as the log is full."""
        live = {"a": LiveNode(1, Card(revision=77).encode())}
        self.log.said = Space(61, 100)
        self.successResultOf(self.compaction.compact(live))
        self.successResultOf(self.compaction.compact(live))
        self.assertEqual(self.log.upto, [77])
        self.log.said = Space(61, 100, True)
        self.successResultOf(self.compaction.compact(live))
        self.assertEqual(self.log.upto, [77, 77])

    def test_shorter(self) -> None:
        """The hours can be changed while it runs."""
        self.run_hours(2, 999)
        self.compaction.keep_h = 0.5
        self.assertEqual(self.run_hours(2, 999)[-1], 40)
