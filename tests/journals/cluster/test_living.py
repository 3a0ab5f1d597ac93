"""Which nodes are alive."""

from typing import Any

from groupchat.interfaces.shared_log import LiveNode
from groupchat.journals.cluster.living import AGAIN_S, LATER_S, Living
from groupchat.journals.logs.memory_log import MemoryLog
from groupchat.model.drafts import Operation
from groupchat.model.node_operations import NodeDown, NodeUp
from tests.journals.cluster.nodes import ClusterCase


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
        living = Living(self.log, self.clock, name, self.said.append, lose, lambda: None)
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
        living.note([NodeUp("b1", epoch)])
        self.pass_time()
        self.assertEqual((self.said, living.is_first), ([], True))
        self.shared.expire("b1")
        self.pass_time(0.2)
        self.assertEqual(self.said, [NodeDown("b1", epoch)])
        living.note([NodeDown("b1", epoch)])
        self.pass_time(60)
        self.assertEqual(self.said, [NodeDown("b1", epoch)])

    def test_others_leave_it_to_the_first(self) -> None:
        """Another node waits whether the first one says it."""
        self.other("a1")
        epoch = self.other("c1")
        living = self.begin("b1")
        living.note([NodeUp("c1", epoch)])
        self.shared.expire("c1")
        self.pass_time(LATER_S / 2)
        self.assertEqual(self.said, [])
        living.note([NodeDown("c1", epoch)])
        self.pass_time(10)
        self.assertEqual(self.said, [])

    def test_first_does_not_say_it(self) -> None:
        """When it does not, another one does; and again as long as it is not carried out."""
        self.other("a1")
        epoch = self.other("c1")
        living = self.begin("b1")
        living.note([NodeUp("c1", epoch)])
        self.shared.expire("c1")
        self.pass_time(LATER_S + 0.5)
        self.assertEqual(self.said, [NodeDown("c1", epoch)])
        self.pass_time(AGAIN_S)
        self.assertEqual(self.said, [NodeDown("c1", epoch)] * 2)

    def test_older_list(self) -> None:
        """A list of living nodes that is older than an epoch says nothing about that."""
        living = self.begin("a1")
        self.log.delay = 1.0  # what is told from now on comes late
        epoch = self.other("b1")
        living.note([NodeUp("b1", epoch)])
        self.assertNotIn("b1", living.nodes)
        self.pass_time(5)
        self.assertEqual(self.said, [])
        self.log.delay = 0.0

    def test_new_epoch(self) -> None:
        """A node that lives in a newer epoch has ended in the older one."""
        epoch = self.other("b1")
        living = self.begin("a1")
        living.note([NodeUp("b1", epoch)])
        self.shared.expire("b1")
        self.other("b1")
        self.pass_time(1)
        self.assertEqual(self.said, [NodeDown("b1", epoch)])

    def test_lost(self) -> None:
        """A node that is not in the list has lost its place, and says nothing about others."""
        epoch = self.other("b1")
        living = self.begin("a1")
        living.note([NodeUp("b1", epoch)])
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
            living.note([operation])
            self.assertEqual(living.up, up, operation)

    def test_nobody_is_first_in_nothing(self) -> None:
        """Before it was told who lives, it is not the first."""
        living = Living(self.log, self.clock, "a1", self.said.append, lambda: None, lambda: None)
        self.assertFalse(living.is_first)
        living.nodes = {"a1": LiveNode(1, b""), "b1": LiveNode(1, b"")}
        self.assertTrue(living.is_first)
