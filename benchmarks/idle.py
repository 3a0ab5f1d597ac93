"""Idle: memory for a connection that has joined and does nothing."""

from collections.abc import Sequence

from benchmarks.crowd import gather
from benchmarks.figures import Row, Tell
from benchmarks.load import Broken
from benchmarks.peer import Peer
from benchmarks.peers import Irc
from benchmarks.processes import Stopped
from benchmarks.running import running

NAMED = 1000
"""At most so many members join an IRC channel: the server tells each the names of all, and all the name of each."""


def idle(peers: Sequence[Peer], count: int, tell: Tell) -> list[Row]:
    """Return one row for each peer, measured with ``count`` members."""
    rows: list[Row] = []
    for peer in peers:
        members = min(count, NAMED) if isinstance(peer, Irc) else count
        tell(f"idle: {peer.name}, {members} members")
        try:
            with running(peer, members) as server:
                gather(peer, server.port, 1).close()
                empty = server.memory_kib()
                crowd = gather(peer, server.port, members, first=2)
                memory = (server.memory_kib() - empty) / members
                crowd.close()
        except (Broken, Stopped, OSError) as error:
            tell(f"idle: {peer.name} failed: {error}")
            continue
        rows.append(
            {"scenario": "idle", "peer": peer.name, "members": members, "memory_kib": memory,
             "joins_s": members / crowd.seconds}
        )  # fmt: skip
    return rows
