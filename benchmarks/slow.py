"""Slow: measure what live members notice of others who read slowly, or not at all."""

import socket
import threading
from collections.abc import Sequence

from benchmarks.crowd import gather
from benchmarks.figures import Row, Tell, middle, summary
from benchmarks.load import Load
from benchmarks.ours import Groupchat
from benchmarks.processes import Server
from benchmarks.running import running

LIVE = 201
TALK = 250.0
"""Messages a second: they keep a processor less than half busy, so that a queue is caused by the bad readers."""
BUFFER = 4096
"""The bytes that the kernel buffers for a bad reader."""
SIP = 1024
PAUSE_S = 0.1
"""A slow reader reads SIP bytes each PAUSE_S: two fifths of what it is sent."""


def slow(stalled: int, slow_ones: int, seconds: float, rounds: int, tell: Tell) -> list[Row]:
    """Return two rows, without and with the bad readers: the medians of several rounds, each with its own server."""
    measured = [_measure(stalled, slow_ones, seconds, tell) for _ in range(rounds)]
    return [middle(rows) for rows in zip(*measured, strict=True)]


def _measure(stalled: int, slow_ones: int, seconds: float, tell: Tell) -> list[Row]:
    rows: list[Row] = []
    with running(Groupchat()) as server:
        live = gather(Groupchat(), server.port, LIVE)
        load = Load(live.sockets, live.sockets[:20], Groupchat.speech, LIVE - 1)
        tell(f"slow: {LIVE} live members alone")
        load.run(1.0, rate=TALK)
        rows.append(_row(server, 0, load, seconds))
        bad = gather(Groupchat(), server.port, stalled + slow_ones, first=LIVE + 1, receive_buffer=BUFFER)
        over = threading.Event()
        sipping = threading.Thread(target=_sip, args=(bad.sockets[stalled:], over))
        sipping.start()
        try:
            tell(f"slow: the same with {stalled} stalled and {slow_ones} slow readers")
            load.run(seconds, rate=TALK)  # until the kernel buffers no more for them
            rows.append(_row(server, stalled + slow_ones, load, seconds))
        finally:
            over.set()
            sipping.join()
            load.close()
            bad.close()
            live.close()
    return rows


def _row(server: Server, bad: int, load: Load, seconds: float) -> Row:
    before = server.cpu_s()
    span = load.run(seconds, rate=TALK)
    return {
        "scenario": "slow", "peer": Groupchat.name, "members": LIVE, "bad": bad,
        "server_cpu": (server.cpu_s() - before) / span.seconds, **summary("", span.delays),
    }  # fmt: skip


def _sip(sockets: Sequence[socket.socket], over: threading.Event) -> None:
    while not over.wait(PAUSE_S):
        for one in sockets:
            try:
                one.recv(SIP)
            except BlockingIOError:
                continue
            except OSError:
                return
