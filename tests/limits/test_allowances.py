"""Allowances: what each may ask for, and who is forgotten."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.limits.allowances import KEPT, Allowances


class AllowancesTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.allowances = Allowances(self.clock)

    def charge(self, who: object, cost: float = 1.0) -> float:
        """Charge somebody who may ask for four things at once, and two a second."""
        return self.allowances.charge(who, cost, 4, 2.0)

    def test_each(self) -> None:
        """Each has a burst of their own, and waits after it; what is given back was not spent."""
        self.assertEqual([self.charge("a") for _ in range(6)], [0.0] * 4 + [0.5, 1.0])
        self.assertEqual(self.charge("b"), 0.0)
        self.allowances.give_back("a", 2.0)
        self.assertEqual(self.charge("a"), 0.5)

    def test_turn(self) -> None:
        """A turn comes after its time, and at once if there is none."""
        now, later = self.allowances.after(0.0), self.allowances.after(1.5)
        self.clock.advance(1.4)
        self.assertEqual((now.called, later.called), (True, False))
        self.clock.advance(0.1)
        self.assertTrue(later.called)

    def test_settings(self) -> None:
        """Other limits hold for those who are known already, too."""
        self.charge("a", 4.0)
        self.assertEqual(self.allowances.charge("a", 1.0, 4, 0.5), 2.0)

    def test_forgotten(self) -> None:
        """Who has not asked for long is forgotten; whoever asks too much is not."""
        for number in range(KEPT - 1):
            self.charge(number)
        self.charge("flood", 40.0)
        self.clock.advance(5)
        self.charge("one more")
        self.assertEqual(len(self.allowances), 2)
        self.assertGreater(self.charge("flood"), 0.0)

    def test_many_at_once(self) -> None:
        """While all have asked lately, all are kept."""
        for number in range(4 * KEPT):
            self.charge(number, 3.0)
        self.assertEqual(len(self.allowances), 4 * KEPT)
