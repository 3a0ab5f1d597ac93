"""Halls that share a log, which moves only when the test lets it: what each node writes, and what each carries out."""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.interfaces.storage import IClusterJournal, NodeCard, Standing
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Operation, Outcome
from groupchat.model.errors import JournalUnavailable
from groupchat.model.node_operations import NodeDown, NodeUp, Presence
from tests.fakes import HeldJournal
from tests.house import House, Peer


@implementer(IClusterJournal)
class LinkedJournal(HeldJournal):
    """The journal of one node.

    ``write()`` puts what its hall has appended into the log; ``apply()`` carries out the next entry of the log.
    """

    def __init__(self, entries: list[tuple[object, Sequence[Operation]]], node: str) -> None:
        self.inner = MemoryJournal()
        super().__init__(self.inner)
        self.entries = entries
        self.node = node
        self.epoch = 0
        self.applied = 0
        self.is_fenced = False
        self.stopped = ""
        self.others: dict[str, NodeCard] = {}
        self.on_received: Callable[[Sequence[Operation], Sequence[Outcome]], Any] = lambda operations, outcomes: None
        self.on_fenced: Callable[[], Any] = lambda: None
        self.on_begun: Callable[[int], Any] = lambda epoch: None
        self.on_broken: Callable[[Failure], Any] = lambda failure: None
        self._written: dict[int, Deferred[list[Outcome]]] = {}

    def begin(self, epoch: int) -> None:
        """Begin an epoch."""
        is_new = self.is_fenced
        self.epoch, self.is_fenced = epoch, False
        self.entries.append((self, (NodeUp(self.node, epoch),)))
        if is_new:
            self.on_begun(epoch)

    def fence(self) -> None:
        """Note that the node counts as gone; what it has not written is refused."""
        self.is_fenced = True
        self.on_fenced()
        while self.pending:
            self.fail(JournalUnavailable("This server is cut off from the others."))

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        answer = super().append(operations)
        if self.stopped:
            self.fail(JournalUnavailable(self.stopped))
        if self.is_fenced:
            self.fail(JournalUnavailable("This server is cut off from the others."))
        return answer

    def fitting(self, operations: Sequence[Operation]) -> int:
        """Return that there is place for all."""
        return len(operations)

    def write(self) -> None:
        """Put the oldest waiting append into the log."""
        self.entries.append((self, self.pending.pop(0)))
        self._written[len(self.entries)] = self._waiting.pop(0)

    def apply(self) -> None:
        """Carry out the next entry of the log."""
        _, operations = self.entries[self.applied]
        self.applied += 1
        outcomes: list[Outcome] = []
        self.inner.append(operations).addCallback(outcomes.extend)
        waiting = self._written.pop(self.applied, None)
        if waiting is not None:
            waiting.callback(outcomes)
        else:
            self.on_received(operations, outcomes)

    @property
    def is_behind(self) -> bool:
        """Whether there is more in the log."""
        return self.applied < len(self.entries)

    def start(self) -> "Deferred[None]":
        return succeed(None)

    def presences(self) -> "Deferred[list[Presence]]":
        return self.inner.presences()

    def introduce(self, secret: str, fingerprint: Callable[[], str]) -> None:
        """Do nothing: the nodes have no cards."""

    def standing(self) -> Standing:
        return Standing(
            self.node, self.epoch, self.others, len(self.entries), self.applied, 0.0, 0.0, 0.0, self.stopped,
            stopped=self.stopped,
        )  # fmt: skip


class Node(House):
    """A hall of a cluster."""

    journal: LinkedJournal

    def write(self) -> "Node":
        """Put everything that waits into the log."""
        while self.journal.pending:
            self.journal.write()
        return self

    def apply(self) -> "Node":
        """Carry out everything in the log."""
        while self.journal.is_behind:
            self.journal.apply()
            self.turn()
        return self


class Cluster:
    """Nodes with one log, named a, b, c …"""

    def __init__(self, count: int = 2, **settings: object) -> None:
        self.entries: list[tuple[object, Sequence[Operation]]] = []
        self.settings = settings
        self.epoch = 0
        self.nodes: list[Node] = []
        for number in range(count):
            self.add("abcdef"[number])

    def add(self, name: str) -> Node:
        """Start another node, which has carried out everything when it opens its doors."""
        journal = LinkedJournal(self.entries, name)
        self.begin(journal)
        while journal.is_behind:
            journal.apply()
        node = Node(journal, **self.settings)
        self.nodes.append(node)
        self.settle()
        return node

    def begin(self, journal: LinkedJournal) -> None:
        """Begin a new epoch of a node."""
        self.epoch += 1
        journal.begin(self.epoch)

    def down(self, node: Node) -> None:
        """Let a node count as gone, as when its lease has ended."""
        self.entries.append((None, (NodeDown(node.journal.node, node.journal.epoch),)))

    def settle(self) -> None:
        """Write and carry out everything at every node, until nothing is left."""
        while any(node.journal.pending or node.journal.is_behind for node in self.nodes):
            for node in self.nodes:
                node.write().apply()
                node.turn()

    def come(self, node: Node, *nicks: str, **claim: Any) -> list[Peer]:
        """Return programs with these nicknames that have come in at a node, and forgotten how."""
        peers = [node.connect("json").offer(nick, **claim) for nick in nicks]
        self.settle()
        for peer in peers:
            peer.take()
        return peers
