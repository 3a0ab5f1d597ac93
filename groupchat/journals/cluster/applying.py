"""Carry out the entries of the log, in its order, in the journal of this node.

The states:

::

    Held ── the hall is open ──→ Running ←── there is room ──── Waiting
                                    │ ──── the disk is full ──────→
    any ── an entry cannot be read, or is missing ──→ Stopped

Rules:

1. Entries are carried out in the order of their numbers, each once; one transaction at a time, which has all
   operations of one or several entries, and the place that is reached with them.
2. A refusal of this node's disk is no outcome of an operation: the same entries are tried again until there is room.
3. What cannot be read is never skipped.  Stopped is never left: what follows depends on what is missing.
4. What this node has appended it knows by the answer to that, and need not wait until the watch shows it, if it has
   read everything before it.  What the watch shows then must be the same.
5. An entry is handed on when it is on disk here, and ``head`` rises with the entries that are handed on.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.interfaces.shared_log import ILogWatch, LogEntry
from groupchat.interfaces.storage import IReplica
from groupchat.journals.cluster.entries import Entry, Unreadable, read_entry
from groupchat.lazy.records import record
from groupchat.model.drafts import Operation, Outcome, SessionAt, StoredPost, StoredSession
from groupchat.model.errors import CannotStart, JournalUnavailable
from groupchat.model.node_operations import Applied, Check, Checked, InEntry, Place, Rules

T = TypeVar("T")

AT_ONCE = 500
"""The most operations that are carried out in one transaction while people wait for what comes behind them, unless one
entry has more."""

AT_ONCE_BEHIND = 4000
"""The same while nobody does."""

MOST_WAITING = 2000
"""Entries that wait here after which no more are read from the log, until half of them are carried out."""

MOST_BYTES = 16 * 2**20
"""The same in bytes."""

OTHERS_SPOKE = 8
"""Own entries that the journal does not prepare for after one before which another node's entry stood: while several
nodes are busy, what was prepared would mostly have to be undone."""

RETRY_S = 1.0
"""Seconds until something is tried again that this node's disk did not take."""


@record
class Received:
    """An entry that is in the log: its place there, its operations, and its bytes."""

    number: int
    revision: int
    entry: Entry
    data: bytes


@record
class _Prepared:
    """An entry that will probably have this number, and the operations that it then is."""

    entry: Entry
    number: int
    operations: Sequence[Operation]


class Applying:
    """Carries out entries.

    :param handed_on: called with each entry and the outcomes of its operations, once it is on disk.
    :param stopped: called, once, when entries can no longer be carried out; with CannotStart, whose words say why, and
        which is logged there.
    :param broken: called, once, when the journal can no longer be trusted.

    ``place``: how far the log is carried out; of a journal that has not joined it, number 0.
    ``known``: the number of the newest entry that was read.
    ``head``: the highest number of a post that was handed on.
    ``trouble``: why nothing is carried out just now, as a sentence; empty: all is well.
    """

    log = Logger()

    def __init__(
        self,
        inner: IReplica,
        clock: IReactorTime,
        rules: int,
        handed_on: Callable[[Received, Sequence[Outcome]], None],
        stopped: Callable[[CannotStart], None],
        broken: Callable[[Failure], None],
    ) -> None:
        self._inner = inner
        self._clock = clock
        self._rules = rules
        self._handed_on = handed_on
        self._told_stopped = stopped
        self._told_broken = broken
        self._waiting: deque[Received] = deque()
        self._bytes = 0
        self._since = 0.0
        self._watch: ILogWatch | None = None
        self._ahead: deque[tuple[int, int]] = deque()
        """The numbers and revisions of entries that are known already, and will still be shown by the watch."""
        self._expected: tuple[bytes, Entry] | None = None
        """An entry that is being appended, as it is in the log and as it is read."""
        self._prepared: _Prepared | None = None
        """What the journal was asked to prepare for."""
        self._unprepared = 0
        """So many more are not prepared for."""
        self._is_paused = False
        self._is_busy = False
        self._is_held = False
        self._retry: IDelayedCall | None = None
        self._end: Failure | None = None
        self._reached: list[tuple[Callable[[Place], bool], Deferred[Any]]] = []
        self._is_between = True
        """Whether nothing is on disk that is not handed on, nor about to be."""
        self._resting: list[Deferred[None]] = []
        self._idle: Deferred[None] | None = None
        self.place = Place("", 0, 0, "")
        self.known = 0
        self.head = inner.head
        self.trouble = ""

    @property
    def lag(self) -> float:
        """The seconds since everything that was read was carried out, or about to be; 0 when nothing waits."""
        return self._clock.seconds() - self._since if self._waiting or self._is_busy else 0.0

    def begin(self, place: Place, watch: Callable[[], ILogWatch]) -> None:
        """Go on from this place.  :param watch: begins the watch that calls ``receive``."""
        self.place = place
        self.known = place.number
        self._watch = watch()

    def hold(self) -> "Deferred[None]":
        """Carry out nothing until ``go_on``; return a Deferred that fires when everything on disk is handed on."""
        self._is_held = True
        if self._is_between:
            return succeed(None)
        resting: Deferred[None] = Deferred()
        self._resting.append(resting)
        return resting

    def go_on(self) -> None:
        """Carry out what waits, and what comes."""
        self._is_held = False
        self._carry_on()

    def reached(self, number: int = 0, revision: int = 0) -> "Deferred[None]":
        """Return a Deferred that fires when an entry with this number or revision is handed on, or a later one.

        It fails with CannotStart or JournalBroken when that can no longer be.
        """

        def is_there(place: Place) -> bool:
            return place.number >= number and place.revision >= revision

        if self._end is not None:
            return fail(self._end)
        if is_there(self.place):
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._reached.append((is_there, waiting))
        return waiting

    def unless_ended(self, doing: "Deferred[T]") -> "Deferred[T]":
        """Return a Deferred that fires as this one does, or fails as soon as entries can no longer be carried out."""
        if self._end is not None:
            doing.addErrback(lambda _: None)
            return fail(self._end)
        first: Deferred[T] = Deferred()
        waiting = (lambda place: False, first)
        self._reached.append(waiting)

        def settle(result: Any) -> None:
            if waiting in self._reached:
                self._reached.remove(waiting)
                first.callback(result)

        doing.addBoth(settle)
        return first

    def receive(self, entries: Sequence[LogEntry]) -> None:
        """Take entries from the watch of the log."""
        if self._end is not None:
            return
        if not self._waiting and not self._is_busy:
            self._since = self._clock.seconds()
        for one in entries:
            if self._ahead:
                if (one.number, one.revision) != self._ahead.popleft():
                    self._stop_after(f"The log is another one than before, from entry {one.number:,} on.")
                    break
            elif not self._read(one):
                break
        if len(self._waiting) > MOST_WAITING or self._bytes > MOST_BYTES:
            self._pause()
        self._carry_on()

    def expect(self, data: bytes, epoch: int) -> None:
        """Prepare for an entry of this node that is being appended, while the log's servers are at work.

        :param epoch: the one that it is of.
        """
        if self._end is not None or self._watch is None:
            return
        self._watch.delay()
        try:
            # Wherever it will stand is after the beginning of its epoch.
            entry = read_entry(data, self._rules, epoch)
        except Unreadable:
            self._expected = None  # as will be found when it is in the log
            return
        self._expected = (data, entry)
        if self._unprepared:
            self._unprepared -= 1
        elif self._is_between and not self._is_held and not self._waiting and self.place.number:
            number = self.known + 1
            self._prepared = _Prepared(entry, number, _carried_out(number, entry))
            self._inner.prepare(self._prepared.operations)

    def take_appended(self, entry: LogEntry) -> None:
        """Take an entry that is known to be in the log before the watch shows it, if it is the next one."""
        if entry.number != self.known + 1 and self._watch is not None:
            self._watch.catch_up()  # what stands before it may have come
        if self._end is not None or entry.number != self.known + 1 or len(self._ahead) >= MOST_WAITING:
            return
        if not self._waiting and not self._is_busy:
            self._since = self._clock.seconds()
        if self._read(entry):
            self._ahead.append((entry.number, entry.revision))
        self._carry_on()

    def stop(self, error: CannotStart) -> None:
        """Carry out nothing any more."""
        if self._end is None:
            self._finish(Failure(error))
            self._told_stopped(error)

    def break_off(self, failure: Failure) -> None:
        """Carry out nothing any more, because the journal cannot be trusted."""
        self._finish(failure)

    def close(self) -> "Deferred[None]":
        """Take nothing more, and finish what is being carried out."""
        self._finish(Failure(CannotStart("The journal is closed.")))
        self._rest()
        if not self._is_busy:
            return succeed(None)
        if self._idle is None:
            self._idle = Deferred()
        return self._idle

    # How

    def _read(self, one: LogEntry) -> bool:
        """Note an entry that is carried out next; return whether it can be."""
        if one.number != self.known + 1:
            self._stop_after(f"The log is not whole: entry {self.known + 1:,} is missing. Restore its servers.")
            return False
        try:
            entry = self._entry(one)
        except Unreadable as error:
            self._stop_after(
                f"This node cannot carry out entry {one.number:,} of the log ({error}): upgrade this node, unless"
                " somebody has written into etcd by hand (docs/CLUSTER.md says what to do then)."
            )
            return False
        self.known = one.number
        self._waiting.append(Received(one.number, one.revision, entry, one.data))
        self._bytes += len(one.data)
        return True

    def _entry(self, one: LogEntry) -> Entry:
        """:raises Unreadable: this version cannot read it."""
        if self._expected is not None and self._expected[0] == one.data:
            (_, entry), self._expected = self._expected, None
            return entry
        return read_entry(one.data, self._rules, one.revision)

    def _stop_after(self, why: str) -> None:
        """Carry out what was read, and nothing behind it."""
        if self._watch is not None:
            self._watch.stop()
        self.reached(self.known).addCallbacks(lambda _: self.stop(CannotStart(why)), lambda failure: None)

    def _finish(self, failure: Failure) -> None:
        if self._end is not None:
            return
        self._end = failure
        self.trouble = failure.getErrorMessage()
        if self._watch is not None:
            self._watch.stop()
        self._waiting.clear()
        waiting, self._reached = self._reached, []
        for _, deferred in waiting:
            deferred.errback(failure)

    def _pause(self) -> None:
        if not self._is_paused and self._watch is not None:
            self._is_paused = True
            self._watch.pause()

    def _resume(self) -> None:
        if self._is_paused and len(self._waiting) <= MOST_WAITING // 2 and self._bytes <= MOST_BYTES // 2:
            assert self._watch is not None
            self._is_paused = False
            self._watch.resume()

    def _carry_on(self) -> None:
        """Begin the next transaction, if there is something to do and nothing in the way."""
        if not self._is_between or self._is_held or self._end is not None or not self._waiting:
            return
        if self.place.number == 0:
            self._compare_beginning(self._waiting[0].entry)
        else:
            self._carry_out(self._take())

    def _take(self) -> list[Received]:
        """Take the entries that are carried out next, in one transaction."""
        most = AT_ONCE if len(self._waiting) <= AT_ONCE else AT_ONCE_BEHIND
        taken = [self._waiting.popleft()]
        count = len(taken[0].entry.operations)
        while self._waiting and count + len(self._waiting[0].entry.operations) <= most:
            taken.append(self._waiting.popleft())
            count += len(taken[-1].entry.operations)
        if not self._waiting and not self._is_paused:
            self._since = self._clock.seconds()
        self._bytes -= sum(len(one.data) for one in taken)
        self._resume()
        return taken

    def _carry_out(self, taken: Sequence[Received]) -> None:
        prepared, self._prepared = self._prepared, None
        if prepared is not None and prepared.entry is not taken[0].entry:
            self._unprepared = OTHERS_SPOKE
        places: list[Place] = []
        end = self.place
        operations: list[Operation] = []
        for one in taken:
            entry = one.entry
            end = _after(end, one)
            places.append(end)
            if prepared is not None and entry is prepared.entry and one.number == prepared.number:
                operations += prepared.operations
            else:
                operations += _carried_out(one.number, entry)
        operations.append(Applied(end.cluster, end.number, end.revision, end.chain))

        def on_disk(outcomes: Sequence[Outcome]) -> None:
            first = 1
            for one, place in zip(taken, places, strict=True):
                many = len(one.entry.operations)
                self._hand_on(one, place, outcomes[first : first + many])
                first += many + 1

        self._append(operations, on_disk)

    def _compare_beginning(self, entry: Entry) -> None:
        """See that the log began with what this journal has; then carry its first entry out.

        Nothing that is in a journal is kept in the log, so whoever has something else must be given a copy first.
        """
        check = entry.operations[0] if entry.operations else None
        if not isinstance(check, Check) or not check.rows:
            self.stop(CannotStart("This log was not begun by a node of groupchat."))
            return
        stated = (check.rows, check.facts)

        def compare(outcomes: Sequence[Outcome]) -> None:
            if self._end is not None:
                return
            if [(one.rows, one.facts) for one in outcomes if isinstance(one, Checked)] == [stated]:
                self._carry_out(self._take())
            else:
                what = (
                    "The cluster began with other messages than those in this data folder." if self.head
                    else "This data folder has no messages, and the cluster began with some."
                )  # fmt: skip
                self.stop(CannotStart(
                    f"{what} Start with a copy of them:"
                    " “groupchat backup” on a node of the cluster, and then “groupchat seed --from BACKUP --node NAME"
                    " --replace” here; what is in this folder is put aside."
                ))  # fmt: skip

        self._append([Check(check.first, check.upto)], compare)

    def _append(self, operations: Sequence[Operation], then: Callable[[Sequence[Outcome]], None]) -> None:
        """Write something, as often as it takes, and go on with its outcomes."""

        def written(outcomes: Sequence[Outcome]) -> None:
            if self.trouble and self._end is None:
                self.log.info("Entries are carried out again")
                self.trouble = ""
            self._is_busy = False
            then(outcomes)
            if self._expected is None and self._watch is not None:
                self._watch.catch_up()
            self._rest()

        def failed(failure: Failure) -> None:
            if failure.check(JournalUnavailable) is None:
                failure.raiseException()
            if self._end is None and not self.trouble:
                self.trouble = failure.getErrorMessage()
                self.log.error("Entries wait to be carried out: {reason}", reason=self.trouble)
            self._retry = self._clock.callLater(RETRY_S, self._append, operations, then)
            if self._end is not None:
                self._rest()

        self._retry, self._is_busy, self._is_between = None, True, False
        self._inner.append(operations).addCallbacks(written, failed).addErrback(self._break)

    def _rest(self) -> None:
        """Between two transactions: begin the next one, or say that there is none."""
        if not self._is_busy:
            self._is_between = True
            resting, self._resting = self._resting, []
            for waiting in resting:
                waiting.callback(None)
        if self._end is None:
            self._carry_on()
            return
        if self._retry is not None:
            if self._retry.active():
                self._retry.cancel()
            self._retry, self._is_busy = None, False
        if self._idle is not None and not self._is_busy:
            idle, self._idle = self._idle, None
            idle.callback(None)

    def _break(self, failure: Failure) -> None:
        self._is_busy = False
        if self._end is None:
            self._finish(failure)
            self._told_broken(failure)
        self._rest()

    def _hand_on(self, one: Received, place: Place, outcomes: Sequence[Outcome]) -> None:
        self.place = place
        for outcome in outcomes:
            if isinstance(outcome, StoredPost):
                self.head = outcome.event.id
        try:
            self._handed_on(one, outcomes)
        except Exception:
            self.log.failure("An entry was not handed on as it should be")
        there = [waiting for waiting in self._reached if waiting[0](place)]
        # First all, because whoever is told may end everything.
        self._reached = [waiting for waiting in self._reached if waiting not in there]
        for _, waiting in there:
            waiting.callback(None)


def _carried_out(number: int, entry: Entry) -> list[Operation]:
    """Return what a journal carries out for an entry that stands there."""
    operations: list[Operation] = [InEntry(number, entry.known)]
    operations += (
        SessionAt(operation, entry.node) if isinstance(operation, StoredSession) else operation
        for operation in entry.operations
    )
    return operations


def _after(place: Place, one: Received) -> Place:
    """Return the place after an entry."""
    chain = hashlib.sha256(bytes.fromhex(place.chain) + one.data).hexdigest()
    rules = place.rules
    for operation in one.entry.operations:
        if type(operation) is Rules:
            rules = operation.rules
    return Place(place.cluster, one.number, one.revision, chain, rules)
