"""Digests by which the nodes of a cluster see that they have come to the same."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, replace

from groupchat.journals.rules.rows import Row
from groupchat.model.drafts import Fact, canonical
from groupchat.model.node_operations import Checked, Presence


def checked(
    rows: Iterable[Row],
    facts: Iterable[Fact],
    presences: Iterable[Presence],
    nodes: Mapping[str, tuple[int, bool]],
    counts: Iterable[int],
) -> Checked:
    """Return the outcome of a check.

    :param rows: as they count, ascending.  :param facts: all of them, by kind and name.
    :param nodes: the newest epoch of each node, and whether it has not ended.
    :param counts: the highest number ever used, what has expired, and from when on sessions are kept, in milliseconds.
    """
    others: list[object] = [[one.kind, one.name, canonical(one.value or {})] for one in facts]
    # In a file a time has always a point.
    exact = [replace(one, since=float(one.since), known_since=float(one.known_since)) for one in presences]
    others += [astuple(one) for one in sorted(exact, key=lambda one: one.handle)]
    others += [[node, *nodes[node]] for node in sorted(nodes)]
    others += [*counts]
    return Checked(_digest(rows), _digest(others))


def _digest(items: Iterable[object]) -> str:
    sum = hashlib.sha256()
    for item in items:
        sum.update(json.dumps(item, separators=(",", ":")).encode())
        sum.update(b"\n")
    return sum.hexdigest()
