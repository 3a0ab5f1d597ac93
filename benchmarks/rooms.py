"""Rooms: what a post costs where members are in many rooms, and what it costs to enter them all at once."""

import random
import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.connections import possible
from benchmarks.crowd import Crowd, gather
from benchmarks.figures import Row, Tell
from benchmarks.load import READ, Broken
from benchmarks.ours import Groupchat
from benchmarks.peer import FILLING
from benchmarks.processes import Server, Stopped
from benchmarks.running import running

POSTS = 60
RATE = 20.0
"""Posts, and how many a second, each by somebody else."""
FEW = 10
"""Members, each alone, among whom a post costs what it costs without others: its commit for the most part."""
STAYING = 50
"""The members who stay when the others leave."""
QUIET_S = 1.0
"""Seconds without a byte after which everybody is in their rooms."""
PATIENCE_S = 120.0
IDLE = 0.03
"""The share of a processor that the server has at most when it has nothing more to tell of those who came or left."""


@dataclass(frozen=True)
class Layout:
    """How members are spread over rooms: the rooms of the one with a number."""

    name: str
    members: int
    rooms: Callable[[int], Sequence[str]]


def alone(members: int) -> Layout:
    """Return a layout with each member in a room of their own."""
    return Layout("each alone", members, lambda number: [f"room{number}"])


def some_of(members: int, each: int, rooms: int) -> Layout:
    """Return a layout with each member in some rooms by chance."""
    names = [f"room{number}" for number in range(rooms)]
    return Layout(f"{each} of {rooms}", members, lambda number: random.Random(number).sample(names, each))


def tens(members: int) -> Layout:
    """Return a layout with ten members in each room."""
    return Layout("ten in each", members, lambda number: [f"room{number // 10}"])


def layouts(share: float) -> list[Layout]:
    """Return the layouts that are measured, with this share of their members."""
    counts = [max(20, round(count * share)) for count in (1000, 4000, 1000, 1000, 10_000)]
    return [
        alone(FEW), alone(counts[0]), alone(counts[1]), some_of(counts[2], 3, 30), tens(counts[3]), alone(counts[4]),
    ]  # fmt: skip


def rooms(share: float, tell: Tell) -> list[Row]:
    """Return one row for each layout."""
    rows: list[Row] = []
    for layout in layouts(share):
        if layout.members > possible():
            tell(f"rooms: {layout.members} members are left out: there are not enough descriptors")
            continue
        tell(f"rooms: {layout.members} members, {layout.name}")
        try:
            rows.append(_measure(layout))
        except (Broken, Stopped, OSError) as error:
            tell(f"rooms: failed: {error}")
    return rows


def _measure(layout: Layout) -> Row:
    peer = Groupchat()
    with running(peer, layout.members) as server:
        crowd = gather(peer, server.port, layout.members)
        try:
            before, used = server.memory_kib(), server.cpu_s()
            for number, one in enumerate(crowd.sockets):
                entered = "".join(f"/join {room}\n" for room in layout.rooms(number))
                one.send(f"{entered}/leave lobby\n".encode())
            received = _settled(server, crowd)
            enter, kept = server.cpu_s() - used, server.memory_kib() - before
            if received == 0:
                raise Broken("Nobody was told that they are in another room.")
            post = _posts(server, crowd)
            for one in crowd.sockets[STAYING:]:
                one.close()
            crowd.sockets = crowd.sockets[:STAYING]
            _settled(server, crowd)
            left = server.memory_kib() - before
        finally:
            crowd.close()
    return {
        "scenario": "rooms", "peer": peer.name, "members": layout.members, "layout": layout.name,
        "post_ms": post * 1e3, "enter_s": enter, "kept_mib": kept / 1024, "left_mib": left / 1024,
    }  # fmt: skip


def _settled(server: Server, crowd: Crowd) -> int:
    """Read what comes until the server has nothing left to do; return how many bytes did.

    :raises Broken: it never ends, or a connection was closed.
    """
    size = 0
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        used, begun = server.cpu_s(), time.monotonic()
        size += _drained(crowd)
        if server.cpu_s() - used < IDLE * (time.monotonic() - begun):
            return size
    raise Broken(f"The server was not done within {PATIENCE_S:.0f} seconds.")


def _posts(server: Server, crowd: Crowd) -> float:
    """Let one after the other say something; return the server's CPU for each post, in seconds."""
    used = server.cpu_s()
    begun = time.monotonic()
    for number in range(POSTS):
        crowd.sockets[number * 7919 % len(crowd.sockets)].send(b"0123456789" + FILLING + b"\n")
        _drained(crowd, max(0.0, begun + (number + 1) / RATE - time.monotonic()))
    return (server.cpu_s() - used) / POSTS


def _drained(crowd: Crowd, quiet_s: float = QUIET_S) -> int:
    """Read what comes, until nothing has come for so long; return how many bytes did.

    :raises Broken: it never ends, or a connection was closed.
    """
    size = 0
    end = time.monotonic() + PATIENCE_S
    with select.epoll() as epoll:
        found = {one.fileno(): one for one in crowd.sockets}
        for descriptor in found:
            epoll.register(descriptor, select.EPOLLIN)
        while ready := epoll.poll(quiet_s):
            for descriptor, _ in ready:
                data = found[descriptor].recv(READ)
                if not data:
                    raise Broken("The server closed a connection.")
                size += len(data)
            if time.monotonic() > end:
                raise Broken(f"The server was not done within {PATIENCE_S:.0f} seconds.")
    return size
