"""Crowds: let many members join a room, and leave it."""

import select
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks.free_ports import HOST
from benchmarks.load import READ, Broken
from benchmarks.peer import Peer
from benchmarks.secured import Secured

AT_ONCE = 200
"""Members that join at a time: few enough that no server's queue of connections overflows."""
PATIENCE_S = 20.0
"""Seconds that members wait for admission without receiving anything."""
TAIL = 64
"""Bytes kept of what was read, to find a sign that is split between two reads."""
QUIET_S = 0.3
"""Seconds without a byte after which everybody has been told who has joined."""


class Crowd:
    """Connections that have joined.

    ``seconds``: how long it took until the last had joined; ``bytes``: what they had received by then.
    """

    def __init__(self, sockets: Sequence[socket.socket], seconds: float, size: int) -> None:
        self.sockets = sockets
        self.seconds = seconds
        self.bytes = size

    def close(self) -> None:
        """Close all connections."""
        with ExitStack() as stack:
            for one in self.sockets:
                stack.callback(one.close)


def connected(port: int, *, receive_buffer: int = 0) -> socket.socket:
    """Connect; the kernel buffers at most ``receive_buffer`` bytes for us (0: its default)."""
    one = socket.socket()
    if receive_buffer:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    one.connect((HOST, port))
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    one.setblocking(False)
    return one


class Newcomer:
    """A connection that is joining: the steps that are left, and the last bytes read."""

    def __init__(self, connection: socket.socket, steps: Sequence[tuple[bytes, bytes]]) -> None:
        self.socket = connection
        self._steps = list(steps)
        self._read = b""
        self._sign = b""
        self._step()

    def reads(self, data: bytes) -> bool:
        """Continue if the sign has come; return whether all steps are done."""
        self._read += data
        if self._sign not in self._read:
            self._read = self._read[-TAIL:]
            return False
        self._read = b""
        return self._step()

    def _step(self) -> bool:
        if not self._steps:
            return True
        sent, self._sign = self._steps.pop(0)
        self.socket.send(sent)
        return False


def gather(
    peer: Peer, port: int, count: int, *, first: int = 1, receive_buffer: int = 0, settle: bool = True,
    at_once: int = AT_ONCE,
) -> Crowd:  # fmt: skip
    """Let ``count`` members join, ``at_once`` at a time.

    :param settle: wait until nobody is told about it any more; not possible where others are talking.
    :raises Broken: a member was not admitted.
    """
    sockets: dict[int, socket.socket] = {}
    waiting: dict[int, Newcomer] = {}
    begun, size = time.monotonic(), 0
    with select.epoll() as epoll:
        while waiting or len(sockets) < count:
            while len(sockets) < count and len(waiting) < at_once:
                connection = connected(port, receive_buffer=receive_buffer)
                if peer.secure:
                    connection = Secured(connection)
                one = Newcomer(connection, peer.steps(first + len(sockets)))
                number = one.socket.fileno()
                sockets[number], waiting[number] = one.socket, one
                epoll.register(number, select.EPOLLIN)
            ready = epoll.poll(PATIENCE_S)
            if not ready:
                raise Broken(f"{len(waiting)} members could not join.")
            for number, _ in ready:
                data = _read(sockets[number])
                size += len(data)
                if number in waiting and waiting[number].reads(data):
                    del waiting[number]
        seconds = time.monotonic() - begun
        while settle and (ready := epoll.poll(QUIET_S)):
            for number, _ in ready:
                _read(sockets[number])
    return Crowd(list(sockets.values()), seconds, size)


def _read(one: socket.socket) -> bytes:
    try:
        data = one.recv(READ)
    except BlockingIOError:
        return b""
    if not data:
        raise Broken("The server closed a connection while members were joining.")
    return data
