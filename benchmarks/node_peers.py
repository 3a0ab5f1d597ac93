"""Nodes of a cluster with an etcd of three members, all on this machine, beside one server with its own journal."""

import http.client
import json
import sqlite3
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from benchmarks.free_ports import HOST, free_port
from benchmarks.load import Broken
from benchmarks.ours import AskingGroupchat
from benchmarks.peer import Peer
from benchmarks.processes import Server
from tests.functional.etcd_members import EtcdMembers

NODES = ("a1", "b1", "c1")
LOG = b"bench/log"
"""The key of the log that the nodes share."""
SETTLING_S = 60.0
_IS_BEHIND = "SELECT max(id) > (SELECT value FROM counters WHERE name = 'indexed') FROM posts WHERE kind = 'said'"


class Node(AskingGroupchat):
    """A node; whoever posts there waits for the answer."""

    def __init__(self, location: str, name: str) -> None:
        self._options = ["--journal", f"{location}/bench", "--node", name]

    def command(self, folder: Path, port: int, members: int, data: Path | None = None) -> list[str]:
        """Return the command."""
        return [*super().command(folder, port, members, data), *self._options]


class LeastNode(AskingGroupchat):
    """A program that does the least that a node in Python can do."""

    greets = False

    def __init__(self, etcd: EtcdMembers) -> None:
        self._etcd_port = etcd.members[0].port

    def command(self, folder: Path, port: int, members: int, data: Path | None = None) -> list[str]:
        """Return the command."""
        return [sys.executable, "-m", "benchmarks.node_floor", str(port), str(self._etcd_port), str(folder)]


class Cluster:
    """Nodes, members of etcd, a server ``alone`` that shares nothing, and ``least``, which does the least of a node.

    None of them is pinned: on machines of their own they would not keep each other from a processor.
    """

    def __init__(self, etcd: EtcdMembers, top: Path) -> None:
        self.etcd = etcd
        self.nodes: dict[str, Server] = {}
        self._top = top
        self.alone = _started(AskingGroupchat(), top / "alone")
        self.least = _started(LeastNode(etcd), top / "least")

    def start(self, name: str) -> float:
        """Start a node, with the data it had before; return the seconds until it greets."""
        server = _started(Node(self.etcd.location, name), self._top / name)
        self.nodes[name] = server
        return time.monotonic() - server.begun

    def stop(self, name: str) -> None:
        """End a node; its data stay."""
        self.nodes.pop(name).stop(keep=True)

    def data(self, name: str) -> Path:
        """Return the data folder of a node."""
        return self._top / name / "data"

    def settle(self) -> None:
        """Wait until everybody has indexed what was said, which they do when nobody talks.

        :raises Broken: it takes too long.
        """
        end = time.monotonic() + SETTLING_S
        for name in (*self.nodes, "alone"):
            with closing(sqlite3.connect(f"file:{self.data(name)}/chat.db?mode=ro", uri=True)) as database:
                while database.execute(_IS_BEHIND).fetchone()[0]:
                    if time.monotonic() > end:
                        raise Broken(f"{name} has not indexed everything after {SETTLING_S:g} s.")
                    time.sleep(0.05)

    def close(self) -> None:
        """End everything but etcd."""
        for server in (*self.nodes.values(), self.alone, self.least):
            server.stop()


def _started(peer: Peer, folder: Path) -> Server:
    folder.mkdir(exist_ok=True)
    port = free_port()
    server = Server(peer.command(folder, port, 0), port, folder, pinned=False)
    try:
        server.wait_until_open(greets=peer.greets)
    except BaseException:
        server.stop()
        raise
    return server


@contextmanager
def cluster_of(names: Sequence[str] = NODES) -> Iterator[Cluster]:
    """Start nodes with these names, as many members of etcd, and a server beside them; end everything."""
    with ExitStack() as stack:
        top = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="groupchat-bench-")))
        etcd = EtcdMembers(top / "etcd", len(names))
        stack.callback(etcd.close)
        etcd.start()
        made = Cluster(etcd, top)
        stack.callback(made.close)
        for name in names:
            made.start(name)
        yield made


class BareEtcd:
    """A client that does nothing but etcd's part of a post, at the member that the first node appends at."""

    def __init__(self, etcd: EtcdMembers) -> None:
        self._connection = http.client.HTTPConnection(HOST, etcd.members[0].port, timeout=60.0)
        self._connection.connect()
        key, sent = (b64encode(name).decode("ascii") for name in (b"/bare/log", b"/bare/sent"))
        value = b64encode(bytes(300)).decode("ascii")
        self._body = json.dumps(
            {"compare": [{"key": key, "target": "VERSION", "result": "GREATER", "version": "-1"},
                         {"key": sent, "target": "VERSION", "result": "GREATER", "version": "-1"}],
             "success": [{"request_put": {"key": key, "value": value}}, {"request_put": {"key": sent}},
                         {"request_range": {"key": key, "keys_only": True}}]}
        )  # fmt: skip

    def run(self, seconds: float) -> Sequence[float]:
        """Make one transaction after the other; return the milliseconds that each took."""
        took = []
        end = time.monotonic() + seconds
        while (begun := time.monotonic()) < end:
            self._transact()
            took.append((time.monotonic() - begun) * 1e3)
        return took

    def _transact(self) -> None:
        self._connection.request("POST", "/v3/kv/txn", self._body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        read = answer.read()
        if answer.status != 200 or not json.loads(read).get("succeeded"):
            raise OSError(f"etcd answers {answer.status}: {read!r}")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class LogReader:
    """A client that reads the log of the nodes, and does nothing with it."""

    def __init__(self, etcd: EtcdMembers) -> None:
        self._port = etcd.members[-1].port
        self._key = b64encode(LOG).decode("ascii")

    def newest(self) -> int:
        """Return the revision of the newest entry."""
        with closing(http.client.HTTPConnection(HOST, self._port, timeout=60.0)) as connection:
            connection.request("POST", "/v3/kv/range", json.dumps({"key": self._key, "keys_only": True}))
            return int(json.loads(connection.getresponse().read())["kvs"][0]["mod_revision"])

    def read(self, after: int) -> float:
        """Read what is behind a revision; return the seconds that it took."""
        last = self.newest()
        with closing(http.client.HTTPConnection(HOST, self._port, timeout=60.0)) as connection:
            begun = time.monotonic()
            watch = {"key": self._key, "start_revision": str(after + 1), "fragment": True}
            connection.request("POST", "/v3/watch", json.dumps({"create_request": watch}))
            answer, position = connection.getresponse(), after
            while position < last:
                for event in json.loads(answer.readline())["result"].get("events", ()):
                    position = int(event["kv"]["mod_revision"])
            return time.monotonic() - begun
