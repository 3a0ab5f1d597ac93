"""Which nodes are alive."""

from typing import Any

from groupchat.interfaces.shared_log import LiveNode
from groupchat.journals.cluster.cards import Card
from groupchat.journals.cluster.living import AGAIN_S, LATER_S, Living
from groupchat.journals.logs.memory_log import MemoryLog
from groupchat.model.drafts import Operation
from groupchat.model.errors import BadArguments
from groupchat.model.events import SERVER
from groupchat.model.node_operations import NodeDown, NodeState, NodeUp, RemoveNode
from tests.journals.cluster.nodes import ClusterCase
from tests.journals.contract import NOON


class LivingTests(ClusterCase):
    """What one node does about the others."""

    def setUp(self) -> None:
        super().setUp()
        self.log = MemoryLog(self.shared)
        self.said: list[Operation] = []
        self.lost = 0
        self.addCleanup(self.log.close)

    def begin(self, name: str) -> Living:
        """Make a node's view of the others, in its first epoch."""

        def lose() -> None:
            self.lost += 1

        beginning = self.log.begin(name, b"{}")
        self.pass_time(0.1)
        living = Living(self.log, self.clock, name, self.said.append, lose, lambda: None, lambda: NOON)
        living.begin(self.successResultOf(beginning).epoch)
        self.addCleanup(living.stop)
        self.pass_time(0.1)
        return living

    def other(self, name: str) -> int:
        """Let another node live; return its epoch."""
        return self.shared.claim(name, b"{}").epoch

    def test_first_says_it_at_once(self) -> None:
        """The first node says that another has ended as soon as it sees that, and once."""
        epoch = self.other("b1")
        living = self.begin("a1")
        living.note([NodeUp("b1", epoch)], [None])
        self.pass_time()
        self.assertEqual((self.said, living.is_first), ([], True))
        self.shared.expire("b1")
        self.pass_time(0.2)
        self.assertEqual(self.said, [NodeDown("b1", epoch, NOON)])
        living.note([NodeDown("b1", epoch)], [None])
        self.pass_time(60)
        self.assertEqual(self.said, [NodeDown("b1", epoch, NOON)])

    def test_others_leave_it_to_the_first(self) -> None:
        """Another node waits whether the first one says it."""
        self.other("a1")
        epoch = self.other("c1")
        living = self.begin("b1")
        living.note([NodeUp("c1", epoch)], [None])
        self.shared.expire("c1")
        self.pass_time(LATER_S / 2)
        self.assertEqual(self.said, [])
        living.note([NodeDown("c1", epoch)], [None])
        self.pass_time(10)
        self.assertEqual(self.said, [])

    def test_first_does_not_say_it(self) -> None:
        """When it does not, another one does; and again as long as it is not carried out."""
        self.other("a1")
        epoch = self.other("c1")
        living = self.begin("b1")
        living.note([NodeUp("c1", epoch)], [None])
        self.shared.expire("c1")
        self.pass_time(LATER_S + 0.5)
        self.assertEqual(self.said, [NodeDown("c1", epoch, NOON)])
        self.pass_time(AGAIN_S)
        self.assertEqual(self.said, [NodeDown("c1", epoch, NOON)] * 2)

    def test_older_list(self) -> None:
        """A list of living nodes that is older than an epoch says nothing about that."""
        living = self.begin("a1")
        self.log.delay = 1.0  # what is told from now on comes late
        epoch = self.other("b1")
        living.note([NodeUp("b1", epoch)], [None])
        self.assertNotIn("b1", living.nodes)
        self.pass_time(5)
        self.assertEqual(self.said, [])
        self.log.delay = 0.0

    def test_new_epoch(self) -> None:
        """A node that lives in a newer epoch has ended in the older one."""
        epoch = self.other("b1")
        living = self.begin("a1")
        living.note([NodeUp("b1", epoch)], [None])
        self.shared.expire("b1")
        self.other("b1")
        self.pass_time(1)
        self.assertEqual(self.said, [NodeDown("b1", epoch, NOON)])

    def test_lost(self) -> None:
        """A node that is not in the list has lost its place, and says nothing about others."""
        epoch = self.other("b1")
        living = self.begin("a1")
        living.note([NodeUp("b1", epoch)], [None])
        self.shared.expire("a1")
        self.shared.expire("b1")
        self.pass_time(5)
        self.assertEqual((self.said, self.lost), ([], 1))

    def test_note(self) -> None:
        """It keeps which epochs began and have not ended."""
        living = self.begin("a1")
        notes: list[tuple[Any, dict[str, int]]] = [
            (NodeUp("b1", 5), {"b1": 5}), (NodeUp("b1", 3), {"b1": 5}), (NodeDown("b1", 3), {"b1": 5}),
            (NodeDown("b1", 5), {}), (NodeDown("b1", 9), {}), (NodeUp("c1", 7), {"c1": 7}),
        ]  # fmt: skip
        for operation, up in notes:
            living.note([operation], [None])
            self.assertEqual(living.up, up, operation)

    def test_gone(self) -> None:
        """It keeps which nodes are gone, since when, and how far they were, until they come back or are removed."""
        living = self.begin("a1")
        living.know({"a1": NodeState(1, True), "b1": NodeState(5, False, NOON, 7), "c1": NodeState(6, True)})
        self.assertEqual((living.up, living.gone), ({"a1": 1, "c1": 6}, {"b1": NodeState(5, False, NOON, 7)}))
        living.note([NodeDown("c1", 6, NOON, 9), NodeDown("c1", 6, NOON + 2, 8)], [None, None])
        self.assertEqual(living.gone["c1"], NodeState(6, False, NOON, 9))
        refused = BadArguments("")
        living.note([RemoveNode("b1", SERVER), RemoveNode("c1", SERVER)], [None, refused])
        self.assertEqual(set(living.gone), {"c1"})
        living.note([NodeDown("b1", 5, NOON + 2, 8)], [refused])
        self.assertEqual(set(living.gone), {"c1"})
        living.note([NodeUp("c1", 8)], [None])
        self.assertEqual((living.up, living.gone), ({"a1": 1, "c1": 8}, {}))

    def test_how_far_it_was(self) -> None:
        """Of a node that is gone is said how far it was by its last card."""
        epoch = self.other("b1")
        living = self.begin("a1")
        living.note([NodeUp("b1", epoch)], [None])
        for applied in (7, 42):
            self.shared.show("b1", epoch, Card(applied=applied).encode())
            self.pass_time(0.2)
        self.shared.expire("b1")
        self.pass_time(0.2)
        self.assertEqual(self.said, [NodeDown("b1", epoch, NOON, 42)])

    def test_ended_before(self) -> None:
        """A node that ended while no other lived is said to be gone by the first that does."""
        beginning = self.log.begin("a1", b"{}")
        self.pass_time(0.1)
        living = Living(self.log, self.clock, "a1", self.said.append, lambda: None, lambda: None, lambda: NOON)
        living.know({"b1": NodeState(1, True)})
        living.begin(self.successResultOf(beginning).epoch)
        self.addCleanup(living.stop)
        self.pass_time(0.2)
        self.assertEqual(self.said, [NodeDown("b1", 1, NOON)])

    def test_nobody_is_first_in_nothing(self) -> None:
        """Before it was told who lives, it is not the first."""
        living = Living(self.log, self.clock, "a1", self.said.append, lambda: None, lambda: None, lambda: NOON)
        self.assertFalse(living.is_first)
        living.nodes = {"a1": LiveNode(1, b""), "b1": LiveNode(1, b"")}
        self.assertTrue(living.is_first)
