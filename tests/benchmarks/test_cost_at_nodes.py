"""What a post costs at a node of a cluster, counted and not timed: calls, writes, timers, and what is read of it."""

import json
import socket
from functools import partial
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint, ISystemHandle, ITCPTransport
from twisted.internet.testing import StringTransport
from zope.interface import directlyProvides, implementer

from groupchat.interfaces.shared_log import Appended
from groupchat.model.drafts import Draft, Kind
from groupchat.model.events import AuthorId
from groupchat.outgoing.http_client import HttpClient
from tests.benchmarks.counting import CountingJournal, counted
from tests.journals.cluster.nodes import ClusterCase
from tests.journals.logs.etcd.servers import HEADER, ONE
from tests.journals.logs.etcd.test_etcd_log import EPOCH, LogCase, newest
from tests.journals.logs.etcd.test_log_watch import WatchCase, line

APPEND_CALLS = 66
"""Calls of Python functions for an entry that etcd appends, from its bytes to its place: a tenth less was counted."""
EVENT_CALLS = 37
"""Calls of Python functions for an entry that comes by a watch, from its bytes on: a tenth less was counted."""
READING = ("http_answers.py", "http_stream.py")
"""Where an answer is read that is handed on while it comes."""
READING_CALLS = 4
"""Calls of functions there for one piece of it, which is what was counted."""
CLUSTER = (
    *("applying.py", "cluster_journal.py", "codec.py", "entries.py", "field_types.py", "living.py"),
    *("proposing.py", "shared_log.py"),
)
"""Where the work of a node is done, besides that of its log, its journal and its hall."""
NODES_CALLS = 110
"""Calls of functions there for a post alone in its entry, at two nodes together: a tenth less was counted."""


class SocketTransport(StringTransport):
    """A connection of TCP, whose other end the test has."""

    def __init__(self) -> None:
        super().__init__()
        self.near, self.far = socket.socketpair()
        directlyProvides(self, ITCPTransport, ISystemHandle)

    # Twisted calls these.

    def getHandle(self) -> socket.socket:
        return self.near

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Leave it as it is."""


@implementer(IStreamClientEndpoint)
class SocketEndpoint:
    """Connects at once.  ``transport`` and ``protocol`` are those of the newest connection; ``made`` counts them."""

    made = 0

    # Twisted calls this.

    def connect(self, protocolFactory: IProtocolFactory) -> "Deferred[Any]":
        self.made += 1
        self.transport = SocketTransport()
        protocol = protocolFactory.buildProtocol(IPv4Address("TCP", "10.0.0.1", 2379))
        assert protocol is not None
        self.protocol = protocol
        protocol.makeConnection(self.transport)
        return succeed(self.protocol)


def appended(number: int) -> bytes:
    """Compose what etcd 3.4 answers to an append, with its headers."""
    revision = newest(number)["mod_revision"]
    fields = {
        "header": {**HEADER, "revision": revision},
        "succeeded": True,
        "responses": [
            {"response_put": {"header": {"revision": revision}}},
            {"response_put": {"header": {"revision": revision}}},
            {
                "response_range": {
                    "header": {"revision": revision},
                    "kvs": [{"key": "Z2MvbG9n", **newest(number)}],
                    "count": "1",
                }
            },
        ],
    }
    body = json.dumps(fields, separators=(",", ":")).encode()
    names = ("Cluster-Id", "Member-Id", "Raft-Term")
    headers = "".join(f"Grpc-Metadata-{name}: 17237436991929493444\r\n" for name in names)
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}"
        f"Date: Fri, 27 Nov 2026 12:00:00 GMT\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class AppendTest(LogCase):
    """An entry on its way to etcd and back, over a connection that is kept."""

    def test_append(self) -> None:
        """It is one write, at once, and few calls; no timer is made for it, and no connection."""
        self.begin()
        endpoint = SocketEndpoint()
        client = HttpClient(self.clock, lambda host, port: endpoint, 10_000)
        self.gateway._ask_by_http = client.ask
        places: list[Appended] = []

        answers = {number: appended(number) for number in (4, 5)}

        def append(number: int) -> None:
            self.log.append(b"x" * 300).addCallback(places.append)
            self.sent = endpoint.transport.far.recv(10_000)
            endpoint.protocol.dataReceived(answers[number])

        append(4)
        self.addCleanup(endpoint.transport.near.close)
        self.addCleanup(endpoint.transport.far.close)
        timers = len(self.clock.getDelayedCalls())
        calls = counted(partial(append, 5)).calls
        self.assertEqual(places, [Appended(4, 14), Appended(5, 15)])
        head, _, body = self.sent.partition(b"\r\n\r\n")
        self.assertIn(b"Content-Length: %d" % len(body), head)
        self.assertEqual(json.loads(body)["compare"][0]["create_revision"], str(EPOCH))
        self.assertEqual(json.loads(body)["compare"][-1]["version"], "1")
        self.assertEqual(endpoint.transport.value(), b"")
        self.assertEqual(endpoint.made, 1)
        self.assertEqual(len(self.clock.getDelayedCalls()), timers)
        self.assertLessEqual(calls, APPEND_CALLS)


class EventTest(WatchCase):
    """An entry that comes from etcd."""

    def test_event(self) -> None:
        """It is few calls from its bytes to whoever wants it, with one chunk or with two, as etcd sends long ones."""
        response = self.begin(ONE, 9, 11)
        response.feed(line(1))
        for number, pieces in ((2, [line(2)]), (3, [line(3)[:-1], b"\n"])):
            data = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
            counts = counted(partial(response.stream.dataReceived, data))
            self.assertEqual(self.numbers[-1], number)
            self.assertLessEqual(counts.calls, EVENT_CALLS)
            reading = sum(count for name, count in counts.named.items() if name.partition(":")[0] in READING)
            self.assertLessEqual(reading, READING_CALLS)


def _said(text: str) -> Draft:
    """Compose a post as a hall does."""
    return Draft(Kind.SAID, AuthorId(1), "alice", 1.0, "lobby", text, folded="alice", within=("lobby",))


class NodePostTest(ClusterCase):
    """A post alone in its entry."""

    def test_post(self) -> None:
        """It is written once, read once at each node, its own too, and is one commit at each."""
        journals = {name: CountingJournal() for name in ("a1", "b2")}
        one, other = (self.started(name, journal) for name, journal in journals.items())
        one.post(_said("first"))
        self.pass_time(0.5)
        for journal in journals.values():
            journal.commits = 0
        waiting = []

        def post() -> None:
            waiting.append(one.post(_said("second")))
            self.pass_time(0.5)

        counts = counted(post)
        self.assertEqual(len(waiting[0].ids), 1)
        self.assertEqual(other.texts, ["first", "second"])
        self.assertEqual([journal.commits for journal in journals.values()], [1, 1])
        self.assertEqual(counts.named["entries.py:read_entry"], 2)
        self.assertEqual(counts.named["entries.py:written"], 1)
        calls = sum(count for name, count in counts.named.items() if name.partition(":")[0] in CLUSTER)
        self.assertLessEqual(calls, NODES_CALLS)
