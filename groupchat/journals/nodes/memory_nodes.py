"""Nodes, presences and the place in a log, of a journal in memory."""

from dataclasses import replace

from groupchat.journals.nodes.attending import Facts, carry_out_attendance
from groupchat.model.errors import Refusal
from groupchat.model.events import AuthorId
from groupchat.model.node_operations import Applied, NodeOperation, NodeState, Place, Presence, Rules

NOWHERE = Place("", 0, 0, "")
"""The place of a journal that has carried out nothing of any log."""


class MemoryNodes:
    """What a journal keeps for a cluster.

    ``nodes``: by name.  ``presences``: by handle.
    ``place``: None if the journal follows no log.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, NodeState] = {}
        self.presences: dict[str, Presence] = {}
        self.place: Place | None = None

    def take(self, operation: NodeOperation, facts: Facts) -> Refusal | None:
        """Carry out an operation that is no check."""
        if isinstance(operation, Applied):
            before = self.place or NOWHERE
            self.place = Place(
                operation.cluster, operation.number, operation.revision, operation.chain, before.rules
            )  # fmt: skip
        elif isinstance(operation, Rules):
            self.place = replace(self.place or NOWHERE, rules=operation.rules)
        else:
            return carry_out_attendance(self, facts, operation)
        return None

    def state(self, node: str) -> NodeState:
        """Return what is remembered of a node; epoch 0: nothing is."""
        return self.nodes.get(node, NodeState(0, False))

    def keep_node(self, node: str, state: NodeState) -> None:
        """Write what is remembered of a node."""
        self.nodes[node] = state

    def remove_node(self, node: str) -> None:
        """Remember a node no longer."""
        del self.nodes[node]

    def is_taken(self, key: str, author: AuthorId) -> bool:
        """Say whether somebody else has a presence with the key of this nickname."""
        return any(one.key == key and one.author != author for one in self.presences.values())

    def node_of(self, handle: str) -> str:
        """Return the node that has the connection with this handle; empty: none has."""
        known = self.presences.get(handle)
        return "" if known is None else known.node

    def keep_presence(self, presence: Presence) -> None:
        """Write a presence under its handle."""
        self.presences[presence.handle] = presence

    def remove_presence(self, handle: str, node: str, epoch: int) -> None:
        """Remove a presence, if it is of this epoch of this node."""
        known = self.presences.get(handle)
        if known is not None and (known.node, known.epoch) == (node, epoch):
            del self.presences[handle]

    def remove_presences(self, node: str, epoch: int) -> None:
        """Remove the presences of a node of up to this epoch."""
        for known in [*self.presences.values()]:
            if known.node == node and known.epoch <= epoch:
                del self.presences[known.handle]
