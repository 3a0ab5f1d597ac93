"""The shared log in memory, and the faults it can be given."""

from typing import Any

from twisted.internet import reactor as the_reactor
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.interfaces.shared_log import (
    LEASE_S,
    Appended,
    Begun,
    Closed,
    Fenced,
    ForeignLog,
    ILog,
    LiveNode,
    LogEntry,
)
from groupchat.journals.logs.memory_log import BATCH, MemoryLog, SharedLog
from groupchat.journals.logs.memory_way import ATTEMPT_S
from groupchat.model.errors import CannotStart
from tests.journals.logs.log_contract import LogContract

reactor: Any = the_reactor


class MemoryLogContract(LogContract):
    """It keeps the contract."""

    __test__ = True

    def setUp(self) -> None:
        self.shared = SharedLog(reactor)
        self.addCleanup(self.shared.close)

    def make(self) -> ILog:
        return MemoryLog(self.shared)

    def expire(self, node: str) -> "Deferred[None]":
        self.shared.expire(node)
        return succeed(None)

    def killed(self, node: str) -> "Deferred[int]":
        return succeed(self.shared.claim(node, b"{}").epoch)


class MemoryLogTests(SynchronousTestCase):
    """Faults happen as they are asked for."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.shared = SharedLog(self.clock)
        self.log = MemoryLog(self.shared)
        self.begun = self.begin(self.log, "a1")
        self.entries: list[LogEntry] = []
        self.errors: list[Exception] = []
        self.log.watch(0, self.entries.extend, lambda failure: self.errors.append(failure.value))  # type: ignore[arg-type]

    def begin(self, log: MemoryLog, node: str) -> Begun:
        """Begin where nothing hinders it."""
        begun = log.begin(node, b"{}")
        self.clock.advance(0)
        return self.successResultOf(begun)

    def pass_time(self, seconds: float) -> None:
        """Let time pass in small steps."""
        self.clock.pump([0.25] * round(4 * seconds))

    def test_needs_the_clock(self) -> None:
        """Nothing happens within a call."""
        appended = self.log.append(b"1")
        self.assertNoResult(appended)
        self.assertEqual(self.entries, [])
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(appended), Appended(1, self.entries[0].revision))

    def test_delay(self) -> None:
        """Requests, answers and deliveries take their time; others see an entry before who waits for its answer."""
        other = MemoryLog(self.shared)
        self.begin(other, "b1")
        seen: list[LogEntry] = []
        other.watch(0, seen.extend, lambda failure: None)
        self.clock.advance(0)
        self.log.delay = 0.5
        appended = self.log.append(b"1")
        self.clock.advance(0.25)
        self.assertEqual(seen, [])
        self.pass_time(0.25)
        self.assertEqual(len(seen), 1)
        self.assertNoResult(appended)
        self.assertEqual(self.entries, [])
        self.pass_time(0.5)
        self.successResultOf(appended)
        self.assertEqual(self.entries, seen)

    def test_lost_answer(self) -> None:
        """An append whose answer is lost is repeated, and is in once."""
        self.log.lose_answers = 2
        appended = self.log.append(b"1")
        self.clock.advance(0)
        self.assertNoResult(appended)
        self.assertEqual(len(self.entries), 1)
        self.pass_time(2 * ATTEMPT_S)
        self.assertEqual(self.successResultOf(appended), Appended(1, self.entries[0].revision))
        self.assertEqual(self.shared.head, 1)

    def test_lost_answer_then_lost_lease(self) -> None:
        """If the lease ends as well the entry may be in: up to the revision that is told."""
        self.log.lose_answers = 1
        appended = self.log.append(b"1")
        self.clock.advance(0)
        self.shared.expire("a1")
        self.pass_time(ATTEMPT_S)
        fenced = self.failureResultOf(appended, Fenced).value
        self.assertEqual([entry.data for entry in self.entries], [b"1"])
        self.assertEqual(fenced.revision, self.entries[0].revision)

    def test_lost_answer_to_begin(self) -> None:
        """A node whose answer to the beginning is lost has its place all the same."""
        other = MemoryLog(self.shared)
        other.lose_answers = 1
        begun = other.begin("b1", b"{}")
        self.clock.advance(0)
        self.assertNoResult(begun)
        self.pass_time(ATTEMPT_S)
        self.successResultOf(begun)

    def test_cut(self) -> None:
        """While a node is cut off nothing passes; then it goes on, and has missed nothing."""
        other = MemoryLog(self.shared)
        self.begin(other, "b1")
        self.log.cut = True
        appended = self.log.append(b"1")
        theirs = other.append(b"2")
        self.pass_time(3)
        self.assertNoResult(appended)
        self.successResultOf(theirs)
        self.assertEqual(self.entries, [])
        self.assertIn("cannot be reached", self.log.trouble())
        self.assertGreaterEqual(self.log.lease_age(), 2.0)
        self.log.cut = False
        self.pass_time(ATTEMPT_S)
        self.assertEqual([entry.data for entry in self.entries], [b"2", b"1"])
        self.successResultOf(appended)
        self.assertEqual(self.log.trouble(), "")

    def test_cut_past_the_lease(self) -> None:
        """A node that is cut off for longer than its lease is fenced, and others see that it is gone."""
        other = MemoryLog(self.shared)
        two = self.begin(other, "b1")
        told: list[dict[str, LiveNode]] = []
        other.watch_live(lambda nodes: told.append(dict(nodes)))
        self.log.cut = True
        appended = self.log.append(b"1")
        self.pass_time(LEASE_S)
        self.assertEqual(told[-1], {"b1": LiveNode(two.epoch, b"{}")})
        self.log.cut = False
        self.pass_time(ATTEMPT_S)
        self.failureResultOf(appended, Fenced)
        self.assertEqual(self.entries, [])
        self.assertGreater(self.begin(self.log, "a1").epoch, self.begun.epoch)

    def test_renewed(self) -> None:
        """A node that is reached stays for as long as it likes."""
        self.pass_time(5 * LEASE_S)
        self.assertEqual(set(self.shared.leases), {"a1"})

    def test_no_quorum(self) -> None:
        """While most servers are away nothing is written and no lease ends; then each has its whole time."""
        self.shared.has_quorum = False
        appended = self.log.append(b"1")
        self.pass_time(3 * LEASE_S)
        self.assertNoResult(appended)
        self.assertIn("servers of the log are away", self.log.trouble())
        self.shared.has_quorum = True
        self.pass_time(ATTEMPT_S)
        self.successResultOf(appended)
        self.assertEqual(len(self.entries), 1)

    def test_full(self) -> None:
        """A full log takes nothing until it is compacted; then what waited gets in."""
        self.shared.quota = 15
        for text in (b"123456", b"123456"):
            self.successResultOf(self.advanced(self.log.append(text)))
        appended = self.advanced(self.log.append(b"7890ab"))
        self.pass_time(3)
        self.assertNoResult(appended)
        self.assertIn("no space", self.log.trouble())
        self.assertTrue(self.successResultOf(self.advanced(self.log.space())).is_full)
        self.successResultOf(self.advanced(self.log.compact(self.shared.newest)))
        self.pass_time(ATTEMPT_S)
        self.assertEqual(self.successResultOf(appended).number, 3)
        self.assertEqual(len(self.entries), 3)

    def test_another_log(self) -> None:
        """A node that finds another log where its own was stops reading, and cannot begin."""
        self.log.move(SharedLog(self.clock))
        self.clock.advance(0)
        self.assertIsInstance(self.errors[0], ForeignLog)
        self.failureResultOf(self.advanced(self.log.begin("a1", b"{}")), ForeignLog)

    def test_late_in_another_log(self) -> None:
        """What was on its way gets into no other log, also when its node has the same epoch there."""
        anew = SharedLog(self.clock)
        anew.revision = self.begun.epoch - 1
        other = MemoryLog(anew)
        self.addCleanup(anew.close)
        begun = self.successResultOf(self.advanced(other.begin("a1", b"{}")))
        self.assertEqual(begun.epoch, self.begun.epoch)
        self.log.cut = True
        late = self.log.append(b"late")
        self.log.move(anew)
        self.log.cut = False
        self.pass_time(ATTEMPT_S)
        self.failureResultOf(late, Fenced)
        self.assertEqual(anew.entries, [])
        self.assertEqual(self.successResultOf(self.advanced(other.append(b"own"))).number, 1)
        self.successResultOf(self.advanced(other.close()))

    def test_older_copy(self) -> None:
        """A log that ends before the place that was read is another one."""
        self.log.watch(99, self.entries.extend, lambda failure: self.errors.append(failure.value))  # type: ignore[arg-type]
        self.clock.advance(0)
        self.assertIsInstance(self.errors[0], ForeignLog)

    def test_batches(self) -> None:
        """A long log comes in pieces."""
        for n in range(BATCH + 1):
            self.shared.append("a1", self.shared.leases["a1"].mark, n + 1, b"x")
        sizes: list[int] = []
        self.log.watch(0, lambda entries: sizes.append(len(entries)), lambda failure: None)
        self.clock.advance(0)
        self.assertEqual(sizes, [BATCH, 1])

    def test_twice(self) -> None:
        """Who uses the name of a living node is refused as soon as that one has renewed its lease."""
        other = MemoryLog(self.shared)
        refused = other.begin("a1", b"{}")
        self.pass_time(4)
        self.failureResultOf(refused, CannotStart)

    def test_not_told_while_beginning(self) -> None:
        """A node that begins anew is not told that it is missing meanwhile."""
        told: list[dict[str, LiveNode]] = []
        self.log.watch_live(lambda nodes: told.append(dict(nodes)))
        self.clock.advance(0)
        self.log.delay = 0.5
        begun = self.log.begin("a1", b"new")
        self.pass_time(2)
        epoch = self.successResultOf(begun).epoch
        self.assertEqual(told, [{"a1": LiveNode(self.begun.epoch, b"{}")}, {"a1": LiveNode(epoch, b"new")}])

    def test_closed_under_way(self) -> None:
        """What is under way when the log is closed fails; nothing is left to be called."""
        self.log.cut = True
        appended = self.log.append(b"1")
        self.pass_time(2)
        closed = self.log.close()
        self.failureResultOf(appended, Closed)
        self.clock.advance(0)
        self.successResultOf(closed)
        self.shared.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def advanced(self, result: "Deferred[Any]") -> "Deferred[Any]":
        """Let what was asked happen."""
        self.clock.advance(0)
        return result
