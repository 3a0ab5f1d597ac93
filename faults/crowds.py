"""Crowds: peers that do not read, vanish without a word, or are too many."""

import contextlib
import re
import select
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from faults.disk import trial_line
from faults.honest import Honest
from faults.trial import HOST, START_S, Trial, Verdict, descriptors, memory_mib, need, percentile, wait_for
from groupchat.checker.ledger import Ledger
from groupchat.checker.load import Load
from tests.functional.harness import Daemon

LIMITS = "log_lines = 1000000\nprivate_live = 100000\nprivate_new = 100000\nflood_burst = 100000\nflood_rate = 100000\n"

HEARERS = 20
"""The number of members whose delays are measured."""


class Crowd:
    """Members who read nothing, or next to nothing."""

    def __init__(self, trial: Trial, daemon: Daemon, count: int, prefix: str) -> None:
        self.prefix = prefix
        self.sockets: list[socket.socket] = []
        trial.at_end(self.close)
        for _ in range(count):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect((HOST, daemon.port))
            self.sockets.append(one)
            one.sendall(f"{prefix}{len(self.sockets)}\n".encode())
            self._expect(one, b"Connected to the server!")

    def _expect(self, one: socket.socket, what: bytes) -> None:
        heard = b""
        one.settimeout(START_S)
        while what not in heard:
            data = one.recv(4096)
            if not data:
                raise AssertionError(f"It was closed after {heard!r}")
            heard += data

    def ended(self) -> int:
        """Return how many were disconnected, without reading anything."""
        poll = select.poll()
        for one in self.sockets:
            poll.register(one, select.POLLRDHUP)
        return len(poll.poll(0))

    def close(self) -> None:
        _close(self.sockets)


def stopped_readers(trial: Trial) -> Verdict:
    """A crowd stops reading under 100 posts a second: the others do not notice, and it is disconnected after 60 s."""
    count, patience = (1000, 60.0) if trial.full else (200, 6.0)
    trial_limits = f"{LIMITS}stuck_timeout_s = {patience}\nsend_buffer_bytes = 8192\n"
    daemon = trial.start(settings=trial_limits)
    load = trial.load(daemon, 5, 100.0, 1000)
    # As long as it takes until all are disconnected and 15 s more: first without the crowd, then with it.
    seconds = patience + 15.0
    normal = _live(load, daemon, seconds)
    crowd = Crowd(trial, daemon, count, "stuck")
    before = memory_mib(daemon.process.pid)
    meanwhile = _live(load, daemon, seconds, crowd)
    cut, p99, usual = crowd.ended(), percentile(meanwhile.delays, 0.99), percentile(normal.delays, 0.99)
    reasons = len(re.findall(rf"{crowd.prefix}\d+ left: too slow", daemon.log))
    again = [trial_line(trial, daemon, f"{crowd.prefix}{number}") for number in (1, count)]
    for line in again:
        line.close()
    findings = trial.findings(load)
    # The short form measures too few delays to compare lower ones.
    bearable = max(2 * usual, 0.0 if trial.full else 10.0)
    grown = meanwhile.peak - before
    kept = cut == reasons == count and p99 <= bearable and grown < 512 and findings.good
    return Verdict(
        kept,
        f"{count} peers stopped reading: p99 of {HEARERS} others {p99:.1f} ms (of {len(meanwhile.delays)} delays; "
        f"before {usual:.1f} ms, of {len(normal.delays)}), memory +{grown:.0f} MiB, "
        f"{cut} disconnected within {meanwhile.cut_after:.0f} s, {reasons} as too slow, nicknames free; "
        f"lost {len(findings.lost)}",
    )


@dataclass(frozen=True)
class Live:
    """The delays of those who read (in ms), the peak of memory (in MiB), and when the crowd was disconnected (in s)."""

    delays: Sequence[float]
    peak: float
    cut_after: float


def _live(load: Load, daemon: Daemon, seconds: float, crowd: Crowd | None = None) -> Live:
    """Run the load for so many seconds."""
    honest = Honest(daemon.port, seconds - 2.0, hearers=HEARERS)
    begun = time.monotonic()
    peak = cut_after = 0.0
    while time.monotonic() < begun + seconds:
        load.run(1.0)
        peak = max(peak, memory_mib(daemon.process.pid))
        if crowd is not None and not cut_after and crowd.ended() == len(crowd.sockets):
            cut_after = time.monotonic() - begun
    return Live(honest.delays(), peak, cut_after)


def slow_readers(trial: Trial) -> Verdict:
    """A crowd reads a byte a second under 100 posts a second: the others do not notice."""
    count, seconds = (1000, 60.0) if trial.full else (200, 6.0)
    daemon = trial.start(settings=f"{LIMITS}send_buffer_bytes = 8192\n")
    crowd = Crowd(trial, daemon, count, "slow")
    load = trial.load(daemon, 5, 100.0, 1000)
    before = memory_mib(daemon.process.pid)
    honest = Honest(daemon.port, seconds)
    ending = threading.Event()

    def sip() -> None:
        while not ending.wait(1.0):
            for one in crowd.sockets:
                with contextlib.suppress(OSError):
                    one.recv(1)

    thread = threading.Thread(target=sip)
    thread.start()
    load.run(seconds + 2)
    ending.set()
    thread.join()
    grown = memory_mib(daemon.process.pid) - before
    p99 = percentile(honest.delays(), 0.99)
    findings = trial.findings(load)
    return Verdict(
        p99 <= 50.0 and grown < 512 and findings.good,
        f"{count} readers of a byte a second: p99 of others {p99:.1f} ms, memory +{grown:.0f} MiB, "
        f"lost {len(findings.lost)}",
    )


def out_of_descriptors(trial: Trial) -> Verdict:
    """With 256 descriptors, 400 peers connect: those without one are told, those in the chat go on, timers run."""
    daemon = trial.start(settings=LIMITS, prefix=[need("prlimit"), "--nofile=256"])
    load = Load((HOST, daemon.port), Ledger(), 3, 50.0)
    trial.at_end(load.close)
    load.join(START_S)
    peers, told = [], 0
    for _ in range(400):
        peer = socket.create_connection((HOST, daemon.port), START_S)
        peers.append(peer)
    trial.at_end(lambda: _close(peers))
    honest_seen = 0
    for peer in peers:
        first = _heard(peer, b"\n")
        told += b"!! server-full" in first
        honest_seen += b"groupchat" in first
    most = descriptors(daemon.process.pid)
    load.run(2.0)
    # Peers without a nickname are told so after 30 s, by a timer.
    for peer in peers:
        peer.close()
    again = wait_for(lambda: _is_admitted(daemon), START_S, 0.2)
    findings = trial.findings(load)
    kept = findings.good and told > 0 and told + honest_seen == 400 and again and "Traceback" not in daemon.log
    return Verdict(
        kept,
        f"{honest_seen} admitted, {told} told that the server is full, {most} descriptors at most, commits went on "
        f"(lost {len(findings.lost)}), {'' if again else 'not '}admitted again after others had left",
    )


def _close(sockets: Sequence[socket.socket]) -> None:
    for one in sockets:
        one.close()


def _is_admitted(daemon: Daemon) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, daemon.port), START_S) as peer:
        return b"Choose" in _heard(peer, b"Choose")
    return False


def _heard(peer: socket.socket, what: bytes) -> bytes:
    """Return what a peer receives up to ``what``, or to the end, in however many pieces it arrives."""
    heard = b""
    with contextlib.suppress(OSError):
        while what not in heard and (data := peer.recv(500)):
            heard += data
    return heard
