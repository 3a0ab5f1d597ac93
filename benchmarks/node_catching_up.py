"""Catching up: how fast a node that was away carries out what it has missed, beside how fast etcd sends that."""

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

from benchmarks.crowd import gather
from benchmarks.figures import Row, Tell, median
from benchmarks.load import Load
from benchmarks.node_peers import Cluster, LogReader
from benchmarks.ours import AskingGroupchat
from benchmarks.processes import START_S, Server
from benchmarks.targets import CATCHING_UP
from groupchat.journals.sqlite.statements import HEAD

POSTERS = 20
OUTSTANDING = 200
LOOK_S = 0.005
"""Seconds between two looks at how far the node is."""


class Progress:
    """Looks at the journal of a node while that catches up: the numbers of posts that are on its disk, and when."""

    def __init__(self, data: Path, upto: int) -> None:
        self._data = data
        self._upto = upto
        self._before = head(data)
        self._seen: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def rate(self) -> float | None:
        """Return the posts a second, from the first batch to the last; None: there was only one, or it is not done."""
        self._thread.join(START_S)
        if len(self._seen) < 2 or self._seen[-1][1] < self._upto:
            return None
        (begun, first), (ended, last) = self._seen[0], self._seen[-1]
        return (last - first) / (ended - begun)

    def _look(self) -> None:
        last, end = self._before, time.monotonic() + START_S
        while last < self._upto and time.monotonic() < end:
            now = head(self._data)
            if now > last:
                self._seen.append((time.monotonic(), now))
                last = now
            time.sleep(LOOK_S)


def head(data: Path) -> int:
    """Return the highest number of a post that a node has on disk."""
    with closing(sqlite3.connect(f"file:{data}/chat.db?mode=ro", uri=True, timeout=START_S)) as database:
        (found,) = database.execute(HEAD).fetchone()
        return int(found)


def catching_up(made: Cluster, behind: int, rounds: int, tell: Tell) -> list[Row]:
    """A node was away while others went on."""
    rates, read, work = [], [], []
    log = LogReader(made.etcd)
    for number in range(rounds):
        tell(f"cluster: a node catches up with {behind:,} posts, round {number + 1} of {rounds}")
        made.settle()
        made.stop("c1")
        made.start("c1")
        idle = made.nodes["c1"].cpu_s()
        made.stop("c1")
        begun = log.newest()
        before = head(made.data("a1"))
        _post(made.nodes["a1"], behind)
        upto = head(made.data("a1"))
        read.append((upto - before) / log.read(begun))
        progress = Progress(made.data("c1"), upto)
        made.start("c1")
        rate = progress.rate()
        made.settle()
        work.append((made.nodes["c1"].cpu_s() - idle) * 1e6 / (upto - before))
        if rate is not None:
            rates.append(rate)
    rows = [
        _row("catching up: etcd's part, to a bare client", median(read), "posts/s"),
        _row("catching up: CPU", min(work), "µs/post"),
        _row("catching up: by the CPU alone", 1e6 / min(work), "posts/s"),
    ]
    if not rates:
        tell("cluster: it was caught up with too soon to say how fast")
        return rows
    return [_row(CATCHING_UP, median(rates), "posts/s"), *rows]


def _row(figure: str, value: float, unit: str) -> Row:
    return {"scenario": "cluster", "figure": figure, "value": value, "unit": unit}


def _post(server: Server, count: int) -> None:
    """Let some post this many and a few more."""
    crowd = gather(AskingGroupchat(), server.port, POSTERS)
    load = Load(crowd.sockets, crowd.sockets, AskingGroupchat.speech, 1)
    posted = 0
    try:
        while posted < count:
            posted += load.run(0.5, window=OUTSTANDING).sent
        load.run(10.0)
    finally:
        load.close()
        crowd.close()
