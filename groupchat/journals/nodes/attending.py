"""Who is where in a cluster: the same rules for every journal."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from groupchat.facts.account_facts import Account
from groupchat.journals.nodes.ended_tokens import EndedTokens, has_ended
from groupchat.journals.nodes.late_moves import Moves
from groupchat.model.drafts import SessionAt
from groupchat.model.errors import BadArguments, NickTaken, NodeLost, Refusal, Replaced
from groupchat.model.events import AuthorId
from groupchat.model.node_operations import (
    Attend,
    Depart,
    NodeDown,
    NodeOperation,
    NodeState,
    NodeUp,
    Place,
    Presence,
    RemoveNode,
)

NOWHERE = Place("", 0, 0, "")
"""The place of a journal that has carried out nothing of any log."""

LAST_NODES = 2
"""The rules from which on it is remembered of which node the connection of a session was last."""

GOODBYES = 2
"""The rules from which on a node that is stopped says so itself."""

LATE_ENDS = 2
"""The rules from which on the end of a node that is not remembered changes nothing."""


class Facts(Protocol):
    """The place where a journal keeps facts and sessions, inside its transaction."""

    def value_of(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """Return the value of a fact; None: it is not true."""

    def has_session(self, digest: str) -> bool:
        """Say whether there is a session with this digest that counts."""


class PresenceStore(EndedTokens, Moves, Protocol):
    """The place where a journal keeps presences and nodes, inside its transaction."""

    def state(self, node: str) -> NodeState:
        """Return what is remembered of a node; epoch 0: nothing is."""

    def keep_node(self, node: str, state: NodeState) -> None:
        """Write what is remembered of a node."""

    def remove_node(self, node: str) -> None:
        """Remember a node no longer."""

    def is_taken(self, key: str, author: AuthorId) -> bool:
        """Say whether somebody else has a presence with the key of this nickname."""

    def node_of(self, handle: str) -> str:
        """Return the node that has the connection with this handle; empty: none has."""

    def keep_presence(self, presence: Presence) -> None:
        """Write a presence under its handle."""

    def remove_presence(self, handle: str, node: str, epoch: int) -> bool:
        """Remove a presence, if it is of this epoch of this node; return whether it was."""

    def remove_presences(self, node: str, epoch: int) -> Sequence[str]:
        """Remove the presences of a node of up to this epoch; return their handles."""

    def keep_last_node(self, digest: str, node: str) -> None:
        """Write at which node the connection of a session was last; it is forgotten with the session."""

    def last_node_of(self, digest: str) -> str:
        """Return at which node the connection of a session was last, now that it is at none; empty: not known."""


def carry_out_attendance(store: PresenceStore, facts: Facts, operation: NodeOperation) -> Refusal | None:
    """Note who comes, goes or has changed, at which node."""
    match operation:
        case Attend():
            return _attend(store, facts, operation)
        case Depart(handle=handle, node=node, epoch=epoch):
            if store.remove_presence(handle, node, epoch):
                _remember(store, facts, node, (handle,))
        case NodeUp(node, epoch):
            if epoch > store.state(node).epoch:
                store.keep_node(node, NodeState(epoch, True))
                _remember(store, facts, node, store.remove_presences(node, epoch - 1))
        case NodeDown(node, epoch, at, applied, stopped):
            known = store.state(node)
            if not known.epoch and store.rules >= LATE_ENDS:
                return _unknown(node)  # it was removed, and whoever says so had noticed its end before that
            if epoch > known.epoch or (epoch == known.epoch and known.is_up):  # whoever noticed first knows since when
                store.keep_node(node, NodeState(epoch, False, at, applied, stopped))
            _remember(store, facts, node, store.remove_presences(node, epoch))
        case RemoveNode(node):
            return _remove(store, node)
    return None


def is_late(store: PresenceStore, kept: SessionAt) -> bool:
    """Say whether a session is what a node knew before its token ended, or its connection came back at another node.

    It may be gone from there by now, too: what a node wants to keep can be on its way for as long as its lease holds.
    """
    if has_ended(store, kept.session):
        return True
    digest = kept.session.digest
    node = store.node_of(digest)
    if not node and store.rules >= LAST_NODES:
        node = store.last_node_of(digest)
    return node not in ("", kept.node)


def _remember(store: PresenceStore, facts: Facts, node: str, handles: Sequence[str]) -> None:
    """Note of connections that are gone at which node they were."""
    if store.rules >= LAST_NODES:
        for handle in handles:
            if facts.has_session(handle):
                store.keep_last_node(handle, node)


def _attend(store: PresenceStore, facts: Facts, attend: Attend) -> Refusal | None:
    presence = attend.presence
    known = store.state(presence.node)
    if presence.epoch != known.epoch or not known.is_up:
        return NodeLost("This node was cut off from the others, and counts as gone. Come in again.")
    if not attend.takes and store.node_of(presence.handle) not in ("", presence.node):
        return Replaced("You have joined again from elsewhere.")
    account = facts.value_of(Account.KIND, presence.key)
    if store.is_taken(presence.key, presence.author) or (account and account["author"] != presence.author):
        return NickTaken(f"Somebody else is called {presence.nick}; choose another nickname.")
    store.keep_presence(presence)
    return None


def _remove(store: PresenceStore, node: str) -> Refusal | None:
    known = store.state(node)
    if not known.epoch:
        return _unknown(node)
    if known.is_up:
        return BadArguments(f"The node {node} is there. Stop it first; 10 to 15 s after it has died it counts as gone.")
    store.remove_node(node)
    return None


def _unknown(node: str) -> BadArguments:
    return BadArguments(f"No node {node} is known here.")
