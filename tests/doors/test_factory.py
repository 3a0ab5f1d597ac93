"""The factory lets in whom the reception admits."""

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.factory import ChatFactory
from groupchat.doors.front import Front
from groupchat.doors.reception import Reception
from groupchat.limits.turnstile import Turnstile
from groupchat.model.errors import JournalUnavailable
from tests.doors.connections import Connection
from tests.doors.fakes import SETTINGS, FakeSession


class AdmissionTest(SynchronousTestCase):
    def test_full(self) -> None:
        """A full server says so; when a connection has gone there is room for another."""
        connection = Connection(settings=SETTINGS.replaced(connections=1))
        transport = StringTransport()
        other = connection.factory.buildProtocol(None)
        other.makeConnection(transport)
        other.dataReceived(b"alice\n")
        self.assertTrue(transport.value().startswith(b"!! server-full: "))
        self.assertTrue(transport.disconnecting)
        connection.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertIsInstance(connection.factory.buildProtocol(None), Front)

    def test_not_open_yet(self) -> None:
        """While there is no hall everybody is told why, in their language; a browser asks again by itself."""
        connection = Connection(settings=SETTINGS)
        connection.reception.waiting = JournalUnavailable("This server waits.")
        for words, answer in (
            (b"alice\n", b"!! journal-unavailable: This server waits."),
            (b'{"do": "nick"}\n', b'{"event":"refused","code":"journal-unavailable"'),
            (b"GET /health HTTP/1.1\r\n\r\n", b"HTTP/1.1 503 Service Unavailable\r\n"),
        ):
            transport = StringTransport()
            closed = connection.factory.buildProtocol(None)
            closed.makeConnection(transport)
            closed.dataReceived(words)
            self.assertTrue(transport.value().startswith(answer), transport.value())
        self.assertIn(b"retry-after: ", transport.value())
        connection.reception.waiting = None
        self.assertIsInstance(connection.factory.buildProtocol(None), Front)

    def test_address(self) -> None:
        """The connections of an address are limited; one that ends makes room for another."""
        turnstile = Turnstile(live=1)
        factory = ChatFactory(Reception(FakeSession, SETTINGS, Clock(), turnstile))
        address = IPv4Address("TCP", "192.0.2.1", 1)
        first, transport = factory.buildProtocol(address), StringTransport()
        first.makeConnection(StringTransport())
        second = factory.buildProtocol(address)
        second.makeConnection(transport)
        second.dataReceived(b"alice\n")
        self.assertTrue(transport.value().startswith(b"!! too-many-connections: "))
        first.connectionLost(Failure(ConnectionDone()))
        self.assertIsInstance(factory.buildProtocol(address), Front)
