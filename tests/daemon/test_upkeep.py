"""Work that comes again and again."""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.daemon.upkeep import Chore


class ChoreTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.times: list[float] = []

    def fail_once(self) -> None:
        self.times.append(self.clock.seconds())
        raise ValueError("once more")

    def test_failing(self) -> None:
        """What fails is logged each time, and done again each time."""
        chore = Chore(self.clock, 10.0, self.fail_once, "It went wrong")
        chore.start()
        self.clock.pump([10, 10])
        self.assertEqual(self.times, [10, 20])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)

    def test_at_once(self) -> None:
        """It can begin without waiting for the first period to pass."""
        chore = Chore(self.clock, 10.0, lambda: self.times.append(self.clock.seconds()), "It went wrong")
        chore.start(now=True)
        self.clock.advance(10)
        self.assertEqual(self.times, [0, 10])

    def test_slow(self) -> None:
        """The next time waits for what takes long; what fails when it is no more needed is not worth a line."""
        works: list[Deferred[None]] = []

        def begin() -> "Deferred[None]":
            works.append(Deferred())
            return works[-1]

        chore = Chore(self.clock, 10.0, begin, "It went wrong")
        chore.start(now=True)
        self.clock.pump([10, 10])
        self.assertEqual(len(works), 1)
        works[0].callback(None)
        self.clock.advance(10)
        self.assertEqual(len(works), 2)
        chore.stop()
        works[1].errback(ValueError("the journal is closed"))
        self.assertEqual(self.flushLoggedErrors(ValueError), [])
        self.clock.advance(100)
        self.assertEqual(len(works), 2)
