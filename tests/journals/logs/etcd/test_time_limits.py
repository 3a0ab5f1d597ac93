"""Limits to how long something may take, which share one timer."""

from functools import partial

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.logs.etcd.time_limits import TimeLimit, TimeLimits


class TimeLimitsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.limits = TimeLimits(self.clock)
        self.ended: list[str] = []

    def begin(self, name: str, seconds: float) -> TimeLimit:
        """Begin a limit that tells by this name when it ends."""
        return self.limits.begin(seconds, partial(self.ended.append, name))

    def test_order(self) -> None:
        """Each ends in its time, whichever began first."""
        long, short = self.begin("long", 5), self.begin("short", 1)
        self.clock.advance(0.9)
        self.assertEqual(self.ended, [])
        self.clock.advance(0.1)
        self.assertEqual((self.ended, short.is_over, long.is_over), (["short"], True, False))
        self.clock.advance(3.9)
        self.assertEqual(self.ended, ["short"])
        self.clock.advance(0.1)
        self.assertEqual((self.ended, long.is_over), (["short", "long"], True))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_lifted(self) -> None:
        """What is lifted never ends, and is not over; lifting it again does no harm."""
        limit = self.begin("lifted", 1)
        self.limits.lift(limit)
        self.limits.lift(limit)
        self.clock.advance(2)
        self.assertEqual((self.ended, limit.is_over), ([], False))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_one_timer(self) -> None:
        """A thousand requests, one after the other in a second and a half, take two timers, one at a time."""
        timers: set[IDelayedCall] = set()
        for _ in range(1000):
            limit = self.begin("none", 1)
            timers.update(self.clock.getDelayedCalls())
            self.clock.advance(0.0015)
            self.limits.lift(limit)
            self.assertLessEqual(len(self.clock.getDelayedCalls()), 1)
        self.assertEqual(len(timers), 2)
        self.assertEqual(self.ended, [])

    def test_while_ending(self) -> None:
        """Whoever is told may begin another limit, and lift one that would end now."""
        other = self.begin("other", 1)
        self.limits.lift(other)

        def end() -> None:
            self.limits.lift(other)
            self.begin("next", 1)

        self.limits.begin(1, end)
        other = self.begin("other", 1)
        self.clock.advance(1)
        self.assertEqual((self.ended, other.is_over), ([], False))
        self.clock.advance(1)
        self.assertEqual(self.ended, ["next"])

    def test_stop(self) -> None:
        """Nothing ends any more, and no timer is left."""
        self.begin("stopped", 1)
        self.limits.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(2)
        self.assertEqual(self.ended, [])
