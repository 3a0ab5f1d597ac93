"""A shared log in memory, for tests: all nodes are in one process, and faults are made by hand.

``SharedLog`` is what the servers know; ``MemoryLog`` is a node's way to it.  All that a node asks or is told takes a
call of the clock, also without a delay: ``clock.advance(0)`` lets it happen.
"""

import secrets
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.interfaces.shared_log import (
    LEASE_S,
    MAX_ENTRY_BYTES,
    Appended,
    Begun,
    Closed,
    Compacted,
    Fenced,
    ForeignLog,
    ILog,
    IWatch,
    LiveNode,
    LogEntry,
    Member,
    Space,
)
from groupchat.model.errors import CannotStart

ATTEMPT_S = 1.0
"""Seconds after which a request that was not answered is repeated."""
RENEW_S = LEASE_S / 4
"""Seconds between two renewals of a lease."""
POLL_S = 0.5
"""Seconds between two looks whether the node's place is free."""
BATCH = 100
"""The most entries that are delivered at a time."""

T = TypeVar("T")


def _cancel(call: IDelayedCall | None) -> None:
    if call is not None and call.active():
        call.cancel()


class Full(Exception):
    """The log has no space left."""


class Lease:
    """A node's place: until when it is kept, and what it has appended."""

    def __init__(self, epoch: int, card: bytes, end: float) -> None:
        self.epoch = epoch
        self.card = card
        self.end = end
        self.ending: IDelayedCall | None = None
        self.renewals = 0
        self.sent = 0
        self.newest: Appended | None = None


class SharedLog:
    """What the servers of a log know.

    ``has_quorum``: set it to False to have most servers away.  ``quota``: the most bytes of all entries.
    ``head`` and ``newest`` are the number and the revision of the newest entry.
    """

    def __init__(self, clock: IReactorTime, quota: int = 2**31) -> None:
        self.clock = clock
        self.cluster = secrets.token_hex(16)
        self.revision = 1
        self.entries: list[LogEntry] = []
        self.head = 0
        self.newest = 0
        self.compacted = 0
        self.quota = quota
        self.is_full = False
        self.leases: dict[str, Lease] = {}
        self.watches: list[_Delivery] = []
        self._has_quorum = True

    @property
    def has_quorum(self) -> bool:
        """Whether most servers are there."""
        return self._has_quorum

    @has_quorum.setter
    def has_quorum(self, there: bool) -> None:
        if there and not self._has_quorum:
            # A new leader gives every lease its whole time once more.
            for lease in self.leases.values():
                lease.end = self.clock.seconds() + LEASE_S
        self._has_quorum = there

    @property
    def used(self) -> int:
        """The bytes of all entries."""
        return sum(len(entry.data) for entry in self.entries)

    def claim(self, node: str, card: bytes) -> Lease:
        """Give a node its place, which is free."""
        assert node not in self.leases
        self.revision += 1
        lease = self.leases[node] = Lease(self.revision, card, self.clock.seconds() + LEASE_S)
        lease.ending = self.clock.callLater(LEASE_S, self._end_in_time, node, lease)
        self._told()
        return lease

    def renew(self, node: str, epoch: int) -> bool:
        """Keep a node's place; return whether it is still there."""
        lease = self.lease(node, epoch)
        if lease is not None:
            lease.end = self.clock.seconds() + LEASE_S
            lease.renewals += 1
        return lease is not None

    def lease(self, node: str, epoch: int) -> Lease | None:
        """Return the place of a node if it is still the one of this epoch."""
        lease = self.leases.get(node)
        return lease if lease is not None and lease.epoch == epoch else None

    def expire(self, node: str) -> None:
        """End the lease of a node now, as if it had not been renewed."""
        lease = self.leases.pop(node, None)
        if lease is not None:
            _cancel(lease.ending)
            self.revision += 1
            self._told()

    def end(self, node: str, epoch: int) -> None:
        """Give up a place, if it is still the one of this epoch."""
        if self.lease(node, epoch) is not None:
            self.expire(node)

    def append(self, node: str, epoch: int, count: int, data: bytes) -> Appended:
        """Append an entry, once however often it is asked for: the ``count``-th of its epoch.

        :raises Fenced: the epoch has ended.
        :raises Full: there is no space.
        """
        lease = self.lease(node, epoch)
        if self.is_full or (lease is not None and lease.sent < count and self.used + len(data) > self.quota):
            self.is_full = True
            raise Full
        if lease is None:
            raise Fenced(self.newest)
        if lease.sent < count:
            self.revision += 1
            self.newest = self.revision
            self.head += 1
            self.entries.append(LogEntry(self.head, self.revision, data))
            lease.sent, lease.newest = count, Appended(self.head, self.revision)
            self._told()
        assert lease.newest is not None
        return lease.newest

    def show(self, node: str, epoch: int, card: bytes) -> None:
        """Replace a card.

        :raises Fenced: the epoch has ended.
        """
        lease = self.lease(node, epoch)
        if lease is None:
            raise Fenced(self.newest)
        self.revision += 1
        lease.card = card
        self._told()

    def live(self) -> dict[str, LiveNode]:
        """Return all nodes that are alive."""
        return {node: LiveNode(lease.epoch, lease.card) for node, lease in self.leases.items()}

    def compact(self, upto: int) -> None:
        """Forget what is before this revision."""
        self.compacted = max(self.compacted, min(upto, self.revision))
        self.entries = [entry for entry in self.entries if entry.revision >= self.compacted]
        self.is_full = False

    def close(self) -> None:
        """End all leases, so that nothing is left for the clock to call."""
        for node in tuple(self.leases):
            self.expire(node)

    def _end_in_time(self, node: str, lease: Lease) -> None:
        left = lease.end - self.clock.seconds() if self.has_quorum else LEASE_S
        if left > 0:
            lease.ending = self.clock.callLater(left, self._end_in_time, node, lease)
        else:
            self.expire(node)

    def _told(self) -> None:
        for watch in tuple(self.watches):
            watch.schedule()


@implementer(ILog)
class MemoryLog:
    """A node's way to a shared log.

    Faults: ``delay`` is the seconds that each request, answer and delivery takes; ``cut`` keeps everything from
    passing; ``lose_answers`` is how many of the next requests are carried out, but their answers lost.
    ``move`` is what happens when the servers are set up anew.
    """

    def __init__(self, shared: SharedLog, delay: float = 0.0) -> None:
        self.shared = shared
        self.clock = shared.clock
        self.delay = delay
        self.lose_answers = 0
        self.begun: Begun | None = None
        self.is_beginning = False
        self._node = ""
        self._cut = False
        self._count = 0
        self._appending = False
        self._renewed: float | None = None
        self._renewing: IDelayedCall | None = None
        self._under_way: set[_Request] = set()
        self._watches: list[_Delivery] = []
        self._closed = False

    @property
    def cut(self) -> bool:
        """Whether nothing passes between this node and the servers."""
        return self._cut

    @cut.setter
    def cut(self, cut: bool) -> None:
        self._cut = cut
        for watch in tuple(self._watches):
            watch.schedule()

    def move(self, shared: SharedLog) -> None:
        """Find another log where the one of before was."""
        for watch in self._watches:
            self.shared.watches.remove(watch)
        self.shared = shared
        shared.watches.extend(self._watches)
        for watch in tuple(self._watches):
            watch.schedule()

    @property
    def is_reachable(self) -> bool:
        """Whether anything passes."""
        return not self.cut and self.shared.has_quorum

    def begin(self, node: str, card: bytes) -> "Deferred[Begun]":
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
                return self._ask(claim, POLL_S).addCallback(claimed)
            self.begun, self._count = begun, 0
            self._renewed = self.clock.seconds()
            self._renew_later()
            return begun

        def done(result: T) -> T:
            self.is_beginning = False
            for watch in tuple(self._watches):
                watch.schedule()
            return result

        answer: Deferred[Begun] = self._ask(claim).addCallback(claimed)
        return answer.addBoth(done)

    def append(self, data: bytes) -> "Deferred[Appended]":
        begun = self._need_begun()
        if self._appending:
            raise RuntimeError("An entry is being appended.")
        if len(data) > MAX_ENTRY_BYTES:
            return fail(ValueError(f"An entry has at most {MAX_ENTRY_BYTES:,} bytes, not {len(data):,}."))
        self._appending = True
        self._count += 1
        count = self._count

        def done(result: T) -> T:
            self._appending = False
            return result

        return self._ask(lambda: self.shared.append(self._node, begun.epoch, count, data)).addBoth(done)

    def watch(
        self, after: int, entries: Callable[[Sequence[LogEntry]], object], ended: Callable[[Failure], object]
    ) -> "_Watch":
        return _Watch(self, self._need_begun().cluster, after, entries, ended)

    def live(self) -> "Deferred[dict[str, LiveNode]]":
        return self._ask(lambda: self.shared.live())

    def watch_live(self, changed: Callable[[Mapping[str, LiveNode]], object]) -> "_LiveWatch":
        self._need_begun()
        return _LiveWatch(self, changed)

    def show(self, card: bytes) -> "Deferred[None]":
        epoch = self._need_begun().epoch
        return self._ask(lambda: self.shared.show(self._node, epoch, card))

    def compact(self, upto: int) -> "Deferred[None]":
        return self._ask(lambda: self.shared.compact(upto))

    def space(self) -> "Deferred[Space]":
        return self._ask(lambda: Space(self.shared.used, self.shared.quota, self.shared.is_full))

    def members(self) -> "Deferred[list[Member]]":
        return self._ask(lambda: [Member("memory", True, True)])

    def lease_age(self) -> float:
        return 0.0 if self._renewed is None else self.clock.seconds() - self._renewed

    def trouble(self) -> str:
        if self.cut:
            return "The log cannot be reached."
        if not self.shared.has_quorum:
            return "Most servers of the log are away."
        return "The log has no space left." if self.shared.is_full else ""

    def close(self) -> "Deferred[None]":
        if self._closed:
            return succeed(None)
        self._closed = True
        _cancel(self._renewing)
        for watch in tuple(self._watches):
            watch.stop()
        if self.begun is not None and self.is_reachable:
            self.shared.end(self._node, self.begun.epoch)
        for request in tuple(self._under_way):
            request.close()
        closed: Deferred[None] = Deferred()
        self.clock.callLater(self.delay, closed.callback, None)
        return closed

    def joined(self, watch: "_Delivery") -> None:
        """Deliver to this watch."""
        self._watches.append(watch)
        self.shared.watches.append(watch)

    def left(self, watch: "_Delivery") -> None:
        """Deliver nothing more to this watch."""
        self._watches.remove(watch)
        self.shared.watches.remove(watch)

    def _need_begun(self) -> Begun:
        if self.begun is None:
            raise RuntimeError("No epoch has begun.")
        return self.begun

    def _ask(self, do: Callable[[], T], wait: float = 0.0) -> "Deferred[T]":
        if self._closed:
            return fail(Closed())
        answer: Deferred[T] = Deferred()
        _Request(self, do, answer, wait + self.delay)
        return answer

    def _renew_later(self) -> None:
        _cancel(self._renewing)
        self._renewing = self.clock.callLater(RENEW_S, self._renew)

    def _renew(self) -> None:
        if self.begun is None:
            return
        if not self.is_reachable:
            self._renewing = self.clock.callLater(ATTEMPT_S, self._renew)
        elif self.shared.renew(self._node, self.begun.epoch):
            self._renewed = self.clock.seconds()
            self._renew_later()

    # For the requests alone.

    def started(self, request: "_Request") -> None:
        """Remember a request, to end it with the log."""
        self._under_way.add(request)

    def finished(self, request: "_Request") -> None:
        """Forget a request."""
        self._under_way.discard(request)


class _Request:
    """A request, repeated until it is answered."""

    def __init__(self, log: MemoryLog, do: Callable[[], T], answer: "Deferred[T]", wait: float) -> None:
        self._log = log
        self._do: Callable[[], Any] = do
        self._answer: Deferred[Any] = answer
        self._call = log.clock.callLater(wait, self._arrive)
        log.started(self)

    def close(self) -> None:
        """Fail, as the log is closed."""
        self._call.cancel()
        self._settle(Failure(Closed()))

    def _arrive(self) -> None:
        log = self._log
        if not log.is_reachable:
            self._again()
            return
        try:
            result = self._do()
        except Full:
            self._again()
            return
        except Exception:
            result = Failure()
        if log.lose_answers:
            log.lose_answers -= 1
            self._again()
        else:
            self._call = log.clock.callLater(log.delay, self._return, result)

    def _return(self, result: Any) -> None:
        if self._log.is_reachable:
            self._settle(result)
        else:
            self._again()

    def _again(self) -> None:
        self._call = self._log.clock.callLater(ATTEMPT_S, self._arrive)

    def _settle(self, result: Any) -> None:
        self._log.finished(self)
        self._answer.callback(result)


@implementer(IWatch)
class _Delivery:
    """Deliver something as soon as it is there, unless this is paused."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log
        self._call: IDelayedCall | None = None
        self._paused = self._stopped = False
        log.joined(self)
        self.schedule()

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        self.schedule()

    def stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self._log.left(self)
            _cancel(self._call)

    def schedule(self) -> None:
        """Look soon whether there is anything to deliver."""
        if not self._stopped and (self._call is None or not self._call.active()):
            self._call = self._log.clock.callLater(self._log.delay, self._look)

    def _look(self) -> None:
        if not self._paused and not self._log.cut and not self._log.is_beginning:
            self.deliver()

    def deliver(self) -> None:
        """Deliver what is there."""
        raise NotImplementedError


class _Watch(_Delivery):
    """Delivers entries."""

    def __init__(
        self,
        log: MemoryLog,
        cluster: str,
        after: int,
        entries: Callable[[Sequence[LogEntry]], object],
        ended: Callable[[Failure], object],
    ) -> None:
        self._cluster = cluster
        self._after = after
        self._entries = entries
        self._ended = ended
        super().__init__(log)

    def deliver(self) -> None:
        shared = self._log.shared
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


class _LiveWatch(_Delivery):
    """Tells which nodes are alive."""

    def __init__(self, log: MemoryLog, changed: Callable[[Mapping[str, LiveNode]], object]) -> None:
        self._changed = changed
        self._known: dict[str, LiveNode] | None = None
        super().__init__(log)

    def deliver(self) -> None:
        live = self._log.shared.live()
        if live != self._known and self._log.shared.has_quorum:
            self._known = live
            self._changed(live)
