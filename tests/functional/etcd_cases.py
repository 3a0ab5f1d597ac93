"""What tests of the log in a real etcd share: nodes that write and read while something goes wrong."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from groupchat.interfaces.shared_log import Appended, Begun, Closed, Fenced, ILog
from groupchat.journals.logs.etcd import etcd_lease
from groupchat.journals.logs.etcd.etcd_location import opened
from tests.functional.etcd_members import EtcdMembers
from tests.functional.harness import LIMIT_S, program
from tests.journals.logs.log_contract import Reader, pause

PATIENT_LEASE_S = 60.0
"""How long leases are here, so that none ends because a machine has too much to do."""


class Node:
    """A node that appends one entry after the other, and does after fencing what a journal does."""

    def __init__(self, log: ILog, name: str, begun: Begun) -> None:
        self.log = log
        self.name = name
        self.reader = Reader(log)
        self.written: dict[bytes, int] = {}
        """What is known to be in the log, with its revision."""
        self.epochs = [begun.epoch]
        self.is_stopping = False
        self.done: Deferred[None] = Deferred.fromCoroutine(self._write())

    async def _write(self) -> None:
        count = 0
        try:
            while not self.is_stopping:
                text = f"{self.name} {count}".encode()
                place = await self._append(text)
                if place is not None:
                    self.written[text] = place
                    count += 1
        except Closed:
            return

    async def _append(self, text: bytes) -> int | None:
        """Append an entry; None: it is certainly not in."""
        try:
            place: Appended = await self.log.append(text)
            return place.revision
        except Fenced as fenced:
            entries = self.reader.entries
            while fenced.revision and (not entries or entries[-1].revision < fenced.revision):
                await self.reader.have(len(entries) + 1)
            self.epochs.append((await self.log.begin(self.name, b"{}")).epoch)
            return next((entry.revision for entry in entries if entry.data == text), None)

    async def reach(self, more: int) -> None:
        """Wait until this many more entries are known to be in."""
        goal = len(self.written) + more
        while len(self.written) < goal:
            if self.done.called:
                await self.done
                raise AssertionError("The node has stopped.")
            await pause(0.01)

    async def stop(self) -> None:
        """Let what is being appended be the last."""
        self.is_stopping = True
        await self.done


class EtcdTest(TestCase):
    """A test with etcd members of its own, and nodes that are closed at the end."""

    timeout = 3 * LIMIT_S
    count = 3

    def setUp(self) -> None:
        program("etcd")
        self.patch(etcd_lease, "LEASE_S", PATIENT_LEASE_S)
        self.folder = Path(tempfile.mkdtemp(prefix="groupchat-etcd-"))
        self.etcd = self.members()
        self.addCleanup(self.etcd.close)
        self.etcd.start()

    def members(self) -> EtcdMembers:
        """Make the members of this test."""
        return EtcdMembers(self.folder, self.count)

    def open(self, **options: Any) -> ILog:
        """Open the log."""
        log = opened(f"{self.etcd.location}/gc", reactor, **options)
        self.addCleanup(log.close)
        return log

    async def node(self, name: str) -> Node:
        """Open the log as a node that begins to write."""
        log = self.open()
        return Node(log, name, await log.begin(name, b"{}"))

    async def aside(self, action: Callable[..., object], *arguments: Any) -> Any:
        """Do something that blocks, while the nodes go on."""
        return await deferToThread(action, *arguments)

    async def check(self, *nodes: Node) -> None:
        """Stop the nodes, and see that what each knows, and what each has read, is the log."""
        for node in nodes:
            await node.stop()
        witness = self.open()
        begun = await witness.begin("witness", b"{}")
        reader = Reader(witness)
        await reader.have(begun.head)
        entries = reader.entries
        self.assertEqual(len(entries), begun.head)
        self.assertEqual([entry.number for entry in entries], list(range(1, begun.head + 1)))
        self.assertEqual(len(set(reader.texts)), len(entries), "an entry is there twice")
        for node in nodes:
            await node.reader.have(begun.head)
            self.assertEqual(node.reader.entries, entries)
            own = {entry.data: entry.revision for entry in entries if entry.data.startswith(node.name.encode() + b" ")}
            self.assertEqual(own, node.written)
            self.assertEqual(list(own), list(node.written), "entries are in another order")
            self.assertEqual(node.epochs, sorted(set(node.epochs)))
