"""Core: what members cost the server's own code, with up to 100,000 of them on connections that only count."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from benchmarks.figures import Row, Tell, median
from benchmarks.load import Broken
from benchmarks.ours import Groupchat
from benchmarks.peer import FILLING
from groupchat.config.settings import Settings
from groupchat.doors.lines.text_conversation import TextConversation
from groupchat.doors.reception import Reception
from groupchat.hall.hall import Hall
from groupchat.journals.memory import MemoryJournal
from groupchat.sessions.session import Session

AT_ONCE = 200
"""Members that join in one turn of the reactor."""
SENDERS = 20
TOGETHER = 64
"""Lines in one turn, as with 64 outstanding."""
TIMES = 9
"""Times that each thing is timed; the median is reported."""
LEAVING = 1000
"""Members that leave in one turn, at most."""


def core(sizes: Sequence[int], tell: Tell) -> list[Row]:
    """Return one row for each number of members, each measured in a process of its own, whose memory is fresh.

    :raises Broken: such a process ended without figures.
    """
    rows: list[Row] = []
    for size in sizes:
        tell(f"core: {size} members")
        command = [sys.executable, "-m", "benchmarks.core", str(size)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
        if done.returncode:
            raise Broken(f"{size} members could not be measured: {done.stderr[-1000:]}")
        rows.append(json.loads(done.stdout))
    return rows


class Counted(StringTransport):
    """A connection that accepts everything, and counts what it is written."""

    writes = 0

    def write(self, data: bytes) -> None:
        """Count it."""
        self.writes += 1


class Crowd:
    """A hall with no disk, and its members."""

    def __init__(self, size: int) -> None:
        """Build the connections, which are not what is measured."""
        settings = Settings(connections=size + 1)
        self._turn: list[Callable[[], None]] = []
        self._clock = Clock()
        self._hall = Hall(MemoryJournal(), settings, self._clock, time.time, turn_end=self._turn.append)
        self._hall.open()
        self._reception = Reception(partial(Session, self._hall), settings, cast(Any, self._clock))
        self.transports = [Counted(peerAddress=IPv4Address("TCP", "127.0.0.1", 1)) for _ in range(size)]
        self.members: list[TextConversation] = []

    def join(self) -> None:
        """Let all of them join, AT_ONCE in a turn."""
        for number, transport in enumerate(self.transports, 1):
            member = TextConversation(self._reception, "127.0.0.1", exempt=True)
            member.makeConnection(transport)
            member.dataReceived(b"member%d\n" % number)
            self.members.append(member)
            if number % AT_ONCE == 0:
                self._end()
        self._end()

    def say(self, count: int) -> None:
        """Let some members say so many lines in one turn."""
        for number in range(count):
            self.members[number % min(SENDERS, len(self.members))].dataReceived(b"0123456789" + FILLING + b"\n")
        self._end()

    def ask(self, line: bytes) -> None:
        """Let one member type something."""
        self.members[0].dataReceived(line)
        self._end()

    def leave(self, count: int) -> None:
        """Let the last members close their connections in one turn."""
        for member in self.members[-count:]:
            member.connectionLost(Failure(ConnectionDone()))
        del self.members[-count:]
        self._end()

    def written(self) -> int:
        """Return how often a member was written to."""
        return sum(transport.writes for transport in self.transports)

    def _end(self) -> None:
        """Tell the server that the reactor has read everything."""
        while self._turn:
            self._turn.pop(0)()
        self._clock.advance(0)  # what was put off to the next turn: a member who was sent much is read from again


def measure(size: int) -> Row:
    """Return the row for this number of members; times are of this thread, including the kernel's.

    :raises Broken: a post did not reach everybody, so that its figure would mean nothing.
    """
    crowd = Crowd(size)
    empty = _resident_kib()
    join_s = _spent(crowd.join)
    memory = _resident_kib() - empty
    crowd.say(1)  # what is made at the first time is not of interest
    before = crowd.written()
    alone = [_spent(partial(crowd.say, 1)) for _ in range(TIMES)]
    if crowd.written() - before < TIMES * (size - 1):
        raise Broken(f"{crowd.written() - before} writes were made for {TIMES} posts to {size} members.")
    together = [_spent(partial(crowd.say, TOGETHER)) for _ in range(TIMES)]
    page = [_spent(partial(crowd.ask, b"/list\n")) for _ in range(TIMES)]
    leaving = max(1, min(LEAVING, size // 2))
    leave_s = _spent(partial(crowd.leave, leaving))
    return {
        "scenario": "core", "peer": Groupchat.name, "members": size, "join_us": join_s * 1e6 / size,
        "memory_kib": memory / size, "post_us": median(alone) * 1e6,
        "together_us": median(together) * 1e6 / TOGETHER, "line_ns": median(together) * 1e9 / TOGETHER / size,
        "page_ms": median(page) * 1e3, "leave_us": leave_s * 1e6 / leaving,
    }  # fmt: skip


def _spent(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began


def _resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
