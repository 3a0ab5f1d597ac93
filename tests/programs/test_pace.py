"""How fast lines are sent: as the server takes them, in order, and again after the time it names."""

from collections.abc import Callable

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.twisted_network import TwistedClock
from groupchat.limits.buckets import TokenBucket
from groupchat.programs.pace import PATIENCE_S, SHORTEST_WAIT_S, Pace

AHEAD = 64


class PaceCase(SynchronousTestCase):
    """A program that sends lines, and a server whose answers the test gives."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.sent: list[int] = []
        self.told: list[tuple[str, float]] = []
        self.pace = Pace(
            TwistedClock(self.clock),
            lambda number, words: self.sent.append(number),
            lambda why, wait: self.told.append((why, wait)),
            AHEAD,
        )

    def add(self, count: int) -> None:
        """Add so many lines."""
        for number in range(1, count + 1):
            self.pace.add(number, f"line {number}")

    def answer_all(self, until: float, answer: Callable[[int], None]) -> None:
        """Answer each line, in order, and let time pass."""
        done = 0
        while len(self.pace) and self.clock.seconds() < until:
            while done < len(self.sent):
                done += 1
                answer(self.sent[done - 1])
            self.clock.advance(1 / 16)


class FastTests(PaceCase):
    def test_one_by_one_at_first(self) -> None:
        """Until two lines were taken only one is under way; then more and more."""
        self.add(99)
        self.assertEqual(self.sent, [1])
        self.pace.answered(1)
        self.assertEqual(self.sent, [1, 2])
        self.pace.answered(2)
        self.assertEqual(self.sent, [1, 2, 3, 4])
        for number in (3, 4, 5):
            self.pace.answered(number)
        self.assertEqual(len(self.sent), 10)

    def test_at_most(self) -> None:
        """No more lines are sent ahead than that many."""
        self.add(1000)
        for number in range(1, 501):
            self.pace.answered(number)
        self.assertEqual(len(self.sent), 500 + AHEAD)

    def test_far_away(self) -> None:
        """Answers that always take long are not held back: lines are sent ahead all the same."""
        self.add(200)
        done = 0
        while len(self.pace):
            under_way = self.sent[done:]
            self.clock.advance(0.9)
            for number in under_way:
                self.pace.answered(number)
            done += len(under_way)
        self.assertLess(self.clock.seconds(), 20)


class HeldBackTests(PaceCase):
    def test_flood(self) -> None:
        """Where the server takes two lines a second, nobody is in excess for long, and little time is lost."""
        bucket = TokenBucket(10, 2.0)
        at, excess = 0.0, []
        order: list[int] = []
        read = 0
        self.add(200)
        while len(self.pace) and self.clock.seconds() < 300:
            now = self.clock.seconds()
            while read < len(self.sent) and at <= now:
                wait = bucket.spend(now)
                at = now + wait
                excess.append(bucket.in_excess(now))
                order.append(self.sent[read])
                number = self.sent[read]
                read += 1
                # The answer comes at once; it is the next line that is read late.
                self.pace.answered(number)
            self.clock.advance(1 / 64)
        self.assertEqual(order, list(range(1, 201)))
        self.assertLess(max(excess), 15)
        self.assertLess(self.clock.seconds(), 120)

    def test_hiccup(self) -> None:
        """After one late answer lines are sent ahead again."""
        self.add(500)
        for number in range(1, 21):
            self.pace.answered(number)
        self.clock.advance(3)
        for number in self.sent[20:]:
            self.pace.answered(number)
        count = len(self.sent)
        self.clock.advance(1)
        self.assertGreater(len(self.sent), count + 1)


class SlowModeTests(PaceCase):
    def test_slow(self) -> None:
        """In a room where one may say something each five seconds everything is said, in order, and each pause told."""
        last = [-99.0]
        said: list[int] = []

        def answer(number: int) -> None:
            now = self.clock.seconds()
            wait = last[0] + 5 - now
            if wait > 0:
                self.assertTrue(self.pace.refused(number, "slow", wait))
            else:
                last[0] = now
                said.append(number)
                self.pace.answered(number)

        self.add(5)
        self.answer_all(60, answer)
        self.assertEqual(said, [1, 2, 3, 4, 5])
        self.assertEqual([why for why, _ in self.told], ["slow"] * 4)
        self.assertLess(self.clock.seconds(), 24)

    def test_becomes_slow(self) -> None:
        """Lines that were under way when the room became slow are sent again in order."""
        self.add(10)
        for number in (1, 2, 3):
            self.pace.answered(number)
        under_way = self.sent[3:]
        self.assertGreater(len(under_way), 1)
        for number in under_way:
            self.assertTrue(self.pace.refused(number, "slow", 3.0))
        self.assertEqual(self.told, [("slow", 3.0)])
        self.clock.advance(2.9)
        self.assertEqual(self.sent[3:], under_way)
        self.clock.advance(0.2)
        self.assertEqual(self.sent[3 + len(under_way) :], [4])

    def test_too_long(self) -> None:
        """A time to wait that is longer than the program's patience is a refusal, and so is none."""
        self.add(1)
        self.assertFalse(self.pace.refused(1, "slow", PATIENCE_S + 1))
        self.pace.add(2, "another")
        self.assertFalse(self.pace.refused(2, "muted", 0.0))
        self.assertEqual((len(self.pace), self.told), (0, []))

    def test_nonsense(self) -> None:
        """A time to wait that is none is a refusal, and one that is too short does not make it send all the time."""
        for wait in (0.0, -1.0, float("nan"), float("inf"), float("-inf"), 1e9):
            self.pace.add(1, "line 1")
            self.assertFalse(self.pace.refused(1, "slow", wait), wait)
            self.assertEqual((len(self.pace), self.clock.getDelayedCalls()), (0, []))
        del self.sent[:]
        self.pace.add(1, "line 1")
        refusals = 0
        while self.pace.refused(1, "slow", 1e-9):
            refusals += 1
            self.assertEqual(len(self.sent), refusals)
            self.clock.advance(SHORTEST_WAIT_S)
            self.assertEqual(len(self.sent), refusals + 1)
        self.assertEqual(refusals, PATIENCE_S / SHORTEST_WAIT_S)

    def test_refused_for_ever(self) -> None:
        """A line that is refused again and again is not sent for longer than that."""
        self.add(1)
        count = 0
        while self.pace.refused(1, "slow", 10.0):
            count += 1
            self.clock.advance(10.0)
        self.assertEqual(count, PATIENCE_S // 10)

    def test_stop(self) -> None:
        """Whoever gives up sends nothing more."""
        self.add(2)
        self.pace.refused(1, "slow", 5.0)
        self.pace.stop()
        self.clock.advance(10)
        self.assertEqual((self.sent, self.clock.getDelayedCalls()), ([1], []))
