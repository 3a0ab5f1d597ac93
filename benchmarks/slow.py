"""What live members notice of others who read slowly, or not at all."""

import socket
import threading
from collections.abc import Sequence

from benchmarks.crowd import gather
from benchmarks.figures import Row, Tell, summary
from benchmarks.load import Load
from benchmarks.ours import Groupchat
from benchmarks.running import running

LIVE = 201
TALK = 500.0
"""Messages a second."""
BUFFER = 4096
"""What the kernel of a bad reader keeps for it, in bytes."""
SIP = 1024
PAUSE_S = 0.1
"""A slow reader takes SIP bytes each PAUSE_S: a fifth of what it is sent."""


def slow(stalled: int, slow_ones: int, seconds: float, tell: Tell) -> list[Row]:
    """Two rows: without the bad readers, and with them."""
    rows: list[Row] = []
    with running(Groupchat()) as server:
        live = gather(Groupchat(), server.port, LIVE)
        load = Load(live.sockets, live.sockets[:20], Groupchat.speech, LIVE - 1)
        tell(f"slow: {LIVE} live members alone")
        load.run(1.0, rate=TALK)
        rows.append(_row(0, load, seconds))
        bad = gather(Groupchat(), server.port, stalled + slow_ones, first=LIVE + 1, receive_buffer=BUFFER)
        over = threading.Event()
        sipping = threading.Thread(target=_sip, args=(bad.sockets[stalled:], over))
        sipping.start()
        try:
            tell(f"slow: the same with {stalled} stalled and {slow_ones} slow readers")
            load.run(3.0, rate=TALK)  # until the kernel keeps no more for them
            rows.append(_row(stalled + slow_ones, load, seconds))
        finally:
            over.set()
            sipping.join()
            load.close()
            bad.close()
            live.close()
    return rows


def _row(bad: int, load: Load, seconds: float) -> Row:
    span = load.run(seconds, rate=TALK)
    return {"scenario": "slow", "peer": Groupchat.name, "members": LIVE, "bad": bad, **summary("", span.delays)}


def _sip(sockets: Sequence[socket.socket], over: threading.Event) -> None:
    while not over.wait(PAUSE_S):
        for one in sockets:
            try:
                one.recv(SIP)
            except BlockingIOError:
                continue
            except OSError:
                return
