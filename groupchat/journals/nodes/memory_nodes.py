"""Nodes, presences and the place in a log, of a journal in memory."""

from collections.abc import Container, Sequence
from dataclasses import replace
from heapq import nsmallest

from groupchat.journals.nodes.attending import NOWHERE, Facts, carry_out_attendance
from groupchat.journals.nodes.log_marks import Mark
from groupchat.model.drafts import Revoke, StoredSession
from groupchat.model.errors import Refusal
from groupchat.model.events import AuthorId
from groupchat.model.node_operations import Applied, InEntry, NodeOperation, NodeState, Place, Presence, Rules


class MemoryNodes:
    """What a journal keeps for a cluster.

    ``nodes``: by name.  ``presences``: by handle.
    ``last_nodes``: at which node the connection of a session was last, by the digest of that.
    ``ended``: where tokens have ended, by author.
    ``moved``: where people were put out of rooms, and accounts moved (late_moves.ACCOUNT).
    ``place``: None if the journal follows no log.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, NodeState] = {}
        self.presences: dict[str, Presence] = {}
        self.last_nodes: dict[str, str] = {}
        self.ended: dict[AuthorId, dict[Revoke, Mark]] = {}
        self.moved: dict[tuple[AuthorId, str], Mark] = {}
        self.place: Place | None = None
        self.begin()

    def begin(self) -> None:
        """Begin a transaction: nothing of it stands in an entry, unless that is said."""
        self.number = self.known = 0

    @property
    def rules(self) -> int:
        """The rules by which the entry is carried out."""
        return (self.place or NOWHERE).rules

    def take(self, operation: NodeOperation, facts: Facts) -> Refusal | None:
        """Carry out an operation that is no check."""
        if isinstance(operation, Applied):
            before = self.place or NOWHERE
            self.place = Place(
                operation.cluster, operation.number, operation.revision, operation.chain, before.rules
            )  # fmt: skip
        elif isinstance(operation, InEntry):
            self.number, self.known = operation.number, operation.known
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

    def remove_presence(self, handle: str, node: str, epoch: int) -> bool:
        """Remove a presence, if it is of this epoch of this node; return whether it was."""
        known = self.presences.get(handle)
        if known is None or (known.node, known.epoch) != (node, epoch):
            return False
        del self.presences[handle]
        return True

    def remove_presences(self, node: str, epoch: int) -> Sequence[str]:
        """Remove the presences of a node of up to this epoch; return their handles."""
        handles = [known.handle for known in self.presences.values() if known.node == node and known.epoch <= epoch]
        for handle in handles:
            del self.presences[handle]
        return handles

    def keep_last_node(self, digest: str, node: str) -> None:
        """Write at which node the connection of a session was last."""
        self.last_nodes[digest] = node

    def last_node_of(self, digest: str) -> str:
        """Return at which node the connection of a session was last, now that it is at none; empty: not known."""
        return self.last_nodes.get(digest, "")

    def keep_end(self, change: Revoke, mark: Mark) -> None:
        """Write where these tokens have ended, instead of where they had before."""
        self.ended.setdefault(change.author, {})[change] = mark

    def remove_end(self, change: Revoke) -> None:
        """Remember no longer where these tokens have ended."""
        del self.ended[change.author][change]

    def ends_of(self, author: AuthorId) -> dict[Revoke, Mark]:
        """Return where tokens of an author have ended."""
        return {**self.ended.get(author, {})}

    def ends_behind(self, after: tuple[int, str, str], most: int) -> list[tuple[Revoke, Mark]]:
        """Return so many at most behind an author and the digests ``keep`` and ``only``, in this order."""
        keys = ((end.author, end.keep, end.only) for ends in self.ended.values() for end in ends)
        found = [Revoke(*key) for key in nsmallest(most, (key for key in keys if key > after))]
        return [(end, self.ended[end.author][end]) for end in found]

    def has_ended(self, session: StoredSession, known: int) -> bool:
        """Say whether the token of a session has ended in an entry behind this one."""
        return any(
            one.number > known and change.concerns(session.author, session.digest)
            for change, one in self.ended.get(session.author, {}).items()
        )  # fmt: skip

    def forget_ends(self, before: float) -> None:
        """Remember no longer what was asked for before this, in seconds since 1970 UTC."""
        for author, ends in [*self.ended.items()]:
            self.ended[author] = {change: one for change, one in ends.items() if one.at >= before}
            if not self.ended[author]:
                del self.ended[author]

    def keep_move(self, author: AuthorId, room: str, mark: Mark) -> None:
        """Write where an author was put out of a room, or their account was moved, instead of where it was before."""
        self.moved[author, room] = mark

    def moves_behind(self, author: AuthorId, known: int) -> list[str]:
        """Return the rooms an author was put out of in entries behind this one; and ACCOUNT, if it was moved there."""
        return sorted(room for (who, room), one in self.moved.items() if who == author and one.number > known)

    def moves_after(self, after: tuple[int, str], most: int) -> list[tuple[AuthorId, str, Mark]]:
        """Return so many moves at most behind an author and a room, in this order."""
        return [(*which, self.moved[which]) for which in nsmallest(most, (one for one in self.moved if one > after))]

    def forget_moves(self, before: float) -> None:
        """Remember no longer what was asked for before this, in seconds since 1970 UTC."""
        self.moved = {which: one for which, one in self.moved.items() if one.at >= before}

    def forget_sessions(self, kept: Container[str]) -> None:
        """Forget where the sessions were that there are no longer.  :param kept: the digests of the others."""
        self.last_nodes = {digest: node for digest, node in self.last_nodes.items() if digest in kept}
