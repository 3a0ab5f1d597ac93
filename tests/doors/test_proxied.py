"""Behind a proxy, everybody has the address that the proxy tells."""

from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.front import Front
from groupchat.doors.reception import HEADER_S
from groupchat.doors.wire.proxy_header import SIGNATURE
from groupchat.model.errors import Banned
from tests.doors.connections import Port, TlsVisit, Visit
from tests.doors.fakes import SETTINGS
from tests.doors.wire.test_proxy_header import LOCAL, UNKNOWN, binary, text

PROXY = IPv4Address("TCP", "10.0.0.5", 4321)
BEHIND = SETTINGS.replaced(proxies=["10.0.0.0/24"])


class ProxiedTlsVisit(TlsVisit):
    """A client of TLS behind a proxy that passes TLS on."""

    def __init__(self, port: Port) -> None:
        super().__init__(port, begin=False)
        self.transport.protocol = port.factory.buildProtocol(PROXY)
        self.transport.protocol.makeConnection(self.transport)
        self.transport.protocol.dataReceived(binary("2001:db8::7"))
        self.establish()


class ProxiedTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.port = Port(BEHIND)
        self.observer = EventLoggingObserver()
        globalLogPublisher.addObserver(self.observer)
        self.addCleanup(globalLogPublisher.removeObserver, self.observer)

    def visit(self, address: Any = PROXY, size: int = 65536) -> Visit:
        return Visit(self.port, size, address)

    def logged(self) -> list[str]:
        return [formatEvent(event) for event in self.observer if "prox" in formatEvent(event)]

    def end(self, visit: Visit) -> None:
        visit.transport.protocol.connectionLost(Failure(ConnectionDone()))

    def test_address(self) -> None:
        """Sessions have the client's address, whichever version tells it, in whatever pieces, for every door."""
        for header, address in [(text("192.0.2.7"), "192.0.2.7"), (binary("2001:db8::7"), "2001:db8::7")]:
            for size in (1, 7, 65536):
                for words in (b"alice\nhello\n", b'{"do": "nick", "nick": "bot"}\n'):
                    visit = self.visit(size=size)
                    visit.send(header + words)
                    self.assertEqual(visit.server.address, address)
                    self.assertEqual(self.port.sessions[-1].screen.address, address)
                    self.assertTrue(self.port.sessions[-1].calls)

    def test_tls(self) -> None:
        """The header comes before TLS, which the proxy passes on."""
        visit = ProxiedTlsVisit(self.port)
        visit.send(b"alice\n")
        self.assertEqual((visit.server.address, visit.server.secure), ("2001:db8::7", True))

    def test_counted(self) -> None:
        """The client's address is counted, not the proxy's, and it is let go at the end."""
        visit = self.visit()
        self.assertEqual(self.port.turnstile.connections("10.0.0.5"), 0)
        visit.send(text("192.0.2.7"))
        self.assertEqual(self.port.turnstile.connections("192.0.2.7"), 1)
        self.assertEqual((self.port.reception.connections, self.port.turnstile.connections("10.0.0.5")), (1, 0))
        self.assertEqual(self.port.turnstile.connections(""), 0)
        self.end(visit)
        self.assertEqual((self.port.reception.connections, self.port.turnstile.connections("192.0.2.7")), (0, 0))

    def test_limits_and_bans(self) -> None:
        """The limits and bans of the client's address are told to it, and others behind the proxy notice nothing."""
        self.port.turnstile.live = 1
        self.visit().send(text("192.0.2.7"))
        second, other = self.visit(), self.visit()
        second.send(text("192.0.2.7") + b"bob\n")
        self.assertIn(b"!! too-many-connections: ", second.read())
        other.send(text("192.0.2.8") + b"carol\n")
        self.assertEqual(other.server.address, "192.0.2.8")

        def check(address: str) -> None:
            if address == "192.0.2.9":
                raise Banned("You are banned.")

        self.port.reception.check_address = check
        banned = self.visit()
        banned.send(text("192.0.2.9"))
        self.assertIn(b"!! banned: ", banned.read())
        for visit in (second, banned):
            self.end(visit)
        self.assertEqual((self.port.reception.connections, self.port.turnstile.connections("")), (2, 0))

    def test_proxy_itself(self) -> None:
        """A proxy that speaks for itself, as when it looks whether the server lives, has its own address."""
        for header in (LOCAL, UNKNOWN):
            visit = self.visit()
            visit.send(header + b"probe\n")
            self.assertEqual(visit.server.address, "10.0.0.5")

    def test_silence(self) -> None:
        """Without a header nobody is greeted; after some seconds the proxy is told what is missing."""
        visit = self.visit()
        self.port.clock.pump([0.5] * 4)
        self.assertEqual(visit.read(), b"")
        self.port.clock.pump([0.5] * round(2 * HEADER_S))
        self.assertIn(b"!! proxy-header-wrong: A proxy has to begin with a PROXY header; none came", visit.read())
        self.assertIn("Refused 10.0.0.5, one of the proxies", self.logged()[0])
        self.end(visit)
        self.assertEqual((self.port.reception.connections, self.port.sessions), (0, []))
        self.port.clock.advance(60)
        self.assertEqual(self.port.clock.getDelayedCalls(), [])

    def test_no_header(self) -> None:
        """What begins otherwise is refused: else everybody behind a proxy set up wrongly would have its address."""
        visit = self.visit()
        visit.send(b"alice\n")
        self.assertIn(b"!! proxy-header-wrong: ", visit.read())
        self.assertEqual(self.port.sessions, [])

    def test_gone(self) -> None:
        """A proxy that only looks whether the port is open leaves nothing behind."""
        self.end(self.visit())
        self.assertEqual((self.port.reception.connections, self.port.turnstile.connections("")), (0, 0))
        self.assertEqual(self.port.clock.getDelayedCalls(), [])

    def test_from_elsewhere(self) -> None:
        """A header from any other address is refused, and changes nothing, inside TLS too."""
        for address in (IPv4Address("TCP", "192.0.2.1", 1), UNIXAddress(None)):
            for header in (text("192.0.2.7"), binary("192.0.2.7")):
                visit = self.visit(address)
                visit.send(header + b"alice\n")
                self.assertIn(b"!! proxy-unknown: ", visit.read())
        inside = TlsVisit(self.port)
        inside.send(text("192.0.2.7"))
        self.assertIn(b"!! proxy-unknown: ", inside.read())
        self.assertEqual((self.port.sessions, self.port.turnstile.connections("192.0.2.7")), ([], 0))
        self.assertIn("A PROXY header came from 192.0.2.1, which is not one of the proxies", self.logged())

    def test_unix_socket(self) -> None:
        """A UNIX socket is a proxy's if the settings say so; then its connections begin with a header, too."""
        self.port.reception.follow(SETTINGS.replaced(proxy_sockets=True))
        visit, local, plain = (self.visit(UNIXAddress(None)) for _ in range(3))
        visit.send(text("192.0.2.7") + b"alice\n")
        self.assertEqual((visit.server.address, self.port.turnstile.connections("192.0.2.7")), ("192.0.2.7", 1))
        local.send(LOCAL + b"probe\n")
        self.assertEqual(local.server.address, "")
        plain.send(b"alice\n")
        self.assertIn(b"!! proxy-header-wrong: ", plain.read())
        self.assertIn("Refused a UNIX socket, one of the proxies", self.logged()[0])
        for one in (visit, local, plain):
            self.end(one)
        self.assertEqual((self.port.reception.connections, self.port.turnstile.connections("")), (0, 0))

    def test_no_proxies(self) -> None:
        """Without the setting every address is a client's, and the setting counts while the server runs."""
        self.port.reception.follow(SETTINGS)
        self.assertIsInstance(self.port.factory.buildProtocol(PROXY), Front)
        self.port.reception.follow(BEHIND)
        self.assertNotIsInstance(self.port.factory.buildProtocol(PROXY), Front)
        self.assertNotIsInstance(self.port.factory.buildProtocol(IPv4Address("TCP", "::ffff:10.0.0.5", 1)), Front)

    def test_enter(self) -> None:
        """Somebody who presses Enter first, which is how version 2 begins, is greeted all the same."""
        visit = self.visit(IPv4Address("TCP", "192.0.2.1", 1))
        visit.send(SIGNATURE[:4])
        self.port.clock.pump([0.1] * 5)
        self.assertIn(b"? ", visit.read())
