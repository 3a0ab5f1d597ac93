"""A shared log in memory, for tests: all nodes are in one process, and faults are made by hand.

``SharedLog`` is what the servers know; ``MemoryLog`` is a node's way to it.  All that a node asks or is told takes a
call of the clock, also without a delay: ``clock.advance(0)`` lets it happen.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.interfaces.shared_log import (
    LEASE_S,
    MAX_ENTRY_BYTES,
    Appended,
    Begun,
    Compacted,
    ForeignLog,
    ILog,
    ILogWatch,
    LiveNode,
    LogEntry,
    Member,
    Space,
)
from groupchat.journals.logs.memory_servers import Lease, SharedLog, cancel
from groupchat.journals.logs.memory_way import ATTEMPT_S, Delivery, Way
from groupchat.model.errors import CannotStart

__all__ = ["MemoryLog", "SharedLog"]

RENEW_S = LEASE_S / 4
"""Seconds between two renewals of a lease."""
POLL_S = 0.5
"""Seconds between two looks whether the node's place is free."""
BATCH = 100
"""The most entries that are delivered at a time."""
DELAY_S = 0.002
"""Seconds that entries are delayed at most."""

T = TypeVar("T")


@implementer(ILog)
class MemoryLog(Way):
    """A node's log: a way to the servers, with its faults, and a place there."""

    def __init__(self, shared: SharedLog, delay: float = 0.0) -> None:
        super().__init__(shared, delay)
        self.begun: Begun | None = None
        self._node = ""
        self._count = 0
        self._mark = ""
        self._appending = False
        self._renewed: float | None = None
        self._renewing: IDelayedCall | None = None

    def begin(self, node: str, card: bytes, cluster: str = "") -> "Deferred[Begun]":
        self._node = node
        self.is_beginning = True
        seen: tuple[int, int] | None = None
        mine: Lease | None = None
        before, self.begun = self.begun, None

        def claim() -> Begun | None:
            nonlocal seen, mine
            if before is not None:
                if before.cluster != self.shared.cluster:
                    raise ForeignLog("This is another log than before.")
                self.shared.end(node, before.epoch)
            there = self.shared.leases.get(node)
            if there is not None and there is not mine:
                if seen is not None and seen[0] == there.epoch and seen[1] < there.renewals:
                    raise CannotStart(f"Another process is running as node “{node}”.")
                seen = (there.epoch, there.renewals)
                return None
            if there is None:
                there = mine = self.shared.claim(node, card)
            return Begun(self.shared.cluster, there.epoch, self.shared.head, self.shared.newest)

        def claimed(begun: Begun | None) -> "Begun | Deferred[Begun]":
            if begun is None:
                return self.ask(claim, POLL_S).addCallback(claimed)
            assert mine is not None
            self.begun, self._count, self._mark = begun, 0, mine.mark
            self._renewed = self.clock.seconds()
            self._renew_later()
            return begun

        def done(result: T) -> T:
            self.is_beginning = False
            self.look()
            return result

        answer: Deferred[Begun] = self.ask(claim).addCallback(claimed)
        return answer.addBoth(done)

    def append(self, data: bytes) -> "Deferred[Appended]":
        self._need_begun()
        if self._appending:
            raise RuntimeError("An entry is being appended.")
        if len(data) > MAX_ENTRY_BYTES:
            return fail(ValueError(f"An entry has at most {MAX_ENTRY_BYTES:,} bytes, not {len(data):,}."))
        self._appending = True
        self._count += 1
        count, mark = self._count, self._mark

        def done(result: T) -> T:
            self._appending = False
            return result

        return self.ask(lambda: self.shared.append(self._node, mark, count, data)).addBoth(done)

    def watch(
        self, after: int, entries: Callable[[Sequence[LogEntry]], object], ended: Callable[[Failure], object]
    ) -> "_Watch":
        return _Watch(self, self._need_begun().cluster, after, entries, ended)

    def live(self) -> "Deferred[dict[str, LiveNode]]":
        return self.ask(lambda: self.shared.live())

    def watch_live(self, changed: Callable[[Mapping[str, LiveNode]], object]) -> "_LiveWatch":
        self._need_begun()
        return _LiveWatch(self, changed)

    def show(self, card: bytes) -> "Deferred[None]":
        epoch = self._need_begun().epoch
        return self.ask(lambda: self.shared.show(self._node, epoch, card))

    def compact(self, upto: int) -> "Deferred[None]":
        return self.ask(lambda: self.shared.compact(upto))

    def space(self) -> "Deferred[Space]":
        return self.ask(lambda: Space(self.shared.used, self.shared.quota, self.shared.is_full))

    def members(self) -> "Deferred[list[Member]]":
        return self.ask(lambda: [Member("memory", True, True)])

    def lease_age(self) -> float:
        return 0.0 if self._renewed is None else self.clock.seconds() - self._renewed

    def live_age(self) -> float:
        return 0.0 if self.is_reachable else self.lease_age()

    def trouble(self) -> str:
        if self.cut:
            return "The log cannot be reached."
        if not self.shared.has_quorum:
            return "Most servers of the log are away."
        return "The log has no space left." if self.shared.is_full else ""

    def close(self) -> "Deferred[None]":
        if self.is_closed:
            return succeed(None)
        cancel(self._renewing)
        if self.begun is not None and self.is_reachable:
            self.shared.end(self._node, self.begun.epoch)
        self.end()
        closed: Deferred[None] = Deferred()
        self.clock.callLater(self.delay, closed.callback, None)
        return closed

    def _need_begun(self) -> Begun:
        if self.begun is None:
            raise RuntimeError("No epoch has begun.")
        return self.begun

    def _renew_later(self) -> None:
        cancel(self._renewing)
        self._renewing = self.clock.callLater(RENEW_S, self._renew)

    def _renew(self) -> None:
        if self.begun is None:
            return
        if not self.is_reachable:
            self._renewing = self.clock.callLater(ATTEMPT_S, self._renew)
        elif self.shared.renew(self._node, self.begun.epoch):
            self._renewed = self.clock.seconds()
            self._renew_later()


@implementer(ILogWatch)
class _Watch(Delivery):
    """Delivers entries."""

    def __init__(
        self,
        way: Way,
        cluster: str,
        after: int,
        entries: Callable[[Sequence[LogEntry]], object],
        ended: Callable[[Failure], object],
    ) -> None:
        self._cluster = cluster
        self._after = after
        self._entries = entries
        self._ended = ended
        self._is_delayed = False
        self._late: IDelayedCall | None = None
        super().__init__(way)

    def delay(self) -> None:
        self._is_delayed = True

    def catch_up(self) -> None:
        self._is_delayed = False
        if self._late is not None and self._late.active():
            self._late.reset(0)

    def stop(self) -> None:
        cancel(self._late)
        super().stop()

    def look(self) -> None:
        if not self._is_delayed:
            super().look()
        elif self._late is None or not self._late.active():
            self._late = self.way.clock.callLater(DELAY_S, self._end_delay)

    def _end_delay(self) -> None:
        self._is_delayed = False
        super().look()

    def deliver(self) -> None:
        shared = self.way.shared
        if shared.cluster != self._cluster or shared.newest < self._after:
            self._end(ForeignLog("This is another log than the one that was read so far."))
        elif self._after < shared.compacted - 1:
            self._end(Compacted(shared.compacted - 1))
        else:
            first = bisect_right(shared.entries, self._after, key=lambda entry: entry.revision)
            batch = shared.entries[first : first + BATCH]
            if batch:
                self._after = batch[-1].revision
                try:
                    self._entries(batch)
                except Exception as error:
                    self._end(error)
                else:
                    self.schedule()

    def _end(self, error: Exception) -> None:
        self.stop()
        self._ended(Failure(error))


class _LiveWatch(Delivery):
    """Tells which nodes are alive."""

    def __init__(self, way: Way, changed: Callable[[Mapping[str, LiveNode]], object]) -> None:
        self._changed = changed
        self._known: dict[str, LiveNode] | None = None
        super().__init__(way)

    def deliver(self) -> None:
        live = self.way.shared.live()
        if live != self._known and self.way.shared.has_quorum:
            self._known = live
            self._changed(live)
