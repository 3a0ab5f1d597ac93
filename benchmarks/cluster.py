"""Cluster: what sharing a log in etcd costs a post, and what it gains, beside one server in the same run."""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from benchmarks.crowd import Crowd, gather
from benchmarks.figures import Row, Tell, median, quantile
from benchmarks.load import Broken, Load, Span
from benchmarks.node_catching_up import catching_up
from benchmarks.node_parts import node_parts
from benchmarks.node_peers import NODES, BareEtcd, Cluster, cluster_of
from benchmarks.ours import AskingGroupchat, Groupchat
from benchmarks.processes import Server
from benchmarks.targets import MORE, TWICE

POSTERS = 20
OUTSTANDING = 200
"""Posts on their way at any time; those who post hear each other, so they are fewer."""
IDLE_S = 2.0
RATE = 20.0
"""Posts a second for those who only listen: few enough that three nodes of one machine keep up."""


def cluster(members: int, behind: int, lines: int, seconds: float, rounds: int, tell: Tell) -> list[Row]:
    """Return one row for each figure.

    :param members: how many one server has, and the nodes between them, to be compared.
    :param behind: posts that a node catches up with.
    :param lines: posts for each time that a part is timed.
    """
    if shutil.which("etcd") is None:
        tell("cluster: left out: etcd is not installed.")
        return []
    tell("cluster: what carrying out an entry is made of")
    rows = node_parts(lines)
    with cluster_of(NODES[:1]) as made:
        rows += _by_themselves(made, seconds, rounds, tell)
    with cluster_of() as made:
        rows += _posting(made, 1, 1, seconds, rounds, tell)
        rows += _posting(made, POSTERS, OUTSTANDING, seconds, rounds, tell)
        rows += _listening(made, members, seconds, rounds, tell)
        rows += catching_up(made, behind, rounds, tell)
    return rows


def _row(figure: str, value: float, unit: str) -> Row:
    return {"scenario": "cluster", "figure": figure, "value": value, "unit": unit}


def _used(servers: Mapping[str, Server]) -> dict[str, float]:
    return {name: server.cpu_s() for name, server in servers.items()}


def _idle(made: Cluster) -> dict[str, float]:
    """Return the seconds of processor time that each uses in a second in which nobody says anything."""
    servers = {**made.nodes, "alone": made.alone}
    made.settle()
    before = _used(servers)
    time.sleep(IDLE_S)
    return {name: (used - before[name]) / IDLE_S for name, used in _used(servers).items()}


def _by_themselves(made: Cluster, seconds: float, rounds: int, tell: Tell) -> list[Row]:
    """One post outstanding at one node with one member of etcd: nobody else wants a processor or the disk."""
    found: dict[str, list[float]] = {}
    bare = BareEtcd(made.etcd)
    with _one_each({"node": made.nodes["a1"], "least": made.least}) as loads:
        try:
            for number in range(rounds):
                tell(f"cluster: one node with one member of etcd, round {number + 1} of {rounds}")
                for name, load in loads.items():
                    load.run(0.3, window=1)
                    load.run(5.0)
                    waited = made.nodes["a1"].waited_s()
                    span = load.run(seconds, window=1)
                    load.run(5.0)
                    waited = made.nodes["a1"].waited_s() - waited
                    found.setdefault(name, []).append(quantile(span.delays, 0.5))
                    if name == "node":
                        found.setdefault("waited", []).append(waited * 1e3 / max(1, span.sent))
                found.setdefault("etcd", []).append(quantile(bare.run(seconds), 0.5))
        finally:
            bare.close()
    more = [node - etcd for node, etcd in zip(found["node"], found["etcd"], strict=True)]
    least = [node - etcd for node, etcd in zip(found["least"], found["etcd"], strict=True)]
    what = "one node with one member of etcd, one post outstanding"
    return [
        _row(f"{what}: p50", median(found["node"]), "ms"),
        _row(f"{what}: p50 less that of etcd's transaction", median(more), "ms"),
        _row(f"{what}: the same of a program that does nothing else", median(least), "ms"),
        _row(f"{what}: its threads wait for a processor", median(found["waited"]), "ms/post"),
    ]


@contextmanager
def _one_each(servers: Mapping[str, Server]) -> Iterator[dict[str, Load]]:
    """Give a load for each server, of one who posts and waits for the answer."""
    with ExitStack() as stack:
        loads = {}
        for name, server in servers.items():
            crowd = gather(AskingGroupchat(), server.port, 1)
            stack.callback(crowd.close)
            loads[name] = Load(crowd.sockets, crowd.sockets, AskingGroupchat.speech, 1)
            stack.callback(loads[name].close)
        yield loads


def _posting(made: Cluster, count: int, window: int, seconds: float, rounds: int, tell: Tell) -> list[Row]:
    """Somebody posts as soon as an earlier post is answered: to one server, at a node, and etcd's part of it."""
    found: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        found.setdefault(name, []).append(value)

    idle = _idle(made)
    bare = BareEtcd(made.etcd)
    crowds = {"alone": gather(AskingGroupchat(), made.alone.port, count)}
    crowds["a1"] = gather(AskingGroupchat(), made.nodes["a1"].port, count, first=POSTERS + 1)
    loads = {name: Load(one.sockets, one.sockets, AskingGroupchat.speech, 1) for name, one in crowds.items()}
    try:
        for number in range(rounds):
            tell(f"cluster: {window} posts outstanding, round {number + 1} of {rounds}")
            for name, load in loads.items():
                load.run(0.3, window=window)
                load.run(5.0)
                servers = {"alone": made.alone} if name == "alone" else made.nodes
                before, begun, waited = _used(servers), time.monotonic(), servers[name].waited_s()
                span = load.run(seconds, window=window)
                load.run(5.0)
                took = time.monotonic() - begun
                after = _used(servers)
                note(f"waited {name}", (servers[name].waited_s() - waited) * 1e3 / max(1, span.sent))
                note(f"p50 {name}", quantile(span.delays, 0.5))
                note(f"p10 {name}", quantile(span.delays, 0.1))
                note(f"posts/s {name}", span.delivered / span.seconds)
                for one in servers:
                    note(f"cpu {one}", (after[one] - before[one] - idle[one] * took) * 1e6 / max(1, span.sent))
            if window == 1:
                took_each = bare.run(seconds)
                note("p50 etcd", quantile(took_each, 0.5))
                note("p10 etcd", quantile(took_each, 0.1))
                with _one_each({"least": made.least}) as least:
                    span = least["least"].run(seconds, window=1)
                note("p50 least", quantile(span.delays, 0.5))
                note("p10 least", quantile(span.delays, 0.1))
    finally:
        for load in loads.values():
            load.close()
        for crowd in crowds.values():
            crowd.close()
        bare.close()
    who = "one post outstanding" if window == 1 else f"{window} posts outstanding"
    rows = [_row(f"{who}: p50 at one server alone", median(found["p50 alone"]), "ms")]
    if window == 1:
        more = [node - etcd for node, etcd in zip(found["p50 a1"], found["p50 etcd"], strict=True)]
        least_more = [node - etcd for node, etcd in zip(found["p50 least"], found["p50 etcd"], strict=True)]
        rows += [
            _row("etcd's transaction by itself: p50", median(found["p50 etcd"]), "ms"),
            _row(f"{who}: p50 at a node", median(found["p50 a1"]), "ms"),
            _row(MORE, median(more), "ms"),
            _row("the same of a program that does nothing else", median(least_more), "ms"),
            _row(f"{who}: the threads of the node wait for a processor", median(found["waited a1"]), "ms/post"),
            _row(f"{who}: those of one server alone", median(found["waited alone"]), "ms/post"),
            _row("the fastest tenth: at one server alone", min(found["p10 alone"]), "ms"),
            _row("the fastest tenth: etcd's transaction by itself", min(found["p10 etcd"]), "ms"),
            _row("the fastest tenth: a program that does nothing else", min(found["p10 least"]), "ms"),
            _row("the fastest tenth: at a node", min(found["p10 a1"]), "ms"),
        ]
    else:
        ratios = [node / alone for node, alone in zip(found["posts/s a1"], found["posts/s alone"], strict=True)]
        rows += [
            _row(f"{who}: p50 at a node", median(found["p50 a1"]), "ms"),
            _row(f"{who}: one server alone", median(found["posts/s alone"]), "posts/s"),
            _row(f"{who}: a node", median(found["posts/s a1"]), "posts/s"),
            _row(f"{who}: node / one server alone", median(ratios), "×"),
        ]
    others = [min(pair) for pair in zip(found["cpu b1"], found["cpu c1"], strict=True)]
    return [
        *rows,
        _row(f"{who}: CPU of one server alone", min(found["cpu alone"]), "µs/post"),
        _row(f"{who}: CPU of the node they are at", min(found["cpu a1"]), "µs/post"),
        _row(f"{who}: CPU of another node", min(others), "µs/post"),
    ]


def _listening(made: Cluster, members: int, seconds: float, rounds: int, tell: Tell) -> list[Row]:
    """One who posts, and many who listen: at one server, and the same number and twice as many at three nodes."""
    least: dict[str, list[float]] = {}
    idle = _idle(made)
    plain = Groupchat()
    for number in range(rounds):
        for times in (0, 1, 2):
            tell(f"cluster: {members} members at one server, {times * members} at the nodes, round {number + 1}")
            share = times * members // len(NODES)
            places = {name: (server, share) for name, server in made.nodes.items()}
            node = _work(plain, places, seconds, idle) if times else _empty(made.nodes, seconds, idle)
            least.setdefault(f"node {times}", []).append(node)
            single = {"alone": made.alone}
            if times == 0:
                least.setdefault("alone 0", []).append(_empty(single, seconds, idle))
            elif times == 1:
                one = _work(plain, {"alone": (made.alone, members)}, seconds, idle)
                least.setdefault("alone 1", []).append(one)
    nobody, alone, empty, third, twice = (min(least[name]) for name in ("alone 0", "alone 1", *_NODES))
    per_member = max((alone - nobody) / members, 0.01)
    return [
        _row("no members at one server: CPU", nobody, "µs/post"),
        _row(f"{members} members at one server: CPU", alone, "µs/post"),
        _row("no members at a node: CPU of the busiest (a)", empty, "µs/post"),
        _row(f"{members} members at three nodes: CPU of the busiest", third, "µs/post"),
        _row(f"{2 * members} members at three nodes: CPU of the busiest", twice, "µs/post"),
        _row(TWICE, twice / alone, "×"),
        _row("a member more: CPU (f)", per_member, "µs/post"),
        _row("members of three nodes at the CPU of one server, by a and f",
             max(0.0, alone - empty) / per_member * len(NODES) / members, "× members"),
    ]  # fmt: skip


_NODES = ("node 0", "node 1", "node 2")


def _work(
    peer: Groupchat, places: Mapping[str, tuple[Server, int]], seconds: float, idle: Mapping[str, float]
) -> float:
    """Return the processor time of the busiest of these servers for a post, with so many members at each."""
    crowds: list[Crowd] = []
    first = 1
    try:
        for server, count in places.values():
            crowds.append(gather(peer, server.port, count, first=first))
            first += count
        sockets = [one for crowd in crowds for one in crowd.sockets]
        load = Load(sockets, crowds[0].sockets[:1], peer.speech, len(sockets) - 1)
        try:
            load.run(0.5, rate=RATE)
            load.run(10.0)
            return _busiest({name: server for name, (server, _) in places.items()}, load, seconds, idle)
        finally:
            load.close()
    finally:
        for crowd in crowds:
            crowd.close()


def _busiest(servers: Mapping[str, Server], load: Load, seconds: float, idle: Mapping[str, float]) -> float:
    before, begun = _used(servers), time.monotonic()
    span: Span = load.run(seconds, rate=RATE)
    load.run(10.0)
    took = time.monotonic() - begun
    after = _used(servers)
    busiest = max((after[name] - before[name] - idle[name] * took) * 1e6 / max(1, span.sent) for name in servers)
    if busiest <= 0.0:
        raise Broken("More processor time was used while nobody said anything than while somebody did.")
    return busiest


def _empty(servers: Mapping[str, Server], seconds: float, idle: Mapping[str, float]) -> float:
    """The same where nobody is but one who posts."""
    one = gather(AskingGroupchat(), next(iter(servers.values())).port, 1)
    load = Load(one.sockets, one.sockets, AskingGroupchat.speech, 1)
    try:
        load.run(0.5, rate=RATE)
        load.run(10.0)
        return _busiest(servers, load, seconds, idle)
    finally:
        load.close()
        one.close()
