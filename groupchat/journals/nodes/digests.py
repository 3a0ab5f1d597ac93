"""Digests by which the nodes of a cluster see that they have come to the same."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields

from groupchat.journals.nodes.log_marks import Mark
from groupchat.journals.rules.rows import Row
from groupchat.model.drafts import Revoke, StoredSession
from groupchat.model.events import AuthorId
from groupchat.model.node_operations import Check, Checked, NodeState, Presence

FACTS = 5000
"""Facts, and sessions behind the last of them, that are compared at a time."""

SESSIONS = "~sessions"
"""Stands for the kind of facts where a check is at the sessions: it comes after every kind."""

Digested = tuple[str, str, str]
"""Something that is compared: kind, name and canonical value of a fact, or SESSIONS, digest and values of a session."""

_PRESENCE = tuple(field.name for field in fields(Presence))
_SESSION = tuple(field.name for field in fields(StoredSession))


def taken(
    check: Check,
    facts: Callable[[tuple[str, str], int], Sequence[Digested]],
    sessions: Callable[[str, int], Iterable[tuple[StoredSession, str]]],
) -> list[Digested]:
    """Return what a check compares besides rows: some facts, and when there are no more of them, sessions.

    :param facts: returns so many of them at most behind a kind and a name, in this order.
    :param sessions: returns so many at most of those that count, behind a digest, in the order of their digests; for
        each also the node at which its connection was last, if it is remembered.
    """
    found = list(facts((check.after_kind, check.after_name), FACTS))
    after = check.after_name if check.after_kind == SESSIONS else ""
    if len(found) < FACTS:
        behind = sessions(after, FACTS - len(found))
        found += ((SESSIONS, one.digest, _JSON.encode(_session(one, node))) for one, node in behind)
    return found


def checked(
    rows: Iterable[Row],
    facts: Sequence[Digested],
    presences: Iterable[Presence],
    nodes: Mapping[str, NodeState],
    counts: Iterable[int],
    ended: Mapping[Revoke, Mark],
    moved: Mapping[tuple[AuthorId, str], Mark],
) -> Checked:
    """Return the outcome of a check.

    :param rows: as they count, ascending.
    :param facts: what ``taken`` returns: FACTS of them, or all that are left.
    :param nodes: what is remembered of each, by name.
    :param counts: the highest number ever used, what has expired, and from when on sessions are kept, in milliseconds.
    :param ended: where tokens have ended.  :param moved: where people were put out of rooms, and accounts moved.
    """
    others: list[object] = [*facts]
    others += [_values(one) for one in sorted(presences, key=lambda one: one.handle)]
    states = [(node, nodes[node]) for node in sorted(nodes)]
    others += [_state(node, one) for node, one in states]
    others += [*counts]
    tokens = sorted((one.author, one.keep, one.only, where.number, float(where.at)) for one, where in ended.items())
    moves = sorted((*which, where.number, float(where.at)) for which, where in moved.items())
    others += [*tokens, *moves]  # by the first rules none are remembered
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
