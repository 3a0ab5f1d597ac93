"""Token buckets: what they let through, and how long a peer has been sending too much."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.limits.buckets import TokenBucket


class BucketTest(SynchronousTestCase):
    def flood(self, bucket: TokenBucket, lines: int, late: float = 0.0) -> tuple[float, float]:
        """Send lines as fast as they are taken; return when the last was taken, and the longest excess seen."""
        now = longest = 0.0
        for _ in range(lines):
            taken = now
            now += bucket.spend(now)
            longest = max(longest, bucket.in_excess(now))
            now += late
        return taken, longest

    def test_burst(self) -> None:
        """A burst goes through without waiting; the line after it waits for one token."""
        bucket = TokenBucket(burst=10, rate=2.0)
        self.assertEqual([bucket.spend(5.0) for _ in range(11)], [0.0] * 10 + [0.5])

    def test_debt_adds_up(self) -> None:
        """A peer that goes on in debt waits for all of it."""
        bucket = TokenBucket(burst=1, rate=2.0)
        self.assertEqual(bucket.spend(0.0, cost=5.0), 2.0)
        self.assertEqual(bucket.spend(1.0, cost=1.0), 1.5)

    def test_full(self) -> None:
        """A bucket is full at first, and again when everything spent is earned."""
        bucket = TokenBucket(burst=3, rate=2.0)
        self.assertTrue(bucket.is_full(5.0))
        bucket.spend(5.0, cost=4.0)
        self.assertEqual([bucket.is_full(at) for at in (5.0, 6.9, 7.0)], [False, False, True])

    def test_never_above_burst(self) -> None:
        """However long nothing is spent, there is one burst to spend and no more."""
        bucket = TokenBucket(burst=3, rate=2.0)
        bucket.spend(0.0)
        self.assertEqual([bucket.spend(1e6) for _ in range(4)], [0.0, 0.0, 0.0, 0.5])

    def test_steady_rate(self) -> None:
        """Lines at the rate never wait and are no excess."""
        bucket = TokenBucket(burst=1, rate=2.0)
        self.assertEqual({bucket.spend(n * 0.5) for n in range(200)}, {0.0})
        self.assertEqual(bucket.in_excess(100.0), 0.0)

    def test_paste(self) -> None:
        """A paste of 40 lines is through after 15 s, and never 30 s in excess."""
        taken, excess = self.flood(TokenBucket(burst=10, rate=2.0), 40)
        self.assertEqual(taken, 14.5)
        self.assertLess(excess, 30.0)

    def test_flood(self) -> None:
        """A peer that sends as fast as it can is in excess for all that time, whether timers are late or not."""
        for late in (0.0, 0.02):
            _, excess = self.flood(TokenBucket(burst=10, rate=2.0), 100, late)
            self.assertGreater(excess, 40.0)

    def test_excess_ends(self) -> None:
        """A peer that pauses after its debt is paid starts afresh."""
        bucket = TokenBucket(burst=2, rate=2.0)
        for _ in range(4):
            bucket.spend(0.0)
        self.assertEqual(bucket.in_excess(0.9), 0.9)
        self.assertEqual(bucket.in_excess(1.2), 0.0)
        self.assertEqual(bucket.spend(1.2, cost=2.0), 0.8)
        self.assertEqual(bucket.in_excess(1.5), 1.5 - 1.2)

    def test_tiny_burst(self) -> None:
        """A bucket too small to hold the slack still ends its excess once it is full."""
        bucket = TokenBucket(burst=1, rate=100.0)
        bucket.spend(0.0, cost=3.0)
        self.assertEqual(bucket.in_excess(1.0), 0.0)

    @given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 20)), max_size=50))
    def test_rate_holds(self, spendings: list[tuple[float, float]]) -> None:
        """A peer that waits as told never spends more than a burst, the rate, and the last line's cost."""
        bucket = TokenBucket(burst=10, rate=2.0)
        now = spent = 0.0
        for pause, cost in spendings:
            now += pause
            wait = bucket.spend(now, cost)
            spent += cost
            self.assertGreaterEqual(wait, 0.0)
            now += wait
            self.assertLessEqual(spent, 10 + 2.0 * now + 1e-6)
