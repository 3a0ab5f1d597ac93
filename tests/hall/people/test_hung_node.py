"""A node that hung, and goes on when the others count it as gone: what the people are shown who stayed there."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Entered, Joined, Left, Renamed
from tests.hall.people.linked import Cluster
from tests.house import Peer


class HungNodeTest(SynchronousTestCase):
    """Two nodes; bob and carol stay at the first, and alice moves to the second while the first one hangs."""

    def setUp(self) -> None:
        self.cluster = Cluster()
        self.a, self.b = self.cluster.nodes
        self.text = self.a.connect().type("bob")
        self.cluster.settle()
        self.program, self.alice = (self.a.connect("json").offer(nick) for nick in ("carol", "alice"))
        self.cluster.settle()
        self.text.take()
        self.program.take()

    def move(self) -> Peer:
        """Let alice come in at the second node, which counts the first one as gone; nothing is known there yet."""
        self.cluster.down(self.a)
        self.b.apply()
        again = self.b.connect("json").offer("alice", token=self.alice.token)
        while self.b.journal.pending:
            self.b.write().apply()
        self.assertIsNotNone(again.connection)
        return again

    def go_on(self) -> None:
        """Let the first node learn what happened, and begin again."""
        self.a.apply()
        self.a.journal.fence()
        self.cluster.begin(self.a.journal)
        self.cluster.settle()

    def judge(self, *told: tuple[type, str]) -> None:
        """See what both were told of others, in order, and that nothing of it is the contrary of what is so."""
        for peer in (self.text, self.program):
            events = [one for one in peer.take() if isinstance(one, Joined | Left | Renamed | Entered)]
            self.assertEqual([(type(one), getattr(one, "nick", "")) for one in events], [*told])

    def test_left_before_joined(self) -> None:
        """The end of the old connection, noticed late, is told before the new one, which is told last."""
        self.move()
        self.alice.session.lost("connection lost")
        self.go_on()
        self.judge((Left, "alice"), (Joined, "alice"))

    def test_behind_a_post(self) -> None:
        """The same if it waits behind a post that is on its way."""
        self.move()
        self.program.say("not stored")
        self.alice.session.lost("connection lost")
        self.go_on()
        self.judge((Left, "alice"), (Joined, "alice"))

    def test_learned_first(self) -> None:
        """It is the same if the node learns of the new connection first, which replaces the old one."""
        self.move()
        self.a.apply()
        self.alice.session.lost("connection lost")
        self.go_on()
        self.judge((Left, "alice"), (Joined, "alice"))

    def test_nothing_is_told_twice(self) -> None:
        """What was taken out of the queue is told once, also if more follows about the same person."""
        again = self.move()
        self.alice.session.lost("connection lost")
        again.vanish()
        while self.b.journal.pending:
            self.b.write().apply()
        self.go_on()
        self.judge((Left, "alice"), (Joined, "alice"), (Left, "alice"))

    def test_under_another_nickname(self) -> None:
        """Who moved, and is called otherwise there, is not told of as gone."""
        again = self.move()
        again.do("nick", nick="alix")
        while self.b.journal.pending:
            self.b.write().apply()
        self.alice.session.lost("connection lost")
        self.go_on()
        self.judge((Left, "alice"), (Joined, "alice"), (Renamed, "alice"))
