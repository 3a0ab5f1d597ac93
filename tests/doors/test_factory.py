"""The factory lets in whom the reception admits."""

from typing import Any, cast

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.factory import ChatFactory
from groupchat.doors.front import Front, default_of
from groupchat.doors.lines.text_conversation import TextConversation
from groupchat.doors.openings import DOORS
from groupchat.doors.reception import Reception
from groupchat.limits.turnstile import Turnstile
from tests.doors.connections import Connection
from tests.doors.fakes import SETTINGS, FakeSession


class AdmissionTest(SynchronousTestCase):
    def test_full(self) -> None:
        """A full server says so; when a connection has gone there is room for another."""
        connection = Connection(settings=SETTINGS.replaced(connections=1))
        transport = StringTransport()
        connection.factory.buildProtocol(None).makeConnection(transport)
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
        factory.buildProtocol(address).makeConnection(transport)
        self.assertTrue(transport.value().startswith(b"!! too-many-connections: "))
        first.connectionLost(Failure(ConnectionDone()))
        self.assertIsInstance(factory.buildProtocol(address), Front)

    def test_one_name_for_an_address(self) -> None:
        """An IPv4 address at a port for both counts as itself, and the scope of an IPv6 one does not count."""
        reception = Reception(FakeSession, SETTINGS, Clock(), Turnstile(live=1))
        factory = ChatFactory(reception)
        for written, address in (("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::1")):
            front = cast(Front, factory.buildProtocol(IPv6Address("TCP", written, 1)))
            self.assertEqual(front.address, address)
            self.assertNotIsInstance(factory.buildProtocol(IPv4Address("TCP", address, 1)), Front)

    def test_counted_by_code(self) -> None:
        """The reception counts the peers that are turned away, by code."""
        reception = Reception(FakeSession, SETTINGS.replaced(connections=1), Clock())
        factory = ChatFactory(reception)
        factory.buildProtocol(None).makeConnection(StringTransport())
        for _ in range(2):
            factory.buildProtocol(None)
        self.assertEqual(dict(reception.turned_away), {"server-full": 2})

    def test_doors(self) -> None:
        """A factory serves the doors it is given, and no others."""
        text = default_of(DOORS)
        factory = ChatFactory(Reception(FakeSession, SETTINGS, Clock()), (text,))
        transport: Any = StringTransport()
        transport.protocol = factory.buildProtocol(None)
        transport.protocol.makeConnection(transport)
        transport.protocol.dataReceived(b"\x16\x03\x01")
        self.assertIsInstance(transport.protocol, TextConversation)
