"""The shared log: entries in one order, the same for all nodes of a cluster, and the list of nodes that are alive.

Rules:

1. An entry has a number (1, 2, 3 …, without a gap) and a *revision*, a place in the log to go on from.  Both rise.
2. A node appends in an *epoch*.  Every ``begin`` starts one, higher than all before it, of whichever node.  When the
   epoch has ended (its lease was not renewed in time, or another one of the node has begun), nothing of it can get
   into the log any more, however late it arrives.
3. An append never fails with "perhaps": it is repeated, exactly once in effect, until it is certain what happened.
4. Nothing is handed out that could be lost again: what a watch delivers is on the disks of most servers of the log.
"""

from collections.abc import Callable, Mapping, Sequence

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from zope.interface import Interface

from groupchat.lazy.records import record

MAX_ENTRY_BYTES = 256 * 1024
"""The most bytes of one entry; longer ones would hold up what comes behind them."""

LEASE_S = 10.0
"""Seconds for which a node counts as alive after it has last renewed its lease."""


@record
class LogEntry:
    """An entry: ``number`` without gaps, ``revision`` to watch on from."""

    number: int
    revision: int
    data: bytes


@record
class Appended:
    """The place that an entry got."""

    number: int
    revision: int


@record
class Begun:
    """A new epoch of this node.

    ``cluster`` identifies the log: random, made once.  ``head`` and ``revision`` are the number and the revision of
    the newest entry when the epoch had begun, both 0 if there is none; nothing of an older epoch of this node comes
    after it.
    """

    cluster: str
    epoch: int
    head: int
    revision: int


@record
class LiveNode:
    """A node that is alive.  ``card`` is what it tells of itself: a small JSON object."""

    epoch: int
    card: bytes


@record
class Space:
    """The bytes that the log takes, of the most it may; ``is_full``: it takes no entries until it is compacted."""

    used: int
    quota: int
    is_full: bool = False


@record
class Member:
    """A server of the log.  ``is_healthy``: it answers, and knows a leader."""

    name: str
    is_healthy: bool
    is_leader: bool


class Fenced(Exception):
    """The epoch has ended, and the entry was not seen to be in the log.

    ``revision`` is that of the newest entry then, 0 if there is none.  The one that was to be appended is either among
    those up to there or will never be in the log: the caller must apply that far before it answers anybody.
    """

    def __init__(self, revision: int) -> None:
        super().__init__(f"The lease of this node has ended, at revision {revision}.")
        self.revision = revision


class Compacted(Exception):
    """Entries that a watch still needs are gone; ``revision`` is the oldest one it can begin after."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"The log no longer has what comes before revision {revision + 1}.")
        self.revision = revision


class ForeignLog(Exception):
    """This is not the log that was read so far: another cluster's, one that was made anew, or an older copy."""


class Closed(Exception):
    """The log was closed before it was certain whether the entry is in it: the next start will see."""


class IWatch(Interface):
    """What delivers the entries of a log."""

    def pause() -> None:
        """Deliver nothing until ``resume``."""

    def resume() -> None:
        """Go on delivering."""

    def stop() -> None:
        """Deliver nothing more, ever."""


class ILogWatch(IWatch):
    """What delivers the entries of a log.

    What it brings can wait a little while something else is more urgent; it never waits longer than a few milliseconds.
    """

    def delay() -> None:
        """Deliver a little later what comes from now on, unless it is much."""

    def catch_up() -> None:
        """Deliver what was delayed, and delay nothing more."""


class ILog(Interface):
    """A log as one node has it.

    While the log cannot be reached, or most of its servers are away, everything here goes on trying; ``trouble``
    tells why.
    """

    def begin(node: str, card: bytes, cluster: str = "") -> "Deferred[Begun]":
        """Take the node's place in a new epoch, and keep it until ``close``.

        :param cluster: the log that the node has carried out so far; empty: none.  Where there is no log at all, one
            is made only for a node that has carried out none: for any other one it would have nothing.

        An older epoch of the same node is waited for until its lease has ended; one that this object began is ended
        at once.  To be called again after Fenced, and whenever ``watch_live`` shows that the epoch has ended.

        Fails with CannotStart: another process holds the node's place and is alive, the servers are of a version that
        cannot be used, refuse the login or the certificate; and with ForeignLog if the log is another than before, or
        there is none to go on with.
        """

    def append(data: bytes) -> "Deferred[Appended]":
        """Append an entry in the epoch that was begun, and fire when most servers have it on disk.

        The caller waits for one before it appends the next.

        Fails with Fenced, and with ValueError if the entry is longer than MAX_ENTRY_BYTES.
        """

    def watch(
        after: int, entries: Callable[[Sequence[LogEntry]], object], ended: Callable[[Failure], object]
    ) -> ILogWatch:
        """Deliver all entries with a higher revision than ``after``, in order, none twice, and then the new ones.

        To be called after ``begin``.  Lost connections are made anew.

        :param entries: is called with some at a time, never within this call.
        :param ended: is called when it cannot go on, with Compacted, ForeignLog or what ``entries`` raised; nothing is
            delivered after that.
        """

    def live() -> "Deferred[dict[str, LiveNode]]":
        """All nodes that are alive, by name."""

    def watch_live(changed: Callable[[Mapping[str, LiveNode]], object]) -> IWatch:
        """Call the function with all nodes that are alive, soon, and then whenever these or their cards change.

        To be called after ``begin``; nothing is told while one is under way.  If this node is missing, or there in
        another epoch, its own has ended.
        """

    def show(card: bytes) -> "Deferred[None]":
        """Replace the card of this node.  Fails with Fenced."""

    def compact(upto: int) -> "Deferred[None]":
        """Forget entries that no watch needs which begins after this revision, and free their space at all servers.

        When it fires, a log that was full takes entries again, if there was anything to forget.
        """

    def space() -> "Deferred[Space]":
        """How much space the log takes at the fullest of its servers."""

    def members() -> "Deferred[list[Member]]":
        """The servers of the log, by name."""

    def lease_age() -> float:
        """Seconds since the lease was last renewed, counted from when that was asked for; 0 before ``begin``."""

    def live_age() -> float:
        """Seconds since it was last seen which nodes are alive; 0 before ``begin``.

        It is looked at by itself, again and again; when ``live_age`` grows for long, something hinders that.
        """

    def trouble() -> str:
        """A sentence for the administrator: why the log cannot be used just now; empty if it can."""

    def close() -> "Deferred[None]":
        """End all watches, give up the node's place so that it is free at once, and close all connections.

        What is still under way fails with Closed.
        """
