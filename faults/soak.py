"""Soak: connections come and go for as long as you like, and nothing the daemon holds may grow with them.

Some things grow up to a bound, and must have reached it before growth means anything:
SQLite keeps up to 16 MiB of pages for the writer, the last names are remembered, and so are 16,384 addresses.
Therefore the journal is one that has long been in use, which fills that cache soon,
and growth is measured only over the second half of the time, and not before WARM connections.
"""

import contextlib
import secrets
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from faults.kill import fill
from faults.trial import HOST, Trial, Verdict, descriptors, memory_mib, wait_for
from tests.functional.harness import Daemon

MIB = 2**20
MOST = 10.0
"""MiB by which memory may grow with a million connections: 10 bytes for each."""
NOISE_MIB = 1.0
"""Growth in MiB that means nothing in a run so short that MOST would be less."""
SPARE = 8
"""Descriptors that may be open when all have left, in addition to those before the first came."""
POSTS, SESSIONS = 100_000, 300_000
"""Posts and sessions in the journal: the digests of that many sessions take more pages than SQLite keeps."""
ADDRESSES = 20_000
"""The connections come from so many addresses in turn: more than are remembered."""
WARM = 100_000
"""Connections after which everything with a bound has reached it: the pages took some 30,000, the addresses 60,000."""
AT_ONCE = 200
SAMPLES = 120
FEWEST = 10
"""Samples that are needed to measure growth."""


@dataclass(frozen=True)
class Sample:
    """A measurement after so many connections: memory in MiB, and open files and sockets."""

    made: int
    memory: float
    opened: int


def soaked(trial: Trial, minutes: float, leak: int = 0) -> Verdict:
    """People, programs and strangers come and go: memory and descriptors do not grow.

    :param leak: bytes that the daemon is made to leak with each connection; then the verdict must be that it grows.
    """
    trial.start().stop()
    fill(trial.folder / "data" / "chat.db", POSTS)
    _fill_sessions(trial.folder / "data" / "chat.db", SESSIONS)
    program = {"program": [sys.executable, "-m", "faults.broken", "leak", str(leak)]} if leak else {}
    daemon = trial.start(exempt=f"{HOST}/32", **program)
    pid = daemon.process.pid
    before = descriptors(pid)
    samples = list(_churned(daemon, minutes * 60))
    left = wait_for(lambda: descriptors(pid) <= before + SPARE, 30.0)
    late = [sample for sample in samples[len(samples) // 2 :] if sample.made >= WARM]
    if len(late) < FEWEST:
        return Verdict(
            None, f"{minutes:g} minutes were too short: {samples[-1].made} connections, of which {WARM} warm up"
        )
    span = (late[-1].made - late[0].made) / 1e6
    slope = growth(late, lambda sample: sample.memory)
    opened = growth(late, lambda sample: float(sample.opened))
    kept = is_flat(slope, span) and left and "Traceback" not in daemon.log and daemon.stop() == 0
    return Verdict(
        kept,
        f"{samples[-1].made} connections in {minutes:g} minutes; memory {samples[0].memory:.1f} MiB, half-way "
        f"{late[0].memory:.1f}, at the end {late[-1].memory:.1f}; in the second half (of {span:.2f} million) "
        f"{slope:+.1f} MiB and {opened:+.1f} descriptors per million connections; "
        f"descriptors {before} before, at most {max(sample.opened for sample in samples)}, "
        f"{'' if left else 'not '}back afterwards; the log {daemon.log_path.stat().st_size / MIB:.1f} MiB",
    )


def is_flat(slope: float, span: float) -> bool:
    """Return whether so many MiB per million connections, over so many million, are not growth."""
    return slope <= MOST or slope * span <= NOISE_MIB


def growth(samples: Sequence[Sample], of: Callable[[Sample], float]) -> float:
    """Return by how much something grows with a million connections, by least squares."""
    count = len(samples)
    x0, y0 = sum(sample.made for sample in samples) / count, sum(map(of, samples)) / count
    across = sum((sample.made - x0) ** 2 for sample in samples)
    return 1e6 * sum((sample.made - x0) * (of(sample) - y0) for sample in samples) / across if across else 0.0


def _churned(daemon: Daemon, seconds: float) -> Iterator[Sample]:
    """Let connections come and go for so long, and yield what the daemon holds meanwhile."""
    begun = time.monotonic()
    made, next_at = 0, begun
    while (now := time.monotonic()) < begun + seconds:
        made += _come_and_go(daemon, made)
        if now >= next_at:
            next_at += max(seconds / SAMPLES, 1.0)
            time.sleep(0.5)  # what was closed last is released now
            yield Sample(made, memory_mib(daemon.process.pid), descriptors(daemon.process.pid))
    time.sleep(0.5)
    yield Sample(made, memory_mib(daemon.process.pid), descriptors(daemon.process.pid))


OPENINGS: dict[int, Callable[[int], str]] = {
    0: lambda number: f"c{number}\nhello\n/join r{number % 500}\n/me waves\n/exit\n",
    2: lambda number: f'{{"do":"nick","nick":"j{number}"}}\n{{"do":"say","text":"hello"}}\n',
    3: lambda number: f'{{"do":"nick","nick":"k{number}","token":"{secrets.token_urlsafe(16)}"}}\n',
    4: lambda number: f"no name {number}\n\n",
    5: lambda number: f"\xff\xfd\x01half{number}",
    6: lambda number: "\x16\x03\x01\x02\x00\x01\x00",
    7: lambda number: "GET / HTTP/1.1\r\nHost: here\r\n\r\n",
}
"""Data to send, by the last digit of the number of a connection.

People who say goodbye, programs that vanish, unknown tokens, no nickname, half a telnet line,
half a beginning of TLS, another protocol; the others send nothing, and those with a 1 reset the connection.
"""
PERSON, RESET = 0, 1


def _come_and_go(daemon: Daemon, made: int) -> int:
    """Open and close as many connections as come at once, of every kind; return how many."""
    sockets = []
    for number in range(made, made + AT_ONCE):
        index = number % ADDRESSES
        source = f"127.0.{1 + index // 250}.{1 + index % 250}"
        one = socket.create_connection((HOST, daemon.port), 10.0, (source, 0))
        sockets.append(one)
        with contextlib.suppress(OSError):
            if number % 10 == RESET:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            elif number % 10 in OPENINGS:
                one.sendall(OPENINGS[number % 10](number).encode("latin-1"))
    for number, one in enumerate(sockets, made):
        with contextlib.suppress(OSError):
            while number % 10 == PERSON and one.recv(65536):
                pass
        one.close()
    return len(sockets)


def _fill_sessions(path: Path, count: int) -> None:
    """Put sessions into a stopped journal, as if so many programs had been here."""
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        now = time.time()
        rows = ((secrets.randbits(63), secrets.token_hex(32), f"n{one}", '["lobby"]', 0, now) for one in range(count))
        database.executemany(
            "INSERT INTO sessions (author, digest, nick, rooms, position, seen) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
