"""Nodes, presences and the place in a log, in an SQLite file; within the writer's transaction, or a reader's."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from groupchat.journals.nodes.attending import NOWHERE, Facts, carry_out_attendance
from groupchat.journals.nodes.identities import cluster_identity, go_on_alone, go_on_as
from groupchat.journals.nodes.log_marks import Mark
from groupchat.model.drafts import Revoke, StoredSession
from groupchat.model.errors import Refusal
from groupchat.model.events import AuthorId
from groupchat.model.node_operations import Applied, InEntry, NodeOperation, NodeState, Place, Presence, Rules

_PRESENCE = (
    "handle, node, epoch, author, nick, key, account, since, known_since, rooms, current, away, secure, program, door,"
    " origin"
)
"""The columns of ``presences`` in the order of the fields of Presence."""
_KEEP_PRESENCE = f"INSERT OR REPLACE INTO presences ({_PRESENCE}) VALUES ({', '.join('?' * 16)})"
_NODE = "epoch, up, at, applied"
"""The columns of ``nodes``."""
_LOST, _UP, _STOPPED = 0, 1, -1
"""What stands in the column ``up``."""
_PRESENCES = f"SELECT {_PRESENCE} FROM presences ORDER BY handle"
_APPLIED = "UPDATE place SET cluster = ?, number = ?, revision = ?, chain = ? WHERE cluster <> ''"
_JOINED = """
INSERT INTO place VALUES (1, ?, ?, ?, ?, 1) ON CONFLICT (one) DO UPDATE
SET cluster = excluded.cluster, number = excluded.number, revision = excluded.revision, chain = excluded.chain
"""
_PLACE_RULES = "SELECT rules FROM place"
_LAST_NODE = "SELECT node FROM session_nodes WHERE digest = ?"
_KEEP_LAST_NODE = "INSERT OR REPLACE INTO session_nodes VALUES (?, ?)"
_KEEP_END = "INSERT OR REPLACE INTO ended_tokens VALUES (?, ?, ?, ?, ?)"
_HAS_ENDED = """
SELECT 1 FROM ended_tokens
WHERE author = ? AND number > ? AND CASE only_digest WHEN '' THEN kept_digest <> ? ELSE only_digest = ? END LIMIT 1
"""
_FORGET_ENDS = "DELETE FROM ended_tokens WHERE at < ?"
_KEEP_MOVE = "INSERT OR REPLACE INTO moved VALUES (?, ?, ?, ?)"
_MOVES_BEHIND = "SELECT room FROM moved WHERE author = ? AND number > ?"
_FORGET_MOVES = "DELETE FROM moved WHERE at < ?"
_MOVES_AFTER = "SELECT * FROM moved WHERE (author, room) > (?, ?) ORDER BY author, room LIMIT ?"
_REMOVE_END = "DELETE FROM ended_tokens WHERE author = ? AND kept_digest = ? AND only_digest = ?"
_ENDS_OF = "SELECT * FROM ended_tokens WHERE author = ?"
_ENDS_BEHIND = """
SELECT * FROM ended_tokens
WHERE (author, kept_digest, only_digest) > (?, ?, ?) ORDER BY author, kept_digest, only_digest LIMIT ?
"""
_RULES = "INSERT INTO place VALUES (1, '', 0, 0, '', ?) ON CONFLICT (one) DO UPDATE SET rules = excluded.rules"


def place_of(database: sqlite3.Connection) -> Place | None:
    """Return how far a file has carried out a log; None: it follows none."""
    found = database.execute("SELECT cluster, number, revision, chain, rules FROM place").fetchone()
    return None if found is None else Place(*found)


def leave_cluster(database: sqlite3.Connection, head: int) -> None:
    """Have a file follow no log any more.

    :param head: the highest number in it: those behind are not the numbers of the cluster.
    """
    for table in ("place", "nodes", "presences", "session_nodes", "ended_tokens", "moved"):
        database.execute(f"DELETE FROM {table}")
    go_on_alone(database, head)


def presences_of(database: sqlite3.Connection) -> list[Presence]:
    """Return the presences in a file, by handle."""
    return [_presence_of(found) for found in database.execute(_PRESENCES).fetchall()]


def nodes_of(database: sqlite3.Connection) -> dict[str, NodeState]:
    """Return what a file has of each node, by name."""
    found = database.execute(f"SELECT node, {_NODE} FROM nodes").fetchall()
    return {node: _node_of(values) for node, *values in found}


def _end_of(found: Sequence[Any]) -> tuple[Revoke, Mark]:
    author, keep, only, number, at = found
    return Revoke(author, keep, only), Mark(number, at)


def _node_of(found: Sequence[Any]) -> NodeState:
    epoch, up, at, applied = found
    return NodeState(epoch, up == _UP, at, applied, stopped=up == _STOPPED)


def _presence_of(found: Sequence[Any]) -> Presence:
    values = [*found]
    values[9] = tuple(json.loads(values[9]))
    values[12:14] = map(bool, values[12:14])
    return Presence(*values)


class SqliteNodes:
    """What a file keeps for a cluster.

    :param head: the highest number that was given before this transaction.

    ``number``, ``known``: as the entry says that is carried out.
    """

    def __init__(self, database: sqlite3.Connection, head: int) -> None:
        self._database = database
        self._head = head
        self._rules = 0
        """As ``rules``; 0: they were not looked up in this transaction."""
        self.number = self.known = 0

    @property
    def rules(self) -> int:
        """The rules by which the entry is carried out."""
        if not self._rules:
            (self._rules,) = self._database.execute(_PLACE_RULES).fetchone() or (NOWHERE.rules,)
        return self._rules

    def take(self, operation: NodeOperation, facts: Facts) -> Refusal | None:
        """Carry out an operation that is no check."""
        if isinstance(operation, InEntry):
            self.number, self.known = operation.number, operation.known
        elif isinstance(operation, Applied):
            # Once for each batch: astuple, which looks for records in records, takes longer than SQLite does.
            place = (operation.cluster, operation.number, operation.revision, operation.chain)
            if not self._database.execute(_APPLIED, place).rowcount:
                self._database.execute(_JOINED, place)
                # Everything that this transaction has numbered stands in the log.
                go_on_as(self._database, cluster_identity(operation.cluster), self._head)
        elif isinstance(operation, Rules):
            self._database.execute(_RULES, (operation.rules,))
            self._rules = operation.rules
        else:
            return carry_out_attendance(self, facts, operation)
        return None

    def state(self, node: str) -> NodeState:
        """Return what is remembered of a node; epoch 0: nothing is."""
        found = self._database.execute(f"SELECT {_NODE} FROM nodes WHERE node = ?", (node,)).fetchone()
        return NodeState(0, False) if found is None else _node_of(found)

    def keep_node(self, node: str, state: NodeState) -> None:
        """Write what is remembered of a node."""
        up = _UP if state.is_up else _STOPPED if state.stopped else _LOST
        values = (node, state.epoch, up, state.at, state.applied)
        self._database.execute(f"INSERT OR REPLACE INTO nodes (node, {_NODE}) VALUES (?, ?, ?, ?, ?)", values)

    def remove_node(self, node: str) -> None:
        """Remember a node no longer."""
        self._database.execute("DELETE FROM nodes WHERE node = ?", (node,))

    def is_taken(self, key: str, author: AuthorId) -> bool:
        """Say whether somebody else has a presence with the key of this nickname."""
        query = "SELECT 1 FROM presences WHERE key = ? AND author <> ? LIMIT 1"
        return self._database.execute(query, (key, author)).fetchone() is not None

    def node_of(self, handle: str) -> str:
        """Return the node that has the connection with this handle; empty: none has."""
        found = self._database.execute("SELECT node FROM presences WHERE handle = ?", (handle,)).fetchone()
        return "" if found is None else str(found[0])

    def keep_presence(self, presence: Presence) -> None:
        """Write a presence under its handle."""
        values = list(astuple(presence))
        values[9] = json.dumps(presence.rooms, ensure_ascii=False)
        self._database.execute(_KEEP_PRESENCE, values)

    def remove_presence(self, handle: str, node: str, epoch: int) -> bool:
        """Remove a presence, if it is of this epoch of this node; return whether it was."""
        query = "DELETE FROM presences WHERE handle = ? AND node = ? AND epoch = ?"
        return self._database.execute(query, (handle, node, epoch)).rowcount > 0

    def remove_presences(self, node: str, epoch: int) -> Sequence[str]:
        """Remove the presences of a node of up to this epoch; return their handles."""
        where = "FROM presences WHERE node = ? AND epoch <= ?"
        handles = [handle for (handle,) in self._database.execute(f"SELECT handle {where}", (node, epoch)).fetchall()]
        if handles:
            self._database.execute(f"DELETE {where}", (node, epoch))
        return handles

    def keep_last_node(self, digest: str, node: str) -> None:
        """Write at which node the connection of a session was last."""
        self._database.execute(_KEEP_LAST_NODE, (digest, node))

    def last_node_of(self, digest: str) -> str:
        """Return at which node the connection of a session was last, now that it is at none; empty: not known."""
        found = self._database.execute(_LAST_NODE, (digest,)).fetchone()
        return "" if found is None else str(found[0])

    def keep_end(self, change: Revoke, mark: Mark) -> None:
        """Write where these tokens have ended, instead of where they had before."""
        self._database.execute(_KEEP_END, (change.author, change.keep, change.only, mark.number, mark.at))

    def remove_end(self, change: Revoke) -> None:
        """Remember no longer where these tokens have ended."""
        self._database.execute(_REMOVE_END, (change.author, change.keep, change.only))

    def ends_of(self, author: AuthorId) -> dict[Revoke, Mark]:
        """Return where tokens of an author have ended."""
        return dict(map(_end_of, self._database.execute(_ENDS_OF, (author,)).fetchall()))

    def ends_behind(self, after: tuple[int, str, str], most: int) -> list[tuple[Revoke, Mark]]:
        """Return so many at most behind an author and the digests ``keep`` and ``only``, in this order."""
        return [*map(_end_of, self._database.execute(_ENDS_BEHIND, (*after, most)).fetchall())]

    def has_ended(self, session: StoredSession, known: int) -> bool:
        """Say whether the token of a session has ended in an entry behind this one."""
        asked = (session.author, known, session.digest, session.digest)
        return self._database.execute(_HAS_ENDED, asked).fetchone() is not None

    def forget_ends(self, before: float) -> None:
        """Remember no longer what was asked for before this, in seconds since 1970 UTC."""
        self._database.execute(_FORGET_ENDS, (before,))

    def keep_move(self, author: AuthorId, room: str, mark: Mark) -> None:
        """Write where an author was put out of a room, or their account was moved, instead of where it was before."""
        self._database.execute(_KEEP_MOVE, (author, room, mark.number, mark.at))

    def moves_behind(self, author: AuthorId, known: int) -> list[str]:
        """Return the rooms an author was put out of in entries behind this one; and ACCOUNT, if it was moved there."""
        return sorted(room for (room,) in self._database.execute(_MOVES_BEHIND, (author, known)).fetchall())

    def moves_after(self, after: tuple[int, str], most: int) -> list[tuple[AuthorId, str, Mark]]:
        """Return so many moves at most behind an author and a room, in this order."""
        found = self._database.execute(_MOVES_AFTER, (*after, most)).fetchall()
        return [(author, room, Mark(number, at)) for author, room, number, at in found]

    def forget_moves(self, before: float) -> None:
        """Remember no longer what was asked for before this, in seconds since 1970 UTC."""
        self._database.execute(_FORGET_MOVES, (before,))
