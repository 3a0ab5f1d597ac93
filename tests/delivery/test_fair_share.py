"""Readers that catch up take turns."""

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.fair_share import SHARE, FairShare


class TurnsTest(SynchronousTestCase):
    """Some who want to be shown things, each a share at a time."""

    def setUp(self) -> None:
        self.ends: list[Callable[[], None]] = []
        self.turns = FairShare(self.ends.append)
        self.shown: list[str] = []

    def show(self, name: str) -> None:
        """Show somebody a whole share, now or when their turn comes."""

        def spend(_: None = None) -> None:
            self.shown.append(name)
            self.turns.spend(SHARE)

        if self.turns.over:
            self.turns.next_turn().addCallback(spend)
        else:
            spend()

    def end(self) -> list[str]:
        """The turn ends; who was shown something in the next."""
        ends, self.ends[:] = self.ends[:], []
        for function in ends:
            function()
        shown, self.shown = self.shown, []
        return shown

    def test_one_share_a_turn(self) -> None:
        """What is beyond the share of a turn waits for the next, in the order in which it came."""
        for name in "abc":
            self.show(name)
        self.assertEqual(self.shown, ["a"])
        self.shown.clear()
        self.assertEqual([self.end() for _ in range(3)], [["b"], ["c"], []])
        self.assertEqual(self.ends, [])

    def test_nobody_overtakes(self) -> None:
        """Who comes while others wait comes after them, also in a turn that has something left."""
        self.show("a")
        self.show("b")
        self.turns.next_turn().addCallback(lambda _: self.show("again"))
        self.show("c")
        self.shown.clear()
        self.assertEqual([self.end() for _ in range(4)], [["b"], ["c"], ["again"], []])

    def test_little(self) -> None:
        """Who needs little shares a turn with others."""
        self.turns.spend(1)
        self.assertFalse(self.turns.over)
        self.turns.spend(SHARE)
        for _ in range(3):
            self.turns.next_turn().addCallback(lambda _: self.turns.spend(1))
        self.end()
        self.assertFalse(self.turns.over)
