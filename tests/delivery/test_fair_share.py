"""Readers that catch up take turns."""

from collections.abc import Callable

from twisted.internet.defer import Deferred
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
        """Somebody who comes while others wait comes after them, also in a turn that has something left."""
        self.show("a")
        self.show("b")
        self.turns.next_turn().addCallback(lambda _: self.show("again"))
        self.show("c")
        self.shown.clear()
        self.assertEqual([self.end() for _ in range(4)], [["b"], ["c"], ["again"], []])

    def test_without_being_shown(self) -> None:
        """Somebody who only waits has a turn when this one ends."""
        waiting = self.turns.next_turn()
        self.assertNoResult(waiting)
        self.end()
        self.successResultOf(waiting)
        self.assertEqual(self.ends, [])

    def test_whole_share(self) -> None:
        """A turn is over with the last post of its share, and the next has a whole share again."""
        for _ in range(2):
            self.turns.spend(SHARE - 1)
            self.assertFalse(self.turns.over)
            self.turns.spend(1)
            self.assertTrue(self.turns.over)
            self.assertEqual(len(self.ends), 1)
            self.end()
            self.assertFalse(self.turns.over)

    def test_the_last_post_of_a_share(self) -> None:
        """Others who wait have their turn while anything is left of the share, and then in the next."""
        first = self.turns.next_turn().addCallback(lambda _: self.turns.spend(SHARE - 1))
        second = self.turns.next_turn().addCallback(lambda _: self.turns.spend(1))
        third = self.turns.next_turn()
        self.end()
        for waiting in (first, second):
            self.successResultOf(waiting)
        self.assertNoResult(third)
        self.end()
        self.successResultOf(third)

    def test_those_who_wait_hold_up_the_next(self) -> None:
        """As long as somebody waits, nobody else has what is left of the turn."""
        self.turns.next_turn()
        self.assertTrue(self.turns.over)

    def test_one_page_at_a_time(self) -> None:
        """One page is read at a time, in the order in which they were asked for."""
        pages: list[Deferred[None]] = [Deferred(), Deferred()]
        begun: list[int] = []

        def read(number: int) -> "Deferred[None]":
            begun.append(number)
            return pages[number]

        for number in range(2):
            self.turns.page.run(read, number)
        self.assertEqual(begun, [0])
        pages[0].callback(None)
        self.assertEqual(begun, [0, 1])

    def test_little(self) -> None:
        """Somebody who needs little shares a turn with others."""
        self.turns.spend(1)
        self.assertFalse(self.turns.over)
        self.turns.spend(SHARE)
        for _ in range(3):
            self.turns.next_turn().addCallback(lambda _: self.turns.spend(1))
        self.end()
        self.assertFalse(self.turns.over)
