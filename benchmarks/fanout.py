"""Fan-out: measure the work for a line, and the time until it reaches so many members of a room."""

import socket
from collections.abc import Iterator, Sequence

from benchmarks.crowd import connected, gather
from benchmarks.figures import Row, Tell, median, middle, summary
from benchmarks.load import Broken, Load, Span
from benchmarks.peer import Peer
from benchmarks.processes import Server, Stopped
from benchmarks.running import running

SENDERS = 20
WARM_S = 0.5
SAMPLED = 13
"""With many messages outstanding, one delay is kept of every so many."""


def fan_out(
    peers: Sequence[Peer], members: Sequence[int], windows: Sequence[int], seconds: float, rounds: int, tell: Tell
) -> list[Row]:
    """Return one row for each peer, number of members and window: the medians of several rounds.

    The peers take turns in every round, so that a noisy minute does not affect only one of them.
    """
    measured: dict[tuple[str, int, int], list[Row]] = {}
    for count in members:
        for peer in peers:
            if count > peer.most:
                tell(f"fanout: {peer.name} is left out with {count} members: they take minutes to join")
        for number in range(rounds):
            for peer in peers:
                if count > peer.most:
                    continue
                tell(f"fanout: {peer.name}, {count} members, round {number + 1} of {rounds}")
                try:
                    for row in _measure(peer, count, windows, seconds):
                        measured.setdefault((peer.name, count, row["window"]), []).append(row)
                except (Broken, Stopped, OSError) as error:
                    tell(f"fanout: {peer.name} failed with {count} members: {error}")
    return [middle(rows) for rows in measured.values()]


def _measure(peer: Peer, count: int, windows: Sequence[int], seconds: float) -> Iterator[Row]:
    """Yield one row for each window.  Each line reaches ``count`` members; the speaker is one more where possible."""
    with running(peer, count) as server:
        gather(peer, server.port, 1).close()  # what is loaded for the first member does not count as a member's
        empty = server.memory_kib()
        crowd = gather(peer, server.port, count if peer.apart else count + 1, first=2)
        memory = (server.memory_kib() - empty) / len(crowd.sockets)
        senders = _senders(peer, server.port, crowd.sockets)
        load = Load(crowd.sockets, senders, peer.speech, count)
        try:
            for window, span, used in spans(server, load, windows, seconds):
                yield {
                    "scenario": "fanout", "peer": peer.name, "keeps": peer.keeps, "members": count, "window": window,
                    "cpu_us": used * 1e6 / max(1, span.delivered), "deliveries_s": span.delivered / span.seconds,
                    "lines_per_read": span.delivered / max(1, span.reads), "server_cpu": used / span.seconds,
                    "load_cpu": span.cpu, **summary("", span.delays), "last_ms": median(span.lasts),
                    "memory_kib": memory,
                }  # fmt: skip
        finally:
            load.close()
            crowd.close()


def spans(server: Server, load: Load, windows: Sequence[int], seconds: float) -> Iterator[tuple[int, Span, float]]:
    """Let the load talk with each window; yield the window, what came of it, and the CPU seconds it took the server."""
    for window in windows:
        load.run(WARM_S, window=window)
        before = server.cpu_s()
        span = load.run(seconds, window=window, stride=SAMPLED if window > 1 else 1)
        used = server.cpu_s() - before
        load.run(10.0)
        yield window, span, used


def _senders(peer: Peer, port: int, members: Sequence[socket.socket]) -> Sequence[socket.socket]:
    if not peer.apart:
        return members[:SENDERS]
    senders = [connected(port) for _ in range(SENDERS)]
    if peer.introduction:
        for one in senders:
            one.send(peer.introduction)
    return senders
