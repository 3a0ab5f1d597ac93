"""The queue before the journal of a cluster, which takes no more at a time than it carries out together."""

from collections.abc import Sequence
from dataclasses import replace

from groupchat.config.settings import Settings
from groupchat.delivery.commits import Commits
from groupchat.delivery.queue import Mark, Notice, Posting, Queued, Receipt
from groupchat.model.drafts import Outcome, StoredPost, StoredSession
from groupchat.model.errors import JournalUnavailable, Refusal
from groupchat.model.events import Announced, AuthorId
from tests.journals.cluster.nodes import ClusterCase, FailingJournal, Node
from tests.journals.contract import NOON, said


class FittingTests(ClusterCase):
    """A node of a cluster, with more to store than an entry holds."""

    def setUp(self) -> None:
        super().setUp()
        self.a, self.b = self.started("a1"), self.started("b1")
        self.batches: list[tuple[Sequence[Queued], list[int]]] = []
        self.commits = Commits(
            self.a.journal, Settings(), self.clock, self.deliver, lambda failure: None, lambda do: do()
        )

    def deliver(self, batch: Sequence[Queued], outcomes: Sequence[Outcome] | Refusal) -> None:
        assert not isinstance(outcomes, Refusal), outcomes
        self.batches.append((batch, [one.event.id for one in outcomes if isinstance(one, StoredPost)]))

    def refusal(self, node: Node) -> str:
        """Return how posts are refused when one has waited at this node for too long."""
        settings = replace(Settings(), commit_refuse_s=5.0)
        commits = Commits(
            node.journal, settings, self.clock, lambda batch, outcome: None, lambda failure: None, lambda do: do()
        )
        commits.post(Posting(said("waits"), Receipt()))
        self.pass_time(6)
        commits.sweep()
        return str(commits.refusal)

    def test_watch_that_is_silent(self) -> None:
        """When an entry was appended, and nothing is heard of those before it, that is not for want of the disk."""
        watch = self.a.journal._applying._watch
        assert watch is not None
        watch.pause()
        self.b.post(said("before"))
        self.pass_time(1)
        self.assertEqual(self.refusal(self.a), JournalUnavailable.UNSTORED)
        watch.resume()
        self.pass_time(1)

    def test_append_on_its_way(self) -> None:
        """While an append is on its way it is the log that does not answer, also when that has told no trouble."""
        self.a.log.delay = 60.0
        self.assertEqual(self.refusal(self.a), JournalUnavailable.UNSTORED)
        self.assertEqual(self.a.journal.standing().trouble, "")
        self.a.log.delay = 0.0
        self.pass_time(60)

    def test_what_does_not_answer(self) -> None:
        """When nothing answers, people are told of the disk of this node, but not what is wrong with the cluster."""
        self.a.log.cut = True
        self.assertEqual(self.refusal(self.a), JournalUnavailable.UNSTORED)
        disk = FailingJournal()
        c = self.started("c1", disk)
        disk.slow = True
        self.assertIn("The disk does not answer.", self.refusal(c))
        disk.slow = False
        for waiting in disk.waiting:
            waiting.callback([])
        self.a.log.cut = False
        self.pass_time(2)

    def post(self, count: int, size: int = 1) -> list[Queued]:
        """Queue some posts, with a notice behind each; the first is on its way alone."""
        items: list[Queued] = []
        for number in range(count):
            items += [Posting(said(f"{number} " + "x" * size), Receipt()), Notice(Announced("x", NOON), None)]
        for item in items:
            self.commits.post(item)
        return items

    def test_entries_of_others_come_between(self) -> None:
        """Each batch is one entry; numbers rise in the order of the deliveries, and nothing is left or doubled."""
        items = self.post(200, 3000)
        for _ in range(10):
            self.b.post(said("between"))
            self.pass_time(0.1)
        self.pass_time(3)
        ids = [id for _, ids in self.batches for id in ids]
        self.assertEqual([item for batch, _ in self.batches for item in batch], items)
        self.assertEqual((len(ids), ids), (200, sorted(ids)))
        self.assertGreater(len(self.batches), 3)
        self.assertEqual((len(self.a.texts), self.a.texts), (210, self.b.texts))

    def test_what_is_kept(self) -> None:
        """So it is with what is kept of connections; a mark is passed when everything before it is on disk."""
        self.post(1)
        for author in range(1, 1501):
            self.commits.save(StoredSession(AuthorId(author), f"{author:064}", "x" * 200, (), 0, NOON))
        mark = Mark(Receipt())
        kept: list[bool] = []
        self.commits.post(mark)
        posted = self.post(1)
        for _ in range(50):
            if not any(mark in batch for batch, _ in self.batches):
                self.pass_time(0.1)
        for author in range(1, 1501):
            kept.append(self.successResultOf(self.b.inner.recall(f"{author:064}")) is not None)
        self.assertEqual(kept, [True] * 1500)
        self.pass_time(2)
        self.assertEqual([item for batch, _ in self.batches for item in batch][-3:], [mark, *posted])
        self.assertEqual(self.successResultOf(self.commits.when_idle()), None)
