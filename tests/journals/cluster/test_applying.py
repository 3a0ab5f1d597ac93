"""Entries are carried out in the journal of a node."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from unittest.mock import patch

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from groupchat.interfaces.shared_log import ILogWatch, LogEntry
from groupchat.journals.cluster import applying
from groupchat.journals.cluster.applying import Applying, Received
from groupchat.journals.cluster.entries import entry_bytes, written
from groupchat.model.drafts import Draft, Kind, Operation
from groupchat.model.errors import CannotStart
from groupchat.model.node_operations import Applied, Check, InEntry, NodeDown, Place
from tests.journals.cluster.nodes import FailingJournal
from tests.journals.contract import ALICE, NOON


@implementer(ILogWatch)
class _Watch:
    """A watch that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.caught_up: Callable[[], object] = list

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")

    def delay(self) -> None:
        self.told.append("delay")

    def catch_up(self) -> None:
        if self.told[-1:] == ["delay"]:
            self.told.append("catch up")
            self.caught_up()

    def stop(self) -> None:
        self.told.append("stop")


def _entry(number: int, posts: int = 1, size: int = 1) -> LogEntry:
    text = written(Draft(Kind.SAID, ALICE, "alice", NOON, "lobby", "x" * size))
    return LogEntry(number, number * 10, entry_bytes("a1", 1, number, 1, [text] * posts))


class ApplyingTests(SynchronousTestCase):
    """A journal whose writes come to an end when the test says so."""

    def setUp(self) -> None:
        self.inner = FailingJournal()
        self.watch = _Watch()
        self.handed_on: list[int] = []
        self.ended: list[object] = []
        self.clock = Clock()
        self.applying = Applying(self.inner, self.clock, 1, self.note, self.ended.append, self.ended.append)
        self.applying.begin(Place("c", 7, 70, "ab" * 32), lambda: self.watch)
        self.sizes: list[int] = []
        append = self.inner.append

        self.carried_out: list[Sequence[Operation]] = []
        self.prepared: list[Sequence[Operation]] = []
        self.inner.prepare = self.prepared.append  # type: ignore[method-assign, assignment]

        def counting(operations: list[Operation]) -> object:
            self.sizes.append(len([one for one in operations if not isinstance(one, InEntry | Applied)]))
            self.carried_out.append(operations)
            return append(operations)

        self.inner.append = counting  # type: ignore[method-assign, assignment]

    def note(self, received: Received, outcomes: object) -> None:
        self.handed_on.append(received.number)

    def receive(self, first: int, last: int, posts: int = 1, size: int = 1) -> None:
        """Let entries come with so many posts each."""
        self.applying.receive([_entry(number, posts, size) for number in range(first, last + 1)])

    def write(self) -> None:
        """Let the transaction under way come to its end."""
        self.inner.waiting.pop(0).callback(None)

    def test_one_transaction_at_a_time(self) -> None:
        """What comes during one goes into the next, together, and not before that is at its end."""
        self.inner.slow = True
        self.receive(8, 8)
        self.receive(9, 12)
        self.assertEqual((self.sizes, self.handed_on, self.applying.head), ([1], [], 0))
        self.write()
        self.assertEqual((self.sizes, self.handed_on, self.applying.head), ([1, 4], [8], 1))
        self.write()
        self.assertEqual((self.sizes, self.handed_on, self.applying.head), ([1, 4], [8, 9, 10, 11, 12], 5))
        self.assertEqual(self.applying.place, self.successResultOf(self.inner.place()))

    def test_chain(self) -> None:
        """The chain is over everything in all entries: who has carried out another one in between has another chain."""
        self.receive(8, 9)
        chains = [self.applying.place.chain]
        expected = bytes.fromhex("ab" * 32)
        for number in (8, 9):
            expected = hashlib.sha256(expected + _entry(number).data).digest()
        self.assertEqual(chains, [expected.hex()])
        other = Applying(FailingJournal(), self.clock, 1, self.note, self.ended.append, self.ended.append)
        other.begin(Place("c", 7, 70, "ab" * 32), _Watch)
        other.receive([_entry(8, size=2), _entry(9)])
        self.assertEqual((other.place.number, other.place.chain == chains[0]), (9, False))

    def test_size_of_a_transaction(self) -> None:
        """People wait for no more than AT_ONCE operations, unless one entry has more, or very many wait."""
        self.inner.slow = True
        self.receive(8, 8)
        self.receive(9, 20, posts=100)
        self.receive(21, 21, posts=800)
        for _ in range(5):
            self.write()
        self.assertEqual(self.sizes, [1, 500, 500, 200, 800])
        self.receive(22, 22)
        self.receive(23, 23 + applying.AT_ONCE + 1, posts=10)
        self.write()
        self.assertEqual(self.sizes[-2:], [1, applying.AT_ONCE_BEHIND])

    def test_back_pressure(self) -> None:
        """When much waits no more is read, until half of it is carried out."""
        self.inner.slow = True
        self.receive(8, 8)
        self.receive(9, 8 + applying.MOST_WAITING)
        self.assertEqual(self.watch.told, [])
        self.receive(9 + applying.MOST_WAITING, 12 + applying.MOST_WAITING)
        self.assertEqual(self.watch.told, ["pause"])
        while self.inner.waiting:
            self.write()
        self.assertEqual(self.watch.told, ["pause", "resume"])
        self.assertEqual(self.handed_on, list(range(8, 13 + applying.MOST_WAITING)))

    def test_back_pressure_by_bytes(self) -> None:
        """So it is with few entries that are long."""
        self.inner.slow = True
        self.receive(8, 8)
        for number in range(9, 100):
            self.receive(number, number, size=250_000)
            if self.watch.told:
                break
        self.assertLess(number, 80)
        while self.inner.waiting:
            self.write()
        self.assertEqual(self.watch.told, ["pause", "resume"])

    def test_reached(self) -> None:
        """Whoever waits for a place is told when it is handed on, or that it never will be."""
        self.inner.slow = True
        self.successResultOf(self.applying.reached(7))
        self.successResultOf(self.applying.reached(revision=70))
        by_number, by_revision = self.applying.reached(9), self.applying.reached(revision=85)
        never = self.applying.reached(100)
        self.receive(8, 8)
        self.write()
        self.assertNoResult(by_number)
        self.receive(9, 9)
        self.write()
        self.successResultOf(by_number)
        self.successResultOf(by_revision)
        self.applying.stop(CannotStart("It is over."))
        self.failureResultOf(never, CannotStart)
        self.failureResultOf(self.applying.reached(9), CannotStart)
        self.assertEqual([str(one) for one in self.ended], ["It is over."])

    def test_appended(self) -> None:
        """What this node has appended is carried out before the watch shows it, and once."""
        self.applying.take_appended(_entry(8))
        self.applying.take_appended(_entry(9))
        self.assertEqual((self.handed_on, self.applying.known), ([8, 9], 9))
        self.receive(8, 8)
        self.applying.take_appended(_entry(10))
        self.receive(9, 12)
        self.assertEqual((self.handed_on, self.sizes, self.ended), ([8, 9, 10, 11, 12], [1, 1, 1, 2], []))

    def test_appended_behind_others(self) -> None:
        """While something before it is not read, what was appended waits for the watch; what was read is not new."""
        self.applying.take_appended(_entry(9))
        self.assertEqual(self.handed_on, [])
        self.receive(8, 9)
        self.applying.take_appended(_entry(9))
        self.assertEqual((self.handed_on, self.ended), ([8, 9], []))
        self.receive(10, 10)
        self.assertEqual((self.handed_on, self.ended), ([8, 9, 10], []))

    def test_appending(self) -> None:
        """While something is appended and carried out here, the watch can wait; it is read once, and beforehand."""
        self.inner.slow = True
        self.applying.expect(_entry(8).data, 1)
        self.assertEqual(self.watch.told, ["delay"])
        with patch.object(applying, "read_entry", side_effect=AssertionError):
            self.applying.take_appended(_entry(8))
        self.assertEqual(self.watch.told, ["delay"])
        self.write()
        self.assertEqual((self.handed_on, self.watch.told), ([8], ["delay", "catch up"]))

    def test_appending_behind_others(self) -> None:
        """What stands before something that was appended is waited for no longer than it takes to read it."""
        self.applying.expect(_entry(9).data, 1)
        self.watch.caught_up = lambda: self.receive(8, 8)
        self.applying.take_appended(_entry(9))
        self.assertEqual((self.handed_on, self.watch.told), ([8, 9], ["delay", "catch up"]))
        self.receive(9, 10)
        self.assertEqual((self.handed_on, self.ended), ([8, 9, 10], []))

    def test_appending_in_turn(self) -> None:
        """While the next entry is on its way the watch goes on waiting, when the one before is carried out."""
        self.inner.slow = True
        self.applying.expect(_entry(8).data, 1)
        self.applying.take_appended(_entry(8))
        self.applying.expect(_entry(9).data, 1)
        self.write()
        self.assertEqual((self.handed_on, self.watch.told), ([8], ["delay", "delay"]))
        self.applying.take_appended(_entry(9))
        self.write()
        self.assertEqual((self.handed_on, self.watch.told), ([8, 9], ["delay", "delay", "catch up"]))

    def test_prepared(self) -> None:
        """The journal is told what it will probably carry out next, while the log's servers are at work."""
        for number in (8, 9):
            self.applying.expect(_entry(number).data, 1)
            self.assertEqual(len(self.prepared), number - 7)
            self.applying.take_appended(_entry(number))
            self.assertIs(self.prepared[-1][0], self.carried_out[-1][0], "these same objects")
        self.assertEqual(self.handed_on, [8, 9])

    def test_prepared_for_nothing(self) -> None:
        """After another node's entry came first, it is told nothing for a while; then again."""
        self.applying.expect(_entry(9).data, 1)
        self.receive(8, 8)
        self.applying.take_appended(_entry(9))
        self.assertEqual((self.handed_on, len(self.prepared)), ([8, 9], 1))
        for number in range(10, 10 + applying.OTHERS_SPOKE):
            self.applying.expect(_entry(number).data, 1)
            self.applying.take_appended(_entry(number))
        self.assertEqual(len(self.prepared), 1)
        self.applying.expect(_entry(20).data, 1)
        self.assertEqual(len(self.prepared), 2)

    def test_not_next(self) -> None:
        """It is told nothing while other entries wait, are carried out, or must wait."""
        self.inner.slow = True
        self.receive(8, 8)
        self.receive(9, 9)
        self.applying.expect(_entry(10).data, 1)
        self.write()
        self.applying.expect(_entry(10).data, 1)
        self.write()
        self.applying.hold()
        self.applying.expect(_entry(10).data, 1)
        self.assertEqual(self.prepared, [])
        self.applying.go_on()
        self.applying.expect(_entry(10).data, 1)
        self.assertEqual(len(self.prepared), 1)

    def test_appending_what_cannot_be_read(self) -> None:
        """An entry that names an epoch that had not begun is judged by where it stands, also at the node it is of."""
        later = entry_bytes("a1", 5, 1, 1, [written(NodeDown("b1", 75))])
        self.applying.expect(later, 5)
        self.applying.take_appended(LogEntry(8, 80, later))
        self.assertEqual((self.handed_on, self.ended), ([8], []))
        never = entry_bytes("a1", 5, 2, 1, [written(NodeDown("b1", 95))])
        self.applying.expect(never, 5)
        self.applying.take_appended(LogEntry(9, 90, never))
        self.assertEqual((self.handed_on, len(self.ended)), ([8], 1))

    def test_appended_while_the_watch_is_silent(self) -> None:
        """No more is carried out ahead of the watch than may wait."""
        for number in range(8, 10 + applying.MOST_WAITING):
            self.applying.take_appended(_entry(number))
        self.assertEqual(self.applying.known, 7 + applying.MOST_WAITING)
        self.receive(8, 10 + applying.MOST_WAITING)
        self.assertEqual(self.handed_on, list(range(8, 11 + applying.MOST_WAITING)))

    def test_another_log_than_was_appended_to(self) -> None:
        """If the watch shows something else than was appended, nothing more is carried out."""
        self.applying.take_appended(_entry(8))
        self.applying.receive([replace(_entry(8), revision=81), _entry(9)])
        self.assertEqual(self.handed_on, [8])
        self.assertEqual([str(one) for one in self.ended], ["The log is another one than before, from entry 8 on."])
        self.applying.take_appended(_entry(9))
        self.assertEqual((self.handed_on, self.watch.told), ([8], ["stop", "stop"]))

    def test_held(self) -> None:
        """While it is held, entries wait."""
        self.applying.hold()
        self.receive(8, 9)
        self.assertEqual(self.handed_on, [])
        self.clock.advance(3)
        self.assertEqual(self.applying.lag, 3)
        self.applying.go_on()
        self.assertEqual((self.handed_on, self.applying.lag), ([8, 9], 0))

    def test_lag_while_much_is_going_on(self) -> None:
        """A node that keeps up is not late, however long it has had something to do without a pause."""
        self.inner.slow = True
        self.receive(8, 8)
        for number in range(9, 29):
            self.clock.advance(0.5)
            self.receive(number, number)
            self.write()
            self.assertLessEqual(self.applying.lag, 0.5)
        self.receive(29, 40 + applying.MOST_WAITING, posts=9)
        for late in (1.0, 2.0):
            self.clock.advance(1)
            self.write()
            self.assertGreaterEqual(self.applying.lag, late)

    def test_told_something_as_an_entry_is_handed_on(self) -> None:
        """What comes then begins no transaction before all of this one are handed on."""
        begin = Place("c", 7, 70, "ab" * 32)
        alone = Applying(FailingJournal(), self.clock, 1, lambda *told: None, self.ended.append, self.ended.append)
        alone.begin(begin, _Watch)
        alone.receive([_entry(number) for number in range(8, 12)])

        def receiving(received: Received, outcomes: object) -> None:
            self.note(received, outcomes)
            if received.number == 8:
                self.receive(11, 11)

        self.applying = Applying(self.inner, self.clock, 1, receiving, self.ended.append, self.ended.append)
        self.applying.begin(begin, lambda: self.watch)
        self.receive(8, 10)
        self.assertEqual((self.sizes, self.handed_on), ([3, 1], [8, 9, 10, 11]))
        self.assertEqual((self.applying.place, self.successResultOf(self.inner.place())), (alone.place, alone.place))

    def test_ended_by_whoever_waits(self) -> None:
        """Everybody who waits for a place that is reached is told so, also if the first of them ends everything."""
        first, second, never = self.applying.reached(8), self.applying.reached(8), self.applying.reached(9)
        first.addCallback(lambda _: self.applying.stop(CannotStart("It is over.")))
        self.receive(8, 8)
        self.successResultOf(first)
        self.successResultOf(second)
        self.failureResultOf(never, CannotStart)

    def test_fault_in_a_transaction(self) -> None:
        """An error that nobody knows is one of the journal: nothing more is carried out."""
        self.inner.error = ZeroDivisionError()
        self.receive(8, 9)
        self.assertEqual(len(self.ended), 1)
        self.inner.error = None
        self.receive(10, 10)
        self.assertEqual((self.handed_on, len(self.ended)), ([], 1))

    def test_checks_are_operations(self) -> None:
        """A check that is not the first entry of a log is carried out like everything else."""
        data = entry_bytes("a1", 1, 1, 1, [written(Check(1, 9, 0, "x", "y"))])
        self.applying.receive([LogEntry(8, 80, data)])
        self.assertEqual((self.handed_on, self.ended), ([8], []))
        self.assertEqual(self.applying.place, replace(self.applying.place, number=8, revision=80))
