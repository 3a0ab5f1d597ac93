"""Deadlines with one timer for all."""

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.doors.wire.deadlines import AT_ONCE, Deadlines
from groupchat.interfaces.entrances import IDeadlines
from tests.doors.fakes import TURN_S, TurnClock


class DeadlinesTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = TurnClock()
        self.expired: list[str] = []
        self.deadlines: Deadlines[str] = Deadlines(self.clock, 10, self.expired.append)

    def pass_time(self, seconds: int) -> None:
        """Let time pass, and the turn in which deadlines are looked at."""
        self.clock.pump([1] * seconds)
        self.clock.advance(TURN_S)

    def test_interface(self) -> None:
        """They are what connections take them for."""
        verifyObject(IDeadlines, self.deadlines)

    def test_expires(self) -> None:
        """A party is called once when its time is over, at most a sweep late, and not before."""
        self.deadlines.set("alice")
        self.pass_time(9)
        self.assertEqual(self.expired, [])
        self.pass_time(2)
        self.assertEqual(self.expired, ["alice"])
        self.pass_time(20)
        self.assertEqual((self.expired, len(self.deadlines)), (["alice"], 0))

    def test_longer(self) -> None:
        """A party may have more time than others, also than those who come later."""
        self.deadlines.set("far", 5.0)
        self.deadlines.set("near")
        self.pass_time(11)
        self.assertEqual(self.expired, ["near"])
        self.pass_time(5)
        self.assertEqual(self.expired, ["near", "far"])

    def test_input_is_read_first(self) -> None:
        """Deadlines are looked at a turn after the timer, when what had come meanwhile is read."""
        self.deadlines.set("alice")
        self.clock.advance(100)
        self.assertEqual(self.expired, [])
        self.deadlines.cancel("alice")
        self.clock.advance(TURN_S)
        self.assertEqual(self.expired, [])

    def test_long_turn(self) -> None:
        """Who comes within a turn that takes longer than their time is read in the next, and not late before that."""
        self.deadlines.set("alice")
        self.clock.advance(100)
        self.deadlines.set("bob")
        self.clock.advance(30)
        self.assertEqual(self.expired, ["alice"])
        self.deadlines.cancel("bob")
        self.pass_time(20)
        self.assertEqual(self.expired, ["alice"])
        self.deadlines.set("carol")
        self.pass_time(12)
        self.assertEqual(self.expired, ["alice", "carol"])

    def test_cancel(self) -> None:
        """A party that is done never expires; cancelling says whether its time was running."""
        self.deadlines.set("alice")
        self.assertTrue(self.deadlines.cancel("alice"))
        self.assertFalse(self.deadlines.cancel("alice"))
        self.pass_time(20)
        self.assertEqual((self.expired, self.clock.getDelayedCalls()), ([], []))

    def test_move(self) -> None:
        """A successor inherits the deadline, and nothing when there is none."""
        self.deadlines.set("alice")
        self.pass_time(6)
        self.deadlines.move("alice", "alicia")
        self.deadlines.move("bob", "robert")
        self.assertEqual(self.deadlines.parties(), ["alicia"])
        self.pass_time(5)
        self.assertEqual(self.expired, ["alicia"])

    def test_one_timer(self) -> None:
        """However many parties there are, there is one timer, and none when there are none."""
        parties = [str(number) for number in range(1000)]
        for party in parties:
            self.deadlines.set(party)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        for party in parties:
            self.deadlines.cancel(party)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_share(self) -> None:
        """No more than a share expires in one turn; the rest in the turns after it."""
        parties = [str(number) for number in range(AT_ONCE + 1)]
        for party in parties:
            self.deadlines.set(party)
        self.clock.advance(11)
        self.clock.advance(TURN_S)
        self.assertEqual(len(self.expired), AT_ONCE)
        self.clock.advance(TURN_S)
        self.clock.advance(TURN_S)
        self.assertEqual(self.expired, parties)

    def test_ended_by_another(self) -> None:
        """A late party that is cancelled because of another does not expire."""

        def expire(party: str) -> None:
            self.expired.append(party)
            deadlines.cancel("bob")

        deadlines: Deadlines[str] = Deadlines(self.clock, 10, expire)
        deadlines.set("alice")
        deadlines.set("bob")
        self.pass_time(12)
        self.assertEqual(self.expired, ["alice"])

    def test_changed(self) -> None:
        """A changed time counts for parties that come after."""
        self.deadlines.set("alice")
        self.deadlines.seconds = 2
        self.deadlines.set("bob")
        self.pass_time(3)
        self.assertEqual(self.expired, ["bob"])
