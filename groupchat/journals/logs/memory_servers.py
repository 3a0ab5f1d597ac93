"""The servers of a shared log in memory: what they know, and what each request does there."""

import secrets
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from groupchat.interfaces.shared_log import LEASE_S, Appended, Fenced, LiveNode, LogEntry


def cancel(call: IDelayedCall | None) -> None:
    """Do not call what is still to be called."""
    if call is not None and call.active():
        call.cancel()


class Full(Exception):
    """The log has no space left."""


class Lease:
    """A node's place: until when it is kept, and what it has appended.

    ``mark``: tells it from every other one, also of servers that were set up anew and come to the same epoch again.
    """

    def __init__(self, epoch: int, card: bytes, end: float) -> None:
        self.epoch = epoch
        self.mark = secrets.token_hex(8)
        self.card = card
        self.end = end
        self.ending: IDelayedCall | None = None
        self.renewals = 0
        self.sent = 0
        self.newest: Appended | None = None


class SharedLog:
    """What the servers of a log know.

    ``has_quorum``: set it to False to have most servers away.  ``quota``: the most bytes of all entries.
    ``head`` and ``newest`` are the number and the revision of the newest entry.  ``listeners`` are called whenever
    something has changed.
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
        self.listeners: list[Callable[[], object]] = []
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
            cancel(lease.ending)
            self.revision += 1
            self._told()

    def end(self, node: str, epoch: int) -> None:
        """Give up a place, if it is still the one of this epoch."""
        if self.lease(node, epoch) is not None:
            self.expire(node)

    def append(self, node: str, mark: str, count: int, data: bytes) -> Appended:
        """Append an entry, once however often it is asked for: the ``count``-th of its epoch.

        :param mark: of the node's place in that epoch.
        :raises Fenced: the epoch has ended.
        :raises Full: there is no space.
        """
        lease = self.leases.get(node)
        if lease is not None and lease.mark != mark:
            lease = None
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
        for listener in tuple(self.listeners):
            listener()
