"""Digests by which the nodes of a cluster see that they have come to the same."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Protocol

from groupchat.journals.nodes.ended_tokens import EndedTokens
from groupchat.journals.nodes.late_moves import Moves
from groupchat.journals.rules.rows import Row
from groupchat.model.drafts import StoredSession
from groupchat.model.node_operations import Check, Checked, NodeState, Presence

FACTS = 5000
"""Facts that are compared at a time; and behind the last of them sessions, ended tokens and moves."""

SESSIONS = "~sessions"
"""Stands for the kind of facts where a check is at the sessions: it comes after every kind."""

ENDED = "~tokens"
"""Stands for the kind where a check is at the tokens that have ended, which come after the sessions."""

MOVED = "~whereabouts"
"""Stands for the kind where a check is at the people who were moved, who come last."""

Digested = tuple[str, str, str]
"""Something that is compared: kind, name and canonical value of a fact, or SESSIONS, digest and values of a session.

Of ended tokens it is ENDED, the author and the two digests with slashes between them, and the mark; of people who were
moved it is MOVED, the author and the room with a slash between them, and the mark.
"""

_PRESENCE = tuple(field.name for field in fields(Presence))
_SESSION = tuple(field.name for field in fields(StoredSession))


class Marks(EndedTokens, Moves, Protocol):
    """The place where a journal keeps which tokens have ended, and who was moved."""


def taken(
    check: Check,
    facts: Callable[[tuple[str, str], int], Sequence[Digested]],
    sessions: Callable[[str, int], Iterable[tuple[StoredSession, str]]],
    marks: Marks,
) -> list[Digested]:
    """Return what a check compares besides rows: some facts, and when there are no more of them, what comes behind.

    :param facts: returns so many of them at most behind a kind and a name, in this order.
    :param sessions: returns so many at most of those that count, behind a digest, in the order of their digests; for
        each also the node at which its connection was last, if it is remembered.
    :param marks: which tokens have ended, and who was moved; by the first rules none are remembered.
    """

    def stored(after: str, most: int) -> Iterator[tuple[str, list[object]]]:
        return ((one.digest, _session(one, node)) for one, node in sessions(after, most))

    def ended(after: str, most: int) -> Iterator[tuple[str, list[object]]]:
        author, keep, only = after.split("/", 2) if after else _FIRST
        for end, mark in marks.ends_behind((int(author), keep, only), most):
            yield f"{end.author}/{end.keep}/{end.only}", [mark.number, float(mark.at)]

    def moved(after: str, most: int) -> Iterator[tuple[str, list[object]]]:
        author, room = after.split("/", 1) if after else _FIRST[:2]
        for who, where, mark in marks.moves_after((int(author), room), most):
            yield f"{who}/{where}", [mark.number, float(mark.at)]

    found = list(facts((check.after_kind, check.after_name), FACTS))
    for kind, behind in (SESSIONS, stored), (ENDED, ended), (MOVED, moved):
        if kind >= check.after_kind and len(found) < FACTS:
            after = check.after_name if kind == check.after_kind else ""
            found += ((kind, name, _JSON.encode(value)) for name, value in behind(after, FACTS - len(found)))
    return found


_FIRST = ("-1", "", "")
"""Stands before every author."""


def checked(
    rows: Iterable[Row],
    facts: Sequence[Digested],
    presences: Iterable[Presence],
    nodes: Mapping[str, NodeState],
    counts: Iterable[int],
) -> Checked:
    """Return the outcome of a check.

    :param rows: as they count, ascending.
    :param facts: what ``taken`` returns: FACTS of them, or all that are left.
    :param nodes: what is remembered of each, by name.
    :param counts: the highest number ever used, what has expired, and from when on sessions are kept, in milliseconds.
    """
    others: list[object] = [*facts]
    others += [_values(one) for one in sorted(presences, key=lambda one: one.handle)]
    states = [(node, nodes[node]) for node in sorted(nodes)]
    others += [_state(node, one) for node, one in states]
    others += [*counts]
    kind, name = facts[-1][:2] if len(facts) == FACTS else ("", "")
    return Checked(_digest(rows), _digest(others), kind, name)


def _values(presence: Presence) -> list[object]:
    return _with_times(_PRESENCE, [getattr(presence, name) for name in _PRESENCE])


def _state(node: str, state: NodeState) -> list[object]:
    values: list[object] = [node, state.epoch, state.is_up, float(state.at), state.applied]
    return [*values, True] if state.stopped else values  # by the first rules none says so


def _session(session: StoredSession, node: str) -> list[object]:
    values = _with_times(_SESSION, [getattr(session, name) for name in _SESSION])
    return [*values, node] if node else values  # by the first rules none is remembered


def _with_times(names: Sequence[str], values: Sequence[object]) -> list[object]:
    """Return values with each time as a journal reads it: never as a whole number."""
    pairs = zip(names, values, strict=True)
    return [float(value) if name in _TIMES and isinstance(value, int) else value for name, value in pairs]


_TIMES = frozenset({"since", "known_since", "seen"})


def _digest(items: Iterable[object]) -> str:
    sum = hashlib.sha256()
    for item in items:
        sum.update(_JSON.encode(item).encode())
        sum.update(b"\n")
    return sum.hexdigest()


_JSON = json.JSONEncoder(separators=(",", ":"))
