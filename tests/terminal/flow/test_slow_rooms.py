"""Slow rooms, and when one may speak again in them."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.flow.slow_rooms import SlowRooms


class SlowRoomsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock, self.state = Clock(), ChatState("example.org", "alice")
        self.clock.advance(1)
        self.drawn: list[float] = []
        self.slow = SlowRooms(self.clock, self.state, lambda: self.drawn.append(self.clock.seconds()))
        self.state.go(Place("lobby"))
        self.lobby = self.state.views.open(Place("lobby"))

    def test_refused(self) -> None:
        """The seconds are counted down, and then no more."""
        self.slow.refused(Place("lobby"), 2)
        self.clock.pump([1.0] * 4)
        self.assertEqual((self.drawn, self.clock.getDelayedCalls()), ([1, 2, 3], []))

    def test_elsewhere(self) -> None:
        """A room that the person has left meanwhile is none to wait for."""
        self.slow.refused(Place("dev"), 2)
        self.slow.spoke(Place("dev"))
        self.assertEqual((self.drawn, self.clock.getDelayedCalls()), ([], []))

    def test_pace(self) -> None:
        """The pace is the time from what the person said last, here or on another device, until they may speak."""
        self.slow.spoke(Place("lobby"))
        self.clock.advance(50)
        said = {"event": "said", "room": "lobby", "nick": "alice", "id": 2, "text": "on the other device"}
        self.state.take(said, self.clock.seconds())
        self.clock.advance(1)
        self.slow.refused(Place("lobby"), 2)
        self.clock.advance(2)
        self.slow.spoke(Place("lobby"))
        self.assertEqual((self.lobby.pace, self.lobby.slow_until - self.clock.seconds()), (3, 3))

    def test_finish(self) -> None:
        """At the end nothing is counted any more."""
        self.slow.refused(Place("lobby"), 2)
        self.slow.finish()
        self.assertEqual(self.clock.getDelayedCalls(), [])
