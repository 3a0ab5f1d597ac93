"""Quotas: what may be done a number of times within a time."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.limits.quotas import REMEMBERED, Quota


class QuotaTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.quota = Quota(3, 3600.0)

    def use(self, name: str, now: float, times: int = 1) -> float:
        """Do it if that is allowed; return how long to wait."""
        wait = self.quota.wait(name, now, times)
        if not wait:
            self.quota.use(name, now)
        return wait

    def test_window(self) -> None:
        """It may be done so often within the time, by each name; then the wait is for the oldest to pass."""
        self.assertEqual([self.use("a", now) for now in (0, 1000, 2000, 2600)], [0, 0, 0, 1000])
        self.assertEqual([self.use("a", now) for now in (3600, 3601)], [0, 999])
        self.assertEqual(self.use("b", 3600), 0)

    def test_wider(self) -> None:
        """A name that stands for many may do it more often."""
        self.assertEqual([self.use("a", 0.0, times=2) for _ in range(7)], [0] * 6 + [3600])

    def test_given_back(self) -> None:
        """What was not done after all is not counted."""
        for _ in range(9):
            self.assertEqual(self.use("a", 5.0), 0.0)
            self.quota.give_back("a", 5.0)
        self.quota.give_back("a", 5.0)
        self.assertEqual(len(self.quota), 0)

    def test_changed(self) -> None:
        """When less is allowed than was done, the wait is for the latest."""
        for now in (0, 10, 20):
            self.use("a", now)
        self.quota.most = 1
        self.assertEqual(self.quota.wait("a", 30.0), 3590.0)

    def test_bounded(self) -> None:
        """However many names there are, memory has an end, and those used last are kept."""
        for number in range(REMEMBERED + 10):
            self.use(str(number), 0.0)
        self.assertEqual(len(self.quota), REMEMBERED)
        for _ in range(2):
            self.use(str(REMEMBERED), 0.0)
        self.assertEqual(self.quota.wait(str(REMEMBERED), 0.0), 3600.0)

    @given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2000)), max_size=40))
    def test_never_more(self, tries: list[tuple[str, int]]) -> None:
        """Whatever happens, no name does it more often within the time, and each may when its wait is over."""
        self.quota = Quota(3, 3600.0)
        done = dict[str, list[float]](a=[], b=[])
        now = 0.0
        for name, pause in tries:
            now += pause
            wait = self.use(name, now)
            if not wait:
                done[name].append(now)
            else:
                self.assertEqual(self.quota.wait(name, now + wait), 0.0)
            self.assertLessEqual(sum(now - at < 3600 for at in done[name]), 3)
