"""Compare what the nodes of a cluster have, with what was promised and with one another."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from groupchat.checker.drain import Drain
from groupchat.checker.ledger import SHOWN, Findings, Kept, compare
from groupchat.checker.returning import Returning
from groupchat.checker.roamers import ClusterLoad

AGREE_S = 30.0
"""Seconds in which all nodes must come to the same."""

LOOK_S = 0.3
"""Seconds between two looks."""

PAGE = 150
"""The most people that are compared: more come in several pages."""


@dataclass(slots=True)
class Node:
    """What one node has: the posts of the run, how each message is shown, what was changed, and who is there."""

    name: str
    posts: list[Kept]
    forms: Mapping[int, int]
    changed: Mapping[int, str]
    people: Mapping[str, int]


@dataclass(slots=True)
class Agreement:
    """The faults that a comparison of all nodes found, as sentences; ``findings``: those against the ledger.

    ``sessions``: the tokens that do not lead back where they should.
    """

    findings: Findings
    changes: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """True if every promise was kept."""
        return self.findings.good and not (self.changes or self.differing or self.sessions)

    def lines(self) -> Iterator[str]:
        """Return the findings for people: a count for each kind, then the faults."""
        kinds = {"changes": self.changes, "differing": self.differing, "sessions": self.sessions}
        for name, found in kinds.items():
            yield f"{name:13}{len(found)}"
        yield from self.findings.lines()
        for name, found in kinds.items():
            for sentence in found[:SHOWN]:
                yield f"! {name}: {sentence}"
            if len(found) > SHOWN:
                yield f"! {name}: and {len(found) - SHOWN} more"


def agree(load: ClusterLoad, patience: float, limit: float = AGREE_S) -> Agreement:
    """Read what all nodes have, until it is what was promised, and the same everywhere, or the time is over.

    :param limit: seconds in which they must come to the same, after everything was read for the first time, which may
        take long on a busy machine; the watchers have as long to read to the end.

    Raises Unreachable.
    """
    end: float | None = None
    while True:
        nodes = read_all(load, patience)
        newest = max((node.posts[-1].id for node in nodes if node.posts), default=0)
        left = limit if end is None else end - time.monotonic()
        load.watch(max(newest, load.ledger.highest), max(left, LOOK_S))
        found = judge(load, nodes)
        if end is None:
            end = time.monotonic() + limit
        if found.good or time.monotonic() > end:
            break
        time.sleep(LOOK_S)
    unknown = load.turned_away.get("token-invalid", 0)
    if unknown:
        found.sessions.append(f"the tokens of clients were not known, {unknown} times")
    found.sessions += Returning(load.servers, load.names, f"{load.changing}-back", patience, limit).faults()
    return found


def read_all(load: ClusterLoad, patience: float) -> list[Node]:
    """Read what each node has.  Raises Unreachable."""
    ledger, nodes = load.ledger, []
    after = max(ledger.after, 0)
    for name, server in zip(load.names, load.servers, strict=True):
        with contextlib.closing(Drain(server, patience, load.changing, compares=True)) as drain:
            # Whatever else is said in that room is not of this run.
            changed = {id: text for id, text in drain.messages(after) if text.startswith(f"{ledger.run}^")}
            forms = dict(drain.forms)
        with contextlib.closing(Drain(server, patience, ledger.room, compares=True)) as drain:
            posts, people = drain.posts(ledger), Counter(drain.people())
            nodes.append(Node(name, posts, forms | drain.forms, changed, people))
    return nodes


def judge(load: ClusterLoad, nodes: Sequence[Node]) -> Agreement:
    """Compare what the nodes have with what was promised, and with one another."""
    ledger = load.ledger
    agreement = Agreement(Findings(misplaced=list(ledger.misplaced)))
    for node, view in zip(nodes, load.views, strict=True):
        found = compare(ledger, node.posts, view)
        for name in ("lost", "duplicated", "unexpected", "out_of_order"):
            known = getattr(agreement.findings, name)
            known += [f"{node.name}: {sentence}" for sentence in getattr(found, name)]
        agreement.findings.recovered = max(agreement.findings.recovered, found.recovered)
        agreement.changes += (f"{node.name}: {sentence}" for sentence in _wrong_changes(load, node))
        agreement.differing += _differences(nodes[0], node)
        agreement.differing += _wrong_people(load, node)
    return agreement


def _wrong_changes(load: ClusterLoad, node: Node) -> Iterator[str]:
    """Give a sentence for each message that does not read as its last change, or is there although it is deleted."""
    expected = {id: text for roamer in load.roamers for id, text in roamer.texts.items()}
    for id, text in expected.items():
        there = node.changed.get(id)
        if there != text:
            yield f"#{id} {_reads(there)}, but it {'was deleted' if text is None else f'should read “{text}”'}"
    for id in node.changed.keys() - expected.keys():
        yield f"#{id} {_reads(node.changed[id])}, and was never acknowledged"


def _reads(text: str | None) -> str:
    return "is not there" if text is None else f"reads “{text}”"


def _differences(first: Node, other: Node) -> Iterator[str]:
    """Give a sentence for each message that two nodes do not show alike."""
    for id in sorted(first.forms.keys() | other.forms.keys()):
        if id not in other.forms or id not in first.forms:
            there, away = (first, other) if id in first.forms else (other, first)
            yield f"#{id} is there at {there.name}, and not at {away.name}"
        elif first.forms[id] != other.forms[id]:
            yield f"#{id} is not the same at {first.name} and at {other.name}"


def _wrong_people(load: ClusterLoad, node: Node) -> Iterator[str]:
    """Give a sentence for each client that a node does not list once in the room where it is."""
    here = [client for client in (*load.posters, *load.watchers) if client.joined]
    if sum(node.people.values()) > PAGE:
        return
    for client in here:
        if node.people.get(client.nick, 0) != 1:
            yield f"{node.name} lists {client.nick} {node.people.get(client.nick, 0)} times"
