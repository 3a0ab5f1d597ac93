"""The comparison against servers in memory: sound ones pass whatever happens, and every broken promise is found."""

import random
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.checker.ledger import Findings, Kept, Ledger, Outcome, compare

STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["answered", "refused", "lost before", "lost after"])), max_size=40
)


class Run:
    """A run of four clients on a server that keeps its promises; ``history`` is what it stored.

    Each step is one post of one client: answered, refused, or unanswered because the connection was lost,
    before the server stored the post or after that.
    """

    def __init__(self, steps: list[tuple[int, str]]) -> None:
        self.ledger = Ledger("cafe")
        self.history: list[Kept] = []
        self._sent = [0, 0, 0, 0]
        for client, what in steps:
            self._post(client, what)

    def _post(self, client: int, what: str) -> None:
        attempt = self.ledger.attempt(client, self._sent[client])
        self._sent[client] += 1
        if what == "refused":
            attempt.code = "muted"
        elif what != "lost before":
            number = 3 * len(self.history) + 5  # other people's posts are between
            self.history.append(Kept(number, client, attempt.post))
            if what == "answered":
                self.ledger.acknowledge(attempt, number)

    @property
    def watched(self) -> "Run":
        """The same, with a watcher that was shown everything."""
        self.ledger.watched = True
        self.ledger.shown = {kept.id: kept for kept in self.history}
        return self

    def findings(self) -> Findings:
        return compare(self.ledger, self.history)


class SoundTest(SynchronousTestCase):
    @given(STEPS)
    def test_good(self, steps: list[tuple[int, str]]) -> None:
        """A sound server passes, whatever was refused or lost, and unanswered posts that exist are counted."""
        run = Run(steps).watched
        findings = run.findings()
        self.assertTrue(findings.good, list(findings.lines()))
        self.assertEqual(findings.recovered, [what for _, what in steps].count("lost after"))
        tally = run.ledger.tally()
        self.assertEqual(sum(tally.values()), len(steps))
        self.assertEqual(tally.get(Outcome.REFUSED, 0), [what for _, what in steps].count("refused"))


class BrokenTest(SynchronousTestCase):
    """Each of these breaks one promise in one place that is chosen at random."""

    def broken(self, steps: list[tuple[int, str]], seed: int, spoil: Callable[[Run, int], None]) -> Findings | None:
        """Return the findings after one post was spoilt; None if there is none."""
        run = Run(steps)
        if len(run.history) < 2:
            return None
        spoil(run, random.Random(seed).randrange(len(run.history)))
        return run.findings()

    @given(STEPS, st.integers(0))
    def test_lost(self, steps: list[tuple[int, str]], seed: int) -> None:
        """An acknowledged or shown post that is gone is found."""

        def lose(run: Run, index: int) -> None:
            kept = run.history.pop(index)
            run.ledger.shown[kept.id] = kept

        findings = self.broken(steps, seed, lose)
        if findings is not None:
            self.assertEqual(len(findings.lost), 1)

    @given(STEPS, st.integers(0))
    def test_duplicated(self, steps: list[tuple[int, str]], seed: int) -> None:
        """A post that exists twice is found."""

        def repeat(run: Run, index: int) -> None:
            kept = run.history[index]
            run.history.append(kept._replace(id=run.history[-1].id + 1))

        findings = self.broken(steps, seed, repeat)
        if findings is not None:
            self.assertEqual(len(findings.duplicated), 1)

    @given(STEPS, st.integers(0))
    def test_swapped(self, steps: list[tuple[int, str]], seed: int) -> None:
        """Two posts that changed places in the history are found."""

        def swap(run: Run, index: int) -> None:
            other = index - 1
            run.history[index], run.history[other] = run.history[other], run.history[index]

        findings = self.broken(steps, seed, swap)
        if findings is not None:
            self.assertTrue(findings.out_of_order)

    @given(STEPS, st.integers(0))
    def test_invented(self, steps: list[tuple[int, str]], seed: int) -> None:
        """A post that was never sent is found."""

        def invent(run: Run, index: int) -> None:
            run.history.append(Kept(run.history[-1].id + 1, run.history[index].client, 1000))

        findings = self.broken(steps, seed, invent)
        if findings is not None:
            self.assertEqual(len(findings.unexpected), 1)

    @given(STEPS, st.integers(0))
    def test_hidden(self, steps: list[tuple[int, str]], seed: int) -> None:
        """A post that a watcher of everything was not shown is found."""

        def hide(run: Run, index: int) -> None:
            del run.watched.ledger.shown[run.history[index].id]

        findings = self.broken(steps, seed, hide)
        if findings is not None:
            self.assertEqual(len(findings.lost), 1)

    @given(STEPS, st.integers(0))
    def test_renumbered(self, steps: list[tuple[int, str]], seed: int) -> None:
        """An acknowledged post that exists under another number is found."""

        def renumber(run: Run, index: int) -> None:
            kept = run.history[index]
            attempt = next(each for each in run.ledger.attempts if (each.client, each.post) == kept[1:])
            run.ledger.acknowledge(attempt, kept.id)
            run.history[index] = kept._replace(id=kept.id + 1)

        findings = self.broken(steps, seed, renumber)
        if findings is not None:
            self.assertEqual(len(findings.lost), 1)
