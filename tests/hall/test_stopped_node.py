"""A node that takes no messages any more: its people are told at once, and sent to others that are well."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.hall.stopped_node import MOVE, STAY_S
from groupchat.interfaces.storage import NodeCard
from groupchat.model.events import Announced, Refused
from groupchat.sessions.arrival.joining import STOPPED_FOR_NEWCOMERS
from tests.hall.people.linked import Cluster
from tests.house import Peer

WHY = "This node takes no messages any more: upgrade it."
WELL, STOPPED = NodeCard(2, "1.0", 1, 5, "b:5000"), NodeCard(2, "1.0", 1, 5, "b:5000", is_stopped=True)


def announced(peer: Peer) -> list[str]:
    """What a peer was told together with everybody else."""
    return [event.text for event in peer.take() if isinstance(event, Announced)]


class StoppedNodeTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.cluster = Cluster()
        self.a, self.b = self.cluster.nodes
        (self.alice,) = self.cluster.come(self.a, "alice")
        self.journal = self.a.journal
        self.journal.others = {"a": WELL, "b": WELL}

    def test_told_at_once(self) -> None:
        """People learn of it within a second, though nobody posts; after other trouble too; and nothing behind it."""
        self.a.hall.health.report("Nothing can be posted just now.")
        self.a.hall.health.report("")
        self.alice.take()
        self.a.pass_time(5)
        self.assertEqual(announced(self.alice), [])
        self.journal.stopped = WHY
        self.a.pass_time(1)
        self.assertEqual(announced(self.alice), [WHY])
        self.assertEqual(self.a.hall.commits.trouble, WHY)
        self.a.pass_time(round(STAY_S) - 2)
        self.assertEqual((announced(self.alice), self.alice.screen.codes), ([], []))

    def test_sent_elsewhere(self) -> None:
        """After they could read it they are cut off, with the code that makes clients ask another node."""
        self.journal.stopped = WHY
        self.a.pass_time(round(STAY_S) + 2)
        self.assertEqual(self.alice.screen.codes, ["node-lost"])
        self.assertIn(Refused("node-lost", MOVE), self.alice.answers)
        (bob,) = self.cluster.come(self.b, "bob")
        self.assertEqual(bob.screen.codes, [])

    def test_nowhere_to_go(self) -> None:
        """While no other node is known to be well, people stay and read; as soon as one is, they are sent there."""
        self.journal.stopped = WHY
        for others in ({}, {"a": WELL}, {"a": WELL, "b": STOPPED}):
            self.journal.others = others
            self.a.pass_time(round(STAY_S) + 2)
            self.assertEqual(self.alice.screen.codes, [])
        self.alice.take()
        self.alice.do("history")
        self.assertEqual(self.alice.codes, [])
        self.journal.others = {"a": WELL, "b": WELL}
        self.a.pass_time(1)
        self.assertEqual(self.alice.screen.codes, ["node-lost"])

    def test_whoever_comes(self) -> None:
        """Whoever comes to it meanwhile is refused by name, and sent to another address; of reading nothing is said."""
        self.journal.stopped = WHY
        for seconds in (0, 2):
            self.a.pass_time(seconds)
            newcomers = [self.a.connect("json").offer("carol"), self.a.connect().type("tom")]
            self.a.pass_time(1)
            for newcomer in newcomers:
                self.assertEqual(newcomer.codes, ["journal-unavailable"])
                (refused,) = [answer for answer in newcomer.answers if isinstance(answer, Refused)]
                self.assertEqual(refused.text, STOPPED_FOR_NEWCOMERS)
