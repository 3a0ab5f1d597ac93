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
