"""Nodes of a cluster that are not as they should be: ``python -m faults.cluster.planted WHAT …``.

``skipping`` leaves out every tenth entry of another node that says something; ``early`` acknowledges what is said
before it stands in the log; ``forgetting`` removes what is older than two seconds, by its own clock; ``losing`` does
not keep the sessions of other nodes, ``unreading`` keeps them as if nothing had been read, and ``keeping`` keeps those
that others have ended.  A checker that has never failed on these proves nothing.
``checking`` compares itself with the others each two seconds instead of each minute, but not while there is a file
``no-checks`` beside its data folder; ``newer`` is the next release, which knows newer rules; ``seldom``
flushes what it has carried out once in a second, so that a loss of power takes away more than it usually would, and
compares itself often.  All further arguments are
passed on to twistd.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from groupchat.interfaces.shared_log import LiveNode
from groupchat.journals.cluster import cluster_journal
from groupchat.journals.cluster.applying import Applying, Received
from groupchat.journals.cluster.checking import Checking
from groupchat.journals.cluster.cluster_journal import ClusterJournal
from groupchat.journals.cluster.entries import RULES
from groupchat.journals.sqlite.writer import Writer
from groupchat.model.drafts import Amendment, Draft, Expire, Kind, Operation, Outcome, Revoke, StoredSession
from groupchat.model.node_operations import Check

EACH = 10
"""Of so many entries one is skipped."""
KEPT_S = 2.0
"""Seconds after which the forgetting node removes what was said."""
CHECK_S = 2.0
"""Seconds between two checks of nodes that check themselves often."""
FLUSH_S = 1.0
"""Seconds between two flushes of a node that flushes seldom."""
NO_CHECKS = "no-checks"
"""The name of the file beside the data folder of such a node, as long as which is there it proposes none."""


def says(operations: Sequence[Operation]) -> bool:
    """Return whether these are only things that were said in a room."""
    return all(isinstance(operation, Draft) and operation.kind is Kind.SAID for operation in operations)


class ChangingApplying(Applying):
    """Carries out something else than what other nodes have said."""

    def _carry_out(self, taken: Sequence[Received]) -> None:
        super()._carry_out([one if one.entry.node == _own_name() else self._changed(one) for one in taken])

    def _changed(self, one: Received) -> Received:
        entry = replace(one.entry, operations=tuple(self.change(one.entry.operations)))
        return Received(one.number, one.revision, entry, one.data)

    def change(self, operations: Sequence[Operation]) -> Sequence[Operation]:
        """Return what is carried out instead of an entry."""
        raise NotImplementedError


class SkippingApplying(ChangingApplying):
    """Leaves out some entries."""

    _seen = 0

    def change(self, operations: Sequence[Operation]) -> Sequence[Operation]:
        if not operations or not says(operations):
            return operations
        self._seen += 1
        return operations if self._seen % EACH else ()


class LosingApplying(ChangingApplying):
    """Keeps no sessions."""

    def change(self, operations: Sequence[Operation]) -> Sequence[Operation]:
        return [one for one in operations if not isinstance(one, StoredSession)]


class UnreadingApplying(ChangingApplying):
    """Keeps sessions, but not how far their owners have read."""

    def change(self, operations: Sequence[Operation]) -> Sequence[Operation]:
        return [replace(one, read=()) if isinstance(one, StoredSession) else one for one in operations]


class KeepingApplying(ChangingApplying):
    """Keeps sessions that have ended."""

    def change(self, operations: Sequence[Operation]) -> Sequence[Operation]:
        return [self._unended(one) for one in operations]

    def _unended(self, operation: Operation) -> Operation:
        if not isinstance(operation, Amendment):
            return operation
        return replace(operation, changes=tuple(one for one in operation.changes if not isinstance(one, Revoke)))


class EarlyJournal(ClusterJournal):
    """Acknowledges what is said when it is in its own journal, whatever the log says later."""

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        proposed = super().append(operations)
        if not operations or not says(operations):
            return proposed
        proposed.addErrback(lambda failure: None)
        return self._inner.append(operations)


class ForgettingJournal(ClusterJournal):
    """Removes what is old by its own clock."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        LoopingCall(self._forget).start(0.5, now=False)

    def _forget(self) -> None:
        self._inner.append([Expire(time.time() - KEPT_S)])


class RestingChecking(Checking):
    """Proposes no check while it is asked not to.  ``path``: the file that asks for it."""

    path = Path(NO_CHECKS)

    def next(self, head: int, others: Mapping[str, LiveNode]) -> Check | None:
        return None if self.path.exists() else super().next(head, others)


class NewerJournal(ClusterJournal):
    """Knows newer rules than this release."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **{**more, "rules": RULES + 1})


def _own_name() -> str:
    return _option("--node")


def _option(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1]


def _journal(kind: type[ClusterJournal]) -> Callable[[], None]:
    def plant() -> None:
        cluster_journal.ClusterJournal = kind  # type: ignore[misc]

    return plant


def _applying(kind: type[Applying]) -> Callable[[], None]:
    def plant() -> None:
        setattr(cluster_journal, "Applying", kind)  # noqa: B010  # a name that it imports

    return plant


def _check_often() -> None:
    for name, seconds in (("CHECK_S", CHECK_S), ("SHOW_S", CHECK_S / 4)):
        setattr(cluster_journal, name, seconds)
    RestingChecking.path = Path(_option("--data")).parent / NO_CHECKS
    setattr(cluster_journal, "Checking", RestingChecking)  # noqa: B010  # a name that it imports


def _flush_seldom() -> None:
    flush, flushed = Writer._flush, [0.0]

    def seldom(writer: Writer) -> None:
        if time.monotonic() >= flushed[-1] + FLUSH_S:
            flushed.append(time.monotonic())
            flush(writer)

    setattr(Writer, "_flush", seldom)  # noqa: B010  # a method
    _check_often()


PLANTS: dict[str, Callable[[], None]] = {
    "skipping": _applying(SkippingApplying),
    "losing": _applying(LosingApplying),
    "unreading": _applying(UnreadingApplying),
    "keeping": _applying(KeepingApplying),
    "early": _journal(EarlyJournal),
    "forgetting": _journal(ForgettingJournal),
    "newer": _journal(NewerJournal),
    "checking": _check_often,
    "seldom": _flush_seldom,
}


def program(what: str) -> list[str]:
    """Return the command that runs such a node."""
    return [sys.executable, "-m", "faults.cluster.planted", what]


def main() -> None:
    """Run twistd with what was planted."""
    PLANTS[sys.argv.pop(1)]()
    from twisted.scripts.twistd import run

    sys.argv[0] = "twistd"
    run()


if __name__ == "__main__":
    main()
