"""A cluster on this machine: its members of etcd, its nodes, and what stands in their journals."""

import contextlib
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from faults.cluster.planted import NO_CHECKS
from faults.cluster.tables import COMPARED, rows
from faults.trial import START_S, Trial, need, wait_for
from groupchat.checker.agreement import Agreement, agree
from groupchat.checker.ledger import Attempt, Ledger
from groupchat.checker.roamers import ClusterLoad
from tests.functional.etcd_members import HERE, EtcdMembers, Place
from tests.functional.harness import TWISTD, Daemon, free_port

NAMES = ("a1", "b1", "c1")

PACE_S = 0.1
"""Seconds between two requests of a client that moves or roams."""

EQUAL_S = 60.0
"""Seconds in which all nodes must have carried out the whole log."""


class TimedLedger(Ledger):
    """A ledger that knows for how long nothing was acknowledged.

    ``silence``: the longest time between two acknowledgements since ``listen``, in seconds.
    """

    _last = 0.0
    silence = 0.0

    def listen(self) -> None:
        """Measure from now on."""
        self._last, self.silence = time.monotonic(), 0.0

    def acknowledge(self, attempt: Attempt, id: int) -> None:
        super().acknowledge(attempt, id)
        now = time.monotonic()
        self.silence = max(self.silence, now - self._last)
        self._last = now


class Node:
    """One node: its port and its folder stay as they are from start to start.

    ``options``: what it is started with besides; ``settings``: the content of its settings file.
    ``program``: what runs it; ``data``: its data folder; ``place``: the network where it is.
    ``location``: the log.
    """

    def __init__(self, trial: Trial, location: str, name: str, data: Path) -> None:
        self.name = name
        self.data = data
        self.port = free_port()
        self.settings = ""
        self.options: Sequence[str] = ()
        self.program: Sequence[str] = TWISTD
        self.place = HERE
        self.location = location
        self._trial = trial
        self._daemon: Daemon | None = None

    @property
    def daemon(self) -> Daemon:
        """Its process."""
        assert self._daemon is not None
        return self._daemon

    @property
    def is_running(self) -> bool:
        """True as long as its process is there."""
        return self._daemon is not None and self._daemon.process.poll() is None

    def launch(self) -> Daemon:
        """Start it, and do not wait for it."""
        self._daemon = self._trial.launch(
            "--journal", self.location, "--node", self.name, *self.options,
            data=self.data, settings=self.settings, program=self.program, port=self.port,
            host=self.place.host, prefix=self.place.prefix,
        )  # fmt: skip
        return self._daemon

    def start(self) -> "Node":
        """Start it, and wait until it lets people in."""
        self.launch().ready(START_S)
        return self

    def stop(self) -> int:
        """Ask it to stop; return its exit status."""
        return self.daemon.stop()

    def kill(self) -> None:
        """Leave it no chance."""
        self.daemon.kill()

    def pause(self) -> None:
        """Stop all its threads; its connections stay."""
        self.daemon.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self.daemon.process.send_signal(signal.SIGCONT)

    def connect(self) -> sqlite3.Connection:
        """Open its journal, only to read."""
        return sqlite3.connect(f"file:{self.data / 'chat.db'}?mode=ro", uri=True, isolation_level=None)

    @contextlib.contextmanager
    def without_checks(self) -> Iterator[None]:
        """Have a node that checks itself often propose no checks meanwhile.

        On a machine without time for it a check takes longer than it is until the next one, and then the nodes are
        never at the same place.
        """
        path = self.data.parent / NO_CHECKS
        try:
            path.touch()
            yield
        finally:
            path.unlink(missing_ok=True)

    def reached(self) -> tuple[int, str]:
        """Return how far it has carried out the log: the number of the last entry, and the chain up to it."""
        try:
            with contextlib.closing(self.connect()) as database:
                found = database.execute("SELECT number, chain FROM place").fetchone()
        except sqlite3.OperationalError:  # there is none yet
            found = None
        return found or (0, "")

    def table(self, name: str) -> list[tuple[object, ...]]:
        """Return what is compared of a table."""
        with contextlib.closing(self.connect()) as database:
            return rows(database, name)


class Cluster:
    """Three members of etcd and three nodes, which are gone when the trial ends.

    :param options: further options of etcd, such as ``--quota-backend-bytes=1000000``.
    :param names: the nodes; ``count``: how many members etcd has.
    :param folder: where the nodes have their data; ``members``: where etcd has its own.
    :param places: the networks of the members; by default all are on this machine.
    """

    def __init__(
        self, trial: Trial, options: Sequence[str] = (), names: Sequence[str] = NAMES, count: int = 3,
        folder: Path | None = None, members: Path | None = None, places: Sequence[Place] = (),
    ) -> None:  # fmt: skip
        need("etcd")
        self.trial = trial
        folder = folder or trial.folder
        self.etcd = EtcdMembers(members or folder / "etcd", count, options, places=places)
        trial.at_end(self.etcd.close)
        self.etcd.start()
        self.location = f"{self.etcd.location}/trial"
        self.nodes = [Node(trial, self.location, name, folder / name) for name in names]

    def start(self) -> "Cluster":
        """Start all nodes, and wait until they let people in."""
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.daemon.ready(START_S)
        return self

    @property
    def servers(self) -> list[tuple[str, int]]:
        """Where people connect."""
        return [(node.place.host, node.port) for node in self.nodes]

    def load(
        self, clients: int = 6, rate: float = 120.0, movers: int = 3, roamers: int = 3, size: int = 100
    ) -> ClusterLoad:
        """Put a load on all nodes, and wait until its clients have joined."""
        load = ClusterLoad(self.servers, TimedLedger(), clients, rate, size, movers, PACE_S, roamers)
        self.trial.at_end(load.close)
        if not load.join(START_S):
            raise AssertionError(f"The load was not admitted: {load.turned_away}")
        return load

    def findings(self, load: ClusterLoad) -> Agreement:
        """Settle the load, and compare what was promised with what each node has, also in its tables."""
        load.settle(START_S)
        agreement = agree(load, START_S)
        load.close()
        agreement.differing += self.differences()
        return agreement

    def differences(self, limit: float = EQUAL_S) -> list[str]:
        """Return a sentence for each table that is not the same at all nodes, once they have carried out the log.

        :param limit: seconds in which they must come to the same.
        """
        running = [node for node in self.nodes if node.is_running]
        begun = {node.name: node.reached()[0] for node in running}
        found: list[str] = []

        def is_equal() -> bool:
            reached = {node.name: node.reached() for node in running}
            places = (f"{name}: {number:,} (at first {begun[name]:,})" for name, (number, _) in reached.items())
            found[:] = [f"the nodes are at {', '.join(places)}"]
            if len(set(reached.values())) > 1:
                return False
            # Presences come and go: what is read at two nodes may be of two moments.
            found[:] = [
                f"{table}: {different(first.table(table), node.table(table))} at {first.name} and {node.name}"
                for first, node in ((running[0], node) for node in running[1:])
                for table in COMPARED
                if first.table(table) != node.table(table)
            ]
            return not found

        with contextlib.ExitStack() as stack:
            for node in running:
                stack.enter_context(node.without_checks())
            wait_for(is_equal, limit, 0.2)
        return found


@contextlib.contextmanager
def running(load: ClusterLoad) -> Iterator[TimedLedger]:
    """Let a load run, in a thread of its own, while something else is done; give its ledger."""
    ended, failed = threading.Event(), []

    def run() -> None:
        try:
            while not ended.is_set():
                load.run(0.1)
        except BaseException as error:
            failed.append(error)

    ledger = load.ledger
    assert isinstance(ledger, TimedLedger)
    ledger.listen()
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ledger
    finally:
        ended.set()
        thread.join()
    if failed:
        raise failed[0]


def different(one: Sequence[tuple[object, ...]], other: Sequence[tuple[object, ...]]) -> str:
    """Return in a few words how two tables differ."""
    for ours, theirs in zip(one, other, strict=False):
        if ours != theirs:
            return f"{str(ours)[:200]} is not {str(theirs)[:200]}"
    return f"{len(one)} rows are not {len(other)}"
