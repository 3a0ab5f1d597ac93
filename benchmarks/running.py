"""Run a peer for the length of a block."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.free_ports import free_port
from benchmarks.peer import Peer
from benchmarks.processes import Server


@contextmanager
def running(peer: Peer, members: int = 0, *, preload: Path | None = None) -> Iterator[Server]:
    """Start the peer in a folder of its own, wait until it listens, and stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="groupchat-bench-"))
    port = free_port()
    server = Server(peer.command(folder, port, members), port, folder, preload=preload)
    try:
        server.wait_until_open(greets=peer.greets)
        yield server
    finally:
        server.stop()
