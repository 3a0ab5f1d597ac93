"""Connections to other ports: counted with all others, few, and not for ever."""

from typing import Any, cast

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.wire import Echo
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.counted import MOST, CountedFactory
from groupchat.doors.reception import Reception
from groupchat.limits.turnstile import Turnstile
from groupchat.model.errors import Banned
from tests.doors.fakes import SETTINGS, FakeSession

FULL = b"HTTP/1.1 503\r\n\r\n"


class CountedTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.turnstile = Turnstile(live=40, new=1000)
        self.settings = SETTINGS.replaced(connections=3, handshake_timeout_s=30.0)
        self.reception = Reception(FakeSession, self.settings, cast(Any, self.clock), self.turnstile)
        self.factory = CountedFactory(Factory.forProtocol(Echo), self.reception, FULL)

    def come(self, address: object = None) -> tuple[Any, Any]:
        """Connect; return the protocol and its transport."""
        protocol = self.factory.buildProtocol(cast(Any, address or IPv4Address("TCP", "192.0.2.1", 1)))
        transport = cast(Any, StringTransport())
        transport.abortConnection = transport.loseConnection
        protocol.makeConnection(transport)
        return protocol, transport

    def end(self, protocol: Any) -> None:
        protocol.connectionLost(Failure(ConnectionDone()))

    def test_served(self) -> None:
        """A connection is served by the protocol within, and counted until it ends, for its address too."""
        protocol, transport = self.come()
        protocol.dataReceived(b"hello")
        self.assertEqual(transport.value(), b"hello")
        self.assertEqual((self.reception.connections, self.turnstile.connections("192.0.2.1")), (1, 1))
        self.end(protocol)
        self.assertEqual((self.reception.connections, self.turnstile.connections("192.0.2.1")), (0, 0))
        self.assertEqual((len(self.factory.protocols), len(self.reception.handshakes)), (0, 0))

    def test_unix(self) -> None:
        """A UNIX socket has no address; its connections are counted all the same."""
        protocol, _ = self.come(UNIXAddress(b"/run/x"))
        self.assertEqual(self.reception.connections, 1)
        self.end(protocol)

    def test_deadline(self) -> None:
        """A connection ends after the time that a newcomer has, whatever it sends meanwhile."""
        protocol, transport = self.come()
        for _ in range(29):
            self.clock.advance(1)
            protocol.dataReceived(b"x")
            self.assertFalse(transport.disconnecting)
        self.clock.pump([1] * 3)
        self.assertTrue(transport.disconnecting)

    def test_honest(self) -> None:
        """Who has few connections keeps them, however many somebody else makes after them."""
        self.make_room()
        one, two = (self.come(IPv4Address("TCP", f"198.51.100.{number}", 1))[1] for number in range(2))
        attackers = [self.come()[1] for _ in range(39)]
        self.assertEqual([transport.disconnecting for transport in (one, two)], [False, False])
        self.assertEqual(sum(not transport.disconnecting for transport in attackers), MOST - 2)

    def make_room(self) -> None:
        """Let the chat have room."""
        self.reception = Reception(FakeSession, SETTINGS, cast(Any, self.clock), self.turnstile)
        self.factory = CountedFactory(Factory.forProtocol(Echo), self.reception, FULL)

    def test_few(self) -> None:
        """There are not many: the oldest are dropped for new ones."""
        self.make_room()
        here = [self.come() for _ in range(MOST + 2)]
        self.assertEqual([transport.disconnecting for _, transport in here], [True] * 2 + [False] * MOST)
        for protocol, _ in here[:2]:
            self.end(protocol)
        self.end(here[2][0])
        self.come()
        self.assertFalse(here[3][1].disconnecting)
        self.assertEqual(self.reception.connections, MOST)

    def test_full(self) -> None:
        """When the chat is full there is room for so many all the same; the next one is told so, and not counted."""
        for number in range(3):
            self.reception.admit(f"198.51.100.{number}")
            self.reception.connections += 1
        here = [self.come() for _ in range(MOST)]
        self.assertEqual([transport.value() for _, transport in here], [b""] * MOST)
        _, transport = self.come()
        self.assertEqual((transport.value(), transport.disconnecting), (FULL, True))
        self.assertEqual(self.reception.turned_away["server-full"], 1)
        self.end(here[0][0])
        self.assertEqual(self.come()[1].value(), b"")

    def test_address(self) -> None:
        """The limits of an address apply; bans, which are about people, do not."""
        self.turnstile.live = 1
        self.reception.check_address = self.refuse
        self.assertEqual(self.come()[1].value(), b"")
        self.assertEqual(self.come()[1].value(), FULL)
        self.assertEqual(self.reception.turned_away["too-many-connections"], 1)
        self.assertRaises(Banned, self.reception.admit, "192.0.2.9")

    def refuse(self, address: str) -> None:
        raise Banned("No.")

    def test_stop(self) -> None:
        """When the server stops they are dropped."""
        _, transport = self.come()
        self.reception.stop()
        self.assertTrue(transport.disconnecting)
