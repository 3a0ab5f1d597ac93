"""The queue for what is costly: who is served, in which order, and who has to go."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.limits.fair_queue import FairQueue


def drained(queue: "FairQueue[str]") -> list[str]:
    """Return all that waits, in the order in which it is taken."""
    taken = []
    while (item := queue.take()) is not None:
        taken.append(item)
    return taken


class FairQueueTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.queue = FairQueue[str](8)

    def put(self, *items: str, urgency: int = 0) -> list[str | None]:
        """Put items whose first letter is the household's; return what had to go for each."""
        return [self.queue.put(item, item[0], urgency) for item in items]

    def test_turns(self) -> None:
        """Households take turns, however many items one of them has; each has its own in order."""
        self.put("a1", "a2", "a3", "a4", "b1", "c1", "c2")
        self.assertEqual(drained(self.queue), ["a1", "b1", "c1", "a2", "c2", "a3", "a4"])

    def test_newcomer(self) -> None:
        """A household that has been served waits for the others."""
        self.put("a1", "a2", "b1")
        self.assertEqual(self.queue.take(), "a1")
        self.put("c1")
        self.assertEqual(drained(self.queue), ["b1", "a2", "c1"])

    def test_urgency(self) -> None:
        """What is urgent comes before what is not, whoever asks."""
        self.put("a1", "b1", urgency=1)
        self.put("a2", "a3")
        self.assertEqual(drained(self.queue), ["a2", "a3", "a1", "b1"])

    def test_urgent_only(self) -> None:
        """One can take what is urgent only."""
        self.put("a1", urgency=1)
        self.put("b1")
        self.assertEqual([self.queue.take(0), self.queue.take(0), self.queue.take(1)], ["b1", None, "a1"])

    def test_full(self) -> None:
        """In a full queue the newest item of the household with most has to go; who comes for once has room."""
        self.assertEqual(self.put(*(f"a{n}" for n in range(8))), [None] * 8)
        self.assertEqual(self.put("a8", "b1", "c1", "b2", "a9"), ["a8", "a7", "a6", "a5", "a9"])
        self.assertEqual(len(self.queue), 8)
        self.assertEqual(drained(self.queue), ["a0", "b1", "c1", "a1", "b2", "a2", "a3", "a4"])

    def test_full_of_equals(self) -> None:
        """Where everybody has as much, the last one has to go."""
        self.put(*"abcdefgh")
        self.assertEqual(self.put("i"), ["i"])

    def test_less_urgent_goes(self) -> None:
        """What is not urgent has to go first, and never makes anything urgent go."""
        self.put("a1", "a2", "a3", "b1")
        self.put("c1", "d1", "d2", "d3", urgency=1)
        self.assertEqual(self.put("a4", "a5", "a6", "a7"), ["d3", "d2", "d1", "c1"])
        self.assertEqual(self.put("e1", urgency=1), ["e1"])
        self.assertEqual(self.put("e1"), ["a7"])

    @given(
        st.lists(st.one_of(st.none(), st.tuples(st.sampled_from("abcd"), st.integers(0, 1))), max_size=60),
        st.integers(1, 5),
    )
    def test_nothing_is_lost(self, steps: list[tuple[str, int] | None], limit: int) -> None:
        """Everything that was put in is taken once or had to go once, and never more waits than may."""
        queue = FairQueue[str](limit)
        put, out = Counter[str](), Counter[str]()
        for number, step in enumerate(steps):
            if step is None:
                item = queue.take()
            else:
                name = f"{step[0]}{number}"
                put[name] += 1
                item = queue.put(name, *step)
            if item is not None:
                out[item] += 1
            self.assertLessEqual(len(queue), limit)
        out.update(drained(queue))
        self.assertEqual((out, len(queue)), (put, 0))
