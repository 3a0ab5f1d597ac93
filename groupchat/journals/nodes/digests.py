"""Digests by which the nodes of a cluster see that they have come to the same."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from groupchat.journals.rules.rows import Row
from groupchat.model.node_operations import Checked, NodeState, Presence

FACTS = 5000
"""Facts that are compared at a time."""

_FIELDS = tuple(field.name for field in fields(Presence))


def checked(
    rows: Iterable[Row],
    facts: Sequence[tuple[str, str, str]],
    presences: Iterable[Presence],
    nodes: Mapping[str, NodeState],
    counts: Iterable[int],
) -> Checked:
    """Return the outcome of a check.

    :param rows: as they count, ascending.
    :param facts: kind, name and canonical value of FACTS of them, or of those that are left, by kind and name.
    :param nodes: what is remembered of each, by name.
    :param counts: the highest number ever used, what has expired, and from when on sessions are kept, in milliseconds.
    """
    others: list[object] = [*facts]
    others += [_values(one) for one in sorted(presences, key=lambda one: one.handle)]
    states = [(node, nodes[node]) for node in sorted(nodes)]
    others += [[node, one.epoch, one.is_up, float(one.at), one.applied] for node, one in states]
    others += [*counts]
    kind, name = facts[-1][:2] if len(facts) == FACTS else ("", "")
    return Checked(_digest(rows), _digest(others), kind, name)


def _values(presence: Presence) -> list[object]:
    values = [getattr(presence, name) for name in _FIELDS]
    return [float(value) if name.endswith("since") else value for name, value in zip(_FIELDS, values, strict=True)]


def _digest(items: Iterable[object]) -> str:
    sum = hashlib.sha256()
    for item in items:
        sum.update(_JSON.encode(item).encode())
        sum.update(b"\n")
    return sum.hexdigest()


_JSON = json.JSONEncoder(separators=(",", ":"))
