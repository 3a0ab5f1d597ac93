"""Hostile peers: endless line ends, endless lines, noise."""

import contextlib
import random
import re
import select
import socket
import threading
import time

from faults.crowds import LIMITS
from faults.honest import Honest
from faults.trial import HOST, START_S, Trial, Verdict, memory_mib, percentile, wait_for
from tests.functional.harness import Daemon, Line

MIB = 2**20
FLOODER = "127.0.0.66"
"""The address of the flooders: all of 127.0.0.0/8 is this machine."""


def newline_flood(trial: Trial) -> Verdict:
    """16 peers send line ends as fast as they can, exempt or not: the p99 of honest round trips stays below 50 ms."""
    seconds = 20.0 if trial.full else 5.0
    figures, kept = [], True
    for whom, exempt in (("limited", f"{HOST}/32"), ("exempt", "127.0.0.0/8")):
        daemon = trial.start(exempt=exempt)
        honest = Honest(daemon.port, seconds)
        sent = _flood(daemon, 16, b"\n" * 65536, seconds + 1)
        p99 = percentile(honest.delays(), 0.99)
        kept = daemon.stop() == 0 and p99 <= 50.0 and kept
        figures.append(f"{whom} flooders: p99 {p99:.1f} ms while {sent / MIB:.0f} MiB of line ends were accepted")
    return Verdict(kept, "; ".join(figures))


def _flood(daemon: Daemon, peers: int, chunk: bytes, seconds: float) -> int:
    """Send as much as is accepted on so many connections that have joined; return how many bytes that was."""
    sockets = []
    for number in range(peers):
        line = Line(daemon.port, FLOODER)
        line.send(f"flood{number}\n")
        line.expect("Connected")
        line.socket.setblocking(False)
        sockets.append(line.socket)
    sent, end = 0, time.monotonic() + seconds
    poll = select.poll()
    by_number = {one.fileno(): one for one in sockets}
    for number in by_number:
        poll.register(number, select.POLLOUT | select.POLLIN)
    while time.monotonic() < end and by_number:
        for number, event in poll.poll(100):
            try:
                if event & select.POLLIN and not by_number[number].recv(65536):
                    raise ConnectionResetError
                sent += by_number[number].send(chunk)
            except BlockingIOError:
                time.sleep(0.0005)
            except OSError:
                poll.unregister(number)
                by_number.pop(number).close()
    for one in sockets:
        one.close()
    return sent


def endless_lines(trial: Trial) -> Verdict:
    """100 peers send 10 MB each without a line end: memory returns to within 10 MiB of what it was."""
    peers, size = 100, 10 * 10**6
    daemon = trial.start(settings=LIMITS)
    before = memory_mib(daemon.process.pid)
    peak = before
    sockets = [socket.create_connection((HOST, daemon.port), START_S) for _ in range(peers)]
    sent = 0
    for number, one in enumerate(sockets):
        one.settimeout(START_S)
        with contextlib.suppress(OSError):
            if number % 2:
                one.sendall(f"endless{number}\n".encode())  # half of them have joined, the others have no nickname
            for _ in range(size // 100_000):
                one.sendall(b"x" * 100_000)
                sent += 100_000
        peak = max(peak, memory_mib(daemon.process.pid))
    for one in sockets:
        one.close()
    served = _serves(daemon)
    wait_for(lambda: memory_mib(daemon.process.pid) - before <= 10.0, START_S)  # they are closed one by one
    grown = memory_mib(daemon.process.pid) - before
    return Verdict(
        grown <= 10.0 and served,
        f"{sent / 10**6:.0f} MB accepted before they were disconnected; memory +{peak - before:.1f} MiB at most, "
        f"+{grown:.1f} MiB afterwards",
    )


def noise(trial: Trial) -> Verdict:
    """Streams of a megabyte of noise: no traceback, and the daemon goes on."""
    streams = 200 if trial.full else 20
    daemon = trial.start(settings=LIMITS)
    chance = random.Random(streams)
    for number in range(streams):
        with contextlib.suppress(OSError), socket.create_connection((HOST, daemon.port), 10.0) as one:
            one.settimeout(5.0)
            reading = threading.Thread(target=_read, args=(one,))
            reading.start()
            with contextlib.suppress(OSError):
                one.sendall(_opening(number) + _noise(chance, number))
                one.shutdown(socket.SHUT_WR)
            reading.join(10.0)
    failures = len(re.findall("Traceback|#critical", daemon.log))
    return Verdict(
        failures == 0 and _serves(daemon) and daemon.stop() == 0,
        f"{streams} streams of 1 MB; tracebacks {failures}; the daemon went on, and exited with status 0",
    )


def _opening(number: int) -> bytes:
    """Return how a stream begins: as a person, as a program, as telnet, or with noise at once."""
    return (b"", f"noise{number}\n".encode(), f'{{"do":"nick","nick":"noise{number}"}}\n'.encode(), b"\xff\xfd\x01")[
        number % 4
    ]


def _noise(chance: random.Random, number: int) -> bytes:
    """Return a megabyte of random bytes, of bytes that have a meaning here, or of requests with a mistake."""
    if number % 3 == 0:
        return chance.randbytes(MIB)
    if number % 3 == 1:
        return bytes(chance.choices(b'\xff\xfd\xfa\xf0\r\n\0{}"\x1b/:a\xc3\xa9', k=MIB))
    words = [b'{"do":', b'"say"', b'"nick"', b',"text":', b'"x"', b"1e999", b"[[[[", b"\\ud800", b"}", b"\n", b"null"]
    return b"".join(chance.choices(words, k=MIB // 4))[:MIB]


def _read(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while one.recv(65536):
            pass


def _serves(daemon: Daemon) -> bool:
    line = Line(daemon.port)
    try:
        line.send("tester\n/list\n")
        line.expect("people are in|person is in")
    finally:
        line.close()
    return daemon.process.poll() is None
