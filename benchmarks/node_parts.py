"""What carrying out an entry of the log costs a node: its steps, in this process, without etcd."""

import json
import time
from base64 import b64encode

from benchmarks.figures import Row
from benchmarks.parts import SENDERS, new_writer, timed
from benchmarks.peer import FILLING
from groupchat.journals.cluster.entries import entry_bytes, read_entry, written
from groupchat.journals.logs.etcd.log_stream import Entries, Lines, messages
from groupchat.journals.logs.etcd.requests.etcd_requests import Requests
from groupchat.model.drafts import Draft, Kind, Operation
from groupchat.model.events import AuthorId
from groupchat.model.node_operations import Applied

SIZES = (1, 60)
"""Posts in an entry."""


def node_parts(count: int) -> list[Row]:
    """Return the steps, for entries of one post and of many, in microseconds of processor time for a post."""
    rows: list[Row] = []
    for size in SIZES:
        number = max(1, (count if size > 1 else count // 10) // size)
        for step, cost in _steps(number, _batch(size)):
            figure = f"an entry of {size} post{'s' if size > 1 else ''}: {step}"
            rows.append({"scenario": "cluster", "figure": figure, "value": cost, "unit": "µs/post"})
    return rows


def _steps(times: int, batch: list[Operation]) -> list[tuple[str, float]]:
    line = _line(entry_bytes("a1", 7, 1, 1, [written(one) for one in batch]))
    count = times * len(batch)
    return [
        ("writing it", timed(count, lambda: _write(times, batch))),
        ("reading it from a watch", timed(count, lambda: _read(times, line))),
        ("carrying it out, with the flush", _carry_out(times, batch)),
    ]


def _batch(size: int) -> list[Operation]:
    at = time.time()
    return [
        Draft(Kind.SAID, AuthorId(number % SENDERS), "member1", at, "lobby", f"{number:010d}{FILLING.decode()}")
        for number in range(size)
    ]


def _line(data: bytes) -> bytes:
    """Return what a watch sends for an entry."""
    key_value = {
        "key": b64encode(b"/bench/log").decode(), "create_revision": "2", "mod_revision": "1234", "version": "617",
        "value": b64encode(data).decode(),
    }  # fmt: skip
    header = {"cluster_id": "14841639068965178418", "member_id": "10276657743932975437", "revision": "1234"}
    return json.dumps({"result": {"header": header, "events": [{"kv": key_value}]}}).encode() + b"\n"


def _write(times: int, batch: list[Operation]) -> None:
    requests = Requests("/bench")
    for count in range(times):
        data = entry_bytes("a1", 7, count, 1, [written(one) for one in batch])
        requests.append("a1", 7, count, data, 7587848390000000000)


def _read(times: int, line: bytes) -> None:
    for _ in range(times):
        for one in Lines().feed(line):
            for message in messages(one):
                assert isinstance(message, Entries)
                for entry in message.entries:
                    read_entry(entry.data)


def _carry_out(times: int, batch: list[Operation]) -> float:
    with new_writer() as writer:

        def write() -> None:
            for _ in range(times):
                writer.append([*batch, Applied("c" * 32, 1, 1, "ab" * 32)])

        return timed(times * len(batch), write)
