"""Peers that are not let in are told why in their own language, and few of them are waited for."""

import json
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.closed import DISCARDED_LIMIT, HANDSHAKES, MOST
from groupchat.doors.reception import SILENCE_S
from groupchat.model.errors import Banned
from tests.doors.connections import Port, Strings, TlsVisit
from tests.doors.fakes import SETTINGS

REQUEST = b"GET /ws HTTP/1.1\r\nHost: localhost\r\n"


class Peer:
    """A peer of a full server."""

    def __init__(self, port: Port, address: str = "192.0.2.1") -> None:
        self.transport = cast(Any, Strings())
        self.transport.protocol = port.factory.buildProtocol(IPv4Address("TCP", address, 1))
        self.transport.protocol.makeConnection(self.transport)

    def sends(self, data: bytes) -> bytes:
        self.transport.protocol.dataReceived(data)
        told: bytes = self.transport.value()
        return told

    def leaves(self) -> None:
        self.transport.protocol.connectionLost(Failure(ConnectionDone()))


class ClosedTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.port = Port(SETTINGS.replaced(connections=1))
        self.inside = Peer(self.port, "203.0.113.1")
        self.inside.sends(b"GET /health HTTP/1.1\r\n")

    def test_text(self) -> None:
        """Whoever waits to be greeted, or begins with a nickname, is told as text."""
        silent, quick = Peer(self.port), Peer(self.port)
        self.assertEqual(silent.transport.value(), b"")
        self.assertTrue(quick.sends(b"alice\r\n").startswith(b"!! server-full: "))
        self.port.clock.pump([SILENCE_S / 5] * 10)
        self.assertTrue(silent.transport.value().startswith(b"!! server-full: "))
        for peer in (silent, quick):
            self.assertTrue(peer.transport.disconnecting)
        self.assertEqual(self.port.reception.turned_away["server-full"], 2)

    def test_json(self) -> None:
        """A program that speaks JSON Lines is told so."""
        told = Peer(self.port).sends(b'{"do":"nick","nick":"bot"}\n')
        first, last = (json.loads(line) for line in told.splitlines())
        self.assertEqual((first["event"], first["code"]), ("refused", "server-full"))
        self.assertEqual((last["event"], last["code"]), ("closing", "server-full"))

    def test_http(self) -> None:
        """A browser is answered over HTTP, and asks again by itself; so is the handshake of a WebSocket."""
        peer = Peer(self.port)
        self.assertEqual(peer.sends(b"GE"), b"")
        told = peer.sends(REQUEST[2:])
        head, _, body = told.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n"), head)
        for header in (b"retry-after: 10", b"refresh: 10", b"connection: close", b"x-content-type-options: nosniff"):
            self.assertIn(header, head.lower())
        self.assertIn(f"content-length: {len(body)}".encode(), head)
        self.assertEqual(body, b"server-full: The server is full. Try again later.\n")
        self.assertEqual(peer.sends(b"\r\n"), told)
        head_only = Peer(self.port).sends(b"HEAD / HTTP/1.1\r\n\r\n")
        self.assertTrue(head_only.endswith(b"\r\n\r\n"))

    def test_asked_within(self) -> None:
        """Whoever is in can ask whether a handshake of WebSocket would be refused: browsers do not tell pages that."""
        port = Port(SETTINGS.replaced(connections=2))
        inside = Peer(port)
        asked = b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        self.assertTrue(inside.sends(asked).startswith(b"HTTP/1.1 426 "))
        Peer(port)
        self.assertIn(b"HTTP/1.1 503 ", inside.sends(asked))

    def test_banned(self) -> None:
        """A banned address is answered likewise, also if it was banned while it connected."""

        def check(address: str) -> None:
            raise Banned("You are banned.")

        here = Port()
        before = Peer(here)
        here.reception.check_address = check
        for peer in (before, Peer(here)):
            told = peer.sends(b"POST /rooms/lobby HTTP/1.1\r\n\r\n")
            self.assertTrue(told.startswith(b"HTTP/1.1 403 Forbidden\r\n"), told)
            self.assertTrue(told.endswith(b"\r\n\r\nbanned: You are banned.\n"), told)
            self.assertNotIn(b"retry-after", told)

    def test_tls(self) -> None:
        """Within TLS it is the same; of many such connections some are only closed."""
        visit = TlsVisit(self.port)
        visit.send(b"GET / HTTP/1.1\r\n\r\n")
        self.assertTrue(visit.read().startswith(b"HTTP/1.1 503 "))
        for _ in range(HANDSHAKES):
            last = Peer(self.port)
            told = last.sends(b"\x16\x03\x01")
        self.assertEqual(told, b"")
        self.assertTrue(last.transport.disconnecting)

    def test_few(self) -> None:
        """Of too many the oldest of the greediest address is told at once, and has to go."""
        other = Peer(self.port, "198.51.100.1")
        peers = [Peer(self.port) for _ in range(MOST)]
        self.assertTrue(peers[0].transport.value().startswith(b"!! server-full: "))
        self.assertTrue(peers[0].transport.disconnecting)
        for peer in (other, *peers[1:]):
            self.assertEqual(peer.transport.value(), b"")
        for peer in (self.inside, other, *peers):
            peer.leaves()
        self.assertEqual(self.port.clock.getDelayedCalls(), [])
        self.assertEqual(self.port.reception.connections, 0)

    def test_flood(self) -> None:
        """What such a peer goes on to send is thrown away, and not without end."""
        peer = Peer(self.port)
        peer.sends(REQUEST)
        for _ in range(0, DISCARDED_LIMIT + 1, 65536):
            peer.sends(bytes(65536))
        self.assertTrue(peer.transport.disconnected)
