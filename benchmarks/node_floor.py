"""The least that a program in Python has to do for a post at a node: -m benchmarks.node_floor PORT ETCD_PORT FOLDER.

A line comes, an entry is put into etcd, a row is committed and flushed in a thread of its own, and an answer goes back.
There are no names, rooms, rules or other members, nothing is checked and nobody else is told: what a node takes beyond
this is its own, and what this takes beyond etcd's transaction no node in Python can do without.
"""

import json
import re
import sqlite3
import sys
import threading
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from twisted.internet import reactor
from twisted.internet.protocol import ClientFactory, Factory, Protocol
from twisted.protocols.basic import LineReceiver

from benchmarks.free_ports import HOST

_REACTOR: Any = reactor
_REF = re.compile(rb'"ref":"([^"]*)"')


class _Etcd(Protocol):
    """A connection to etcd with one transaction at a time."""

    def __init__(self) -> None:
        key, self._sent = (b64encode(name).decode("ascii") for name in (b"/floor/log", b"/floor/sent"))
        self._before = (
            f'{{"compare":[{{"key":"{key}","target":"VERSION","result":"GREATER","version":"-1"}},'
            f'{{"key":"{self._sent}","target":"VERSION","result":"GREATER","version":"-1"}}],'
            f'"success":[{{"request_put":{{"key":"{key}","value":"'
        ).encode()
        self._after = (
            f'"}}}},{{"request_put":{{"key":"{self._sent}"}}}},'
            f'{{"request_range":{{"key":"{key}","keys_only":true}}}}]}}'
        ).encode()
        self._done: Callable[[], object] | None = None
        self._read = b""

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.setTcpNoDelay(True)
        self._socket = transport.getHandle()

    def put(self, entry: bytes, done: Callable[[], object]) -> None:
        """Put an entry, and call when it is in."""
        body = self._before + b64encode(entry) + self._after
        self._done = done
        self._socket.send(
            b"POST /v3/kv/txn HTTP/1.1\r\nHost: etcd\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )

    def dataReceived(self, data: bytes) -> None:
        self._read += data
        _, is_whole, body = self._read.partition(b"\r\n\r\n")
        if not is_whole or not body.endswith(b"}"):
            return
        self._read = b""
        if json.loads(body).get("succeeded"):
            done, self._done = self._done, None
            assert done is not None
            done()


class _Rows:
    """A database whose rows are committed in a thread, and flushed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._queue: SimpleQueue[tuple[bytes, Callable[[], object]]] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    def add(self, text: bytes, done: Callable[[], object]) -> None:
        """Commit a row, and call when it is flushed."""
        self._queue.put((text, done))

    def _run(self) -> None:
        database = sqlite3.connect(self._path, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, text TEXT)")
        database.execute("CREATE TABLE place (name TEXT PRIMARY KEY, value TEXT)")
        while True:
            text, done = self._queue.get()
            database.execute("BEGIN IMMEDIATE")
            row = database.execute("INSERT INTO posts (text) VALUES (?)", (text.decode(),)).lastrowid
            database.execute("INSERT OR REPLACE INTO place VALUES ('log', ?)", (str(row),))
            database.execute("COMMIT")
            _REACTOR.callFromThread(done)


class _Line(LineReceiver):
    delimiter = b"\n"

    def __init__(self, etcd: _Etcd, rows: _Rows) -> None:
        self._etcd = etcd
        self._rows = rows

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.setTcpNoDelay(True)
        self._socket = transport.getHandle()

    def lineReceived(self, line: bytes) -> None:
        found = _REF.search(line)
        if found is None:
            self._socket.send(b'{"event":"welcome"}\n')
            return
        ref = found[1]
        self._etcd.put(line, lambda: self._rows.add(line, lambda: self._answer(ref)))

    def _answer(self, ref: bytes) -> None:
        self._socket.send(b'{"event":"done","ref":"%b"}\n' % ref)


def main(port: int, etcd_port: int, folder: Path) -> None:
    """Serve until killed."""
    etcd, rows = _Etcd(), _Rows(folder / "floor.db")
    client = ClientFactory.forProtocol(lambda: etcd)
    server = Factory.forProtocol(lambda: _Line(etcd, rows))
    _REACTOR.connectTCP(HOST, etcd_port, client)
    _REACTOR.listenTCP(port, server, interface=HOST)
    _REACTOR.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
