"""What the tests of a cluster share: nodes in one process, on one log and one clock."""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer, provider

from groupchat.interfaces.storage import IMarkable, IReplica
from groupchat.journals.cluster.cluster_journal import ClusterJournal
from groupchat.journals.logs.memory_log import MemoryLog, SharedLog
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Operation, Outcome, StoredPost
from groupchat.model.errors import CannotStart, JournalUnavailable
from groupchat.model.node_operations import Presence
from tests.journals.contract import LOBBY


@implementer(IMarkable)
class FailingJournal(MemoryJournal):
    """A journal in memory whose disk is full, or fails, as long as ``error`` says so; or that waits while ``slow``."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None
        self.slow = False
        self.waiting: list[Deferred[Any]] = []
        self.closed = False
        self.marked = ""

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        """Carry out everything, or fail."""
        if self.error is not None:
            return Deferred[list[Outcome]]().addCallback(lambda _: []) if self.slow else _failed(self.error)
        answer = super().append(operations)
        if not self.slow:
            return answer
        outcomes: list[Outcome] = []
        answer.addCallback(outcomes.extend)
        later: Deferred[list[Outcome]] = Deferred()
        later.addCallback(lambda _: outcomes)
        self.waiting.append(later)
        return later

    def mark_failed(self, what: str) -> None:
        """Note what the next start is to say."""
        self.marked = what

    def close(self) -> "Deferred[None]":
        """Note that it is closed."""
        self.closed = True
        return super().close()


def _failed(error: Exception) -> "Deferred[list[Outcome]]":
    answer: Deferred[list[Outcome]] = Deferred()
    answer.errback(Failure(error))
    return answer


class Node:
    """A node, and what its hall would be told."""

    def __init__(self, case: "ClusterCase", name: str, inner: IReplica, **more: Any) -> None:
        self.case = case
        self.name = name
        self.inner = inner
        self.log = MemoryLog(case.shared)
        self.journal = ClusterJournal(self.log, inner, name, case.clock, **more)
        self.received: list[Operation] = []
        self.heads: list[tuple[int, int]] = []
        """For each post that was handed out, its number and the head then."""
        self.happened: list[str] = []
        self.failures: list[Failure] = []
        self.journal.on_fenced = lambda: self.happened.append("fenced")
        self.journal.on_begun = lambda epoch: self.happened.append("begun")
        self.journal.on_broken = self.failures.append

    def receive(self, operations: Sequence[Operation], outcomes: Sequence[Outcome]) -> None:
        """Note what another node did."""
        self.received += operations
        self._note(outcomes)

    def _note(self, outcomes: Sequence[Outcome]) -> None:
        self.heads += [(one.event.id, self.journal.head) for one in outcomes if isinstance(one, StoredPost)]

    def start(self) -> "Deferred[None]":
        """Start; nothing is received yet."""
        return self.journal.start()

    def open(self) -> None:
        """Receive from now on."""
        self.journal.on_received = self.receive

    def post(self, *operations: Operation) -> "Waiting":
        """Append."""
        waiting = Waiting(self.journal.append(operations))
        waiting.when_done = self._note
        return waiting

    @property
    def texts(self) -> list[str]:
        """What stands in the lobby here."""
        posts = self.case.successResultOf(self.inner.page(LOBBY, 0, 10**6, 10**6))
        return [getattr(post.event, "text", "deleted") for post in posts]

    @property
    def presences(self) -> list[Presence]:
        """Who is here."""
        return self.case.successResultOf(self.inner.presences())


class Waiting:
    """An append that may not be answered yet: ``outcomes`` or ``error``, and both are None until then."""

    def __init__(self, answer: "Deferred[list[Outcome]]") -> None:
        self.outcomes: list[Outcome] | None = None
        self.error: BaseException | None = None
        self.when_done: Callable[[Sequence[Outcome]], None] = lambda outcomes: None
        answer.addCallbacks(self._done, self._failed)

    def _done(self, outcomes: list[Outcome]) -> None:
        self.outcomes = outcomes
        self.when_done(outcomes)

    def _failed(self, failure: Failure) -> None:
        self.error = failure.value

    @property
    def ids(self) -> list[int]:
        """The numbers of the posts."""
        assert self.outcomes is not None, self.error
        return [one.event.id for one in self.outcomes if isinstance(one, StoredPost)]


class ClusterCase(SynchronousTestCase):
    """Nodes on one log."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.shared = SharedLog(self.clock)
        self.nodes: list[Node] = []
        self.addCleanup(self.close)

    def close(self) -> None:
        """Close every node, and see that nothing is left for the clock to call."""
        for node in self.nodes:
            node.log.delay = 0.0
        closing = [node.journal.close() for node in self.nodes]
        self.pass_time(0.5)
        for closed in closing:
            self.successResultOf(closed)
        self.shared.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def pass_time(self, seconds: float = 1.0) -> None:
        """Let time pass, in small steps."""
        steps = max(1, round(seconds / 0.1))
        for _ in range(steps):
            self.clock.advance(seconds / steps)

    def node(self, name: str = "a1", inner: IReplica | None = None, **more: Any) -> Node:
        """Make a node that has not started."""
        node = Node(self, name, MemoryJournal() if inner is None else inner, **more)
        self.nodes.append(node)
        return node

    def logged(self, words: str) -> list[str]:
        """Return a list of what is logged from now on with these words in it."""
        told: list[str] = []

        @provider(ILogObserver)
        def note(event: LogEvent) -> None:
            if words in (formatEvent(event) or ""):
                told.append(formatEvent(event))

        globalLogPublisher.addObserver(note)
        self.addCleanup(globalLogPublisher.removeObserver, note)
        return told

    def started(self, name: str = "a1", inner: IReplica | None = None, **more: Any) -> Node:
        """Make a node that runs."""
        node = self.node(name, inner, **more)
        starting = node.start()
        self.pass_time()
        self.successResultOf(starting)
        node.open()
        self.pass_time(0.1)
        return node

    def refused(self, node: Node) -> str:
        """Start a node that cannot; give the reason."""
        starting = node.start()
        self.pass_time(12)
        return str(self.failureResultOf(starting, CannotStart).value)

    def assert_refused(self, waiting: Waiting, words: str) -> None:
        """See that an append failed, in these words."""
        self.assertIsInstance(waiting.error, JournalUnavailable)
        self.assertIn(words, str(waiting.error))
