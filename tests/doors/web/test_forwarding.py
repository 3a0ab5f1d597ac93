"""For whom a proxy passes on a request."""

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.web.forwarding import ForwardingWrong, client, is_encrypted
from groupchat.doors.web.site import Site
from groupchat.doors.web.web_request import Answer, Request, Route, told
from groupchat.model.errors import Banned
from tests.doors.connections import Port, TlsVisit, Visit
from tests.doors.fakes import SETTINGS
from tests.doors.test_proxied import PROXY, ProxiedTlsVisit
from tests.doors.web.clients import UPGRADE, asked, replies, request
from tests.doors.wire.test_proxy_header import LOCAL, text


def is_proxy(address: str) -> bool:
    return address.startswith("10.")


class ClientTest(SynchronousTestCase):
    def test_chain(self) -> None:
        """It is the last address that is not a proxy's; what stands before it is not believed."""
        for chain, address in (
            ("192.0.2.1", "192.0.2.1"),
            ("198.51.100.7, 192.0.2.1", "192.0.2.1"),
            ("nonsense, 192.0.2.1", "192.0.2.1"),
            ("198.51.100.7,192.0.2.1, 10.0.0.6,10.0.0.5", "192.0.2.1"),
            ("10.0.0.7, 10.0.0.6", "10.0.0.7"),
            ("192.0.2.1:1234", "192.0.2.1"),
            ("[2001:db8::1]:1234", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:DB8::1", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ):
            self.assertEqual(client(chain, is_proxy), address, chain)

    def test_nonsense(self) -> None:
        """An address must be one, as far as they are read."""
        for chain in ("", "unknown", "192.0.2.1,", "_hidden", "nonsense, 10.0.0.5", "192.0.2.300"):
            self.assertRaises(ForwardingWrong, client, chain, is_proxy)

    def test_encrypted(self) -> None:
        """The last proxy says whether the client came to it encrypted."""
        for protocol, encrypted in (("https", True), ("HTTPS", True), ("http, https", True), ("wss", True),
                                    ("https, http", False), ("http", False), ("", False)):  # fmt: skip
            self.assertEqual(is_encrypted(protocol), encrypted, protocol)


class PassedOnTest(SynchronousTestCase):
    """Connections of a proxy that speaks HTTP itself."""

    def setUp(self) -> None:
        self.port = Port(SETTINGS.replaced(proxies=["10.0.0.0/24"]))
        self.port.reception.site = Site(
            self.port.reception, (*Site(self.port.reception).routes, Route("GET", "/who", self.who))
        )

    def who(self, request: Request) -> Answer:
        return told(200, f"{request.address} {request.secure}")

    def visit(self, size: int = 65536, address: object = PROXY) -> Visit:
        return Visit(self.port, size, address)  # type: ignore[arg-type]

    def test_every_request(self) -> None:
        """Each request has the address that the proxy says, in whatever pieces it comes; the proxy's is not counted."""
        for size in (1, 1000):
            visit = self.visit(size)
            for address, protocol in (("192.0.2.7", "http"), ("192.0.2.8", "https")):
                reply = asked(visit, request("/who", X_Forwarded_For=f"1.2.3.4, {address}", X_Forwarded_Proto=protocol))
                self.assertEqual(reply.body, f"{address} {protocol == 'https'}\n".encode())
                self.assertEqual("cross-origin-opener-policy" in reply.headers, protocol == "https")
        self.assertEqual(self.port.turnstile.connections("10.0.0.5"), 0)
        self.assertEqual(self.port.reception.connections, 2)

    def test_nobody(self) -> None:
        """A request that is nobody's is refused, but a proxy may look whether the server lives."""
        self.assertEqual(asked(self.visit(), request("/who")).status, 400)
        self.assertEqual(asked(self.visit(), request("/who", X_Forwarded_For="unknown")).status, 400)
        self.assertEqual(asked(self.visit(), request("/health")).status, 200)

    def test_only_http(self) -> None:
        """Whatever else a proxy begins with needs a PROXY header."""
        for words in (b"alice\n", b'{"do":"ping"}\n', b"PO\n", b"NICK x\r\n"):
            visit = self.visit()
            visit.send(words)
            self.assertIn(b"!! proxy-header-wrong: ", visit.read(), words)
        self.assertEqual(self.port.sessions, [])

    def test_bans(self) -> None:
        """A banned address is refused, and others behind the same connection are not."""

        def check(address: str) -> None:
            if address == "192.0.2.9":
                raise Banned("You are banned.")

        self.port.reception.check_address = check
        visit = self.visit()
        statuses = [asked(visit, request("/who", X_Forwarded_For=f"192.0.2.{last}")).status for last in (8, 9, 8)]
        self.assertEqual(statuses, [200, 403, 200])

    def test_socket(self) -> None:
        """WebSocket is one connection of its client, in limits too, until it ends."""
        self.port.turnstile.live = 1
        visits = [self.visit(), self.visit()]
        for visit in visits:
            visit.send((UPGRADE + "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n\r\n").encode())
        heard = visits[0].read()
        self.assertTrue(heard.startswith(b"HTTP/1.1 101 "))
        self.assertEqual((visits[0].server.address, visits[0].server.secure), ("192.0.2.7", True))
        self.assertEqual(replies(visits[1].read(), "GET")[0].status, 429)
        self.assertEqual(self.port.turnstile.connections("192.0.2.7"), 1)
        visits[0].transport.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.port.turnstile.connections("192.0.2.7"), 0)
        self.assertEqual(self.port.reception.connections, 1)

    def test_not_believed(self) -> None:
        """From anybody else, and behind a PROXY header that names a client, these headers mean nothing."""
        claim = request("/who", X_Forwarded_For="192.0.2.7", X_Forwarded_Proto="https")
        direct = self.visit(address=IPv4Address("TCP", "192.0.2.1", 1))
        self.assertEqual(asked(direct, claim).body, b"192.0.2.1 False\n")
        behind = self.visit()
        behind.send(text("192.0.2.5"))
        self.assertEqual(asked(behind, claim).body, b"192.0.2.5 False\n")
        local = self.visit(address=UNIXAddress(None))
        self.assertEqual(asked(local, claim).body, b" False\n")

    def test_two_proxies(self) -> None:
        """A proxy of HTTP may stand before one of connections."""
        visit, probe = self.visit(), self.visit()
        visit.send(text("10.0.0.6"))
        reply = asked(visit, request("/who", X_Forwarded_For="192.0.2.7"))
        self.assertEqual(reply.body, b"192.0.2.7 False\n")
        probe.send(LOCAL)
        self.assertEqual(asked(probe, request("/health")).status, 200)

    def test_unix_socket(self) -> None:
        """A proxy at a UNIX socket is believed if the settings say so."""
        self.port.reception.follow(SETTINGS.replaced(proxy_sockets=True))
        visit = self.visit(address=UNIXAddress(None))
        self.assertEqual(asked(visit, request("/who", X_Forwarded_For="192.0.2.7")).body, b"192.0.2.7 False\n")

    def test_encryption(self) -> None:
        """Where TLS is required, it counts how the client came to the proxy."""
        self.port.reception.follow(SETTINGS.replaced(proxies=["10.0.0.0/24"], tls_required=True))
        visit = self.visit()
        reply = asked(visit, request("/who", X_Forwarded_For="192.0.2.7", X_Forwarded_Proto="http"))
        self.assertEqual((reply.status, reply.headers["location"]), (308, "https://chat:5000/who"))
        reply = asked(visit, request("/who", X_Forwarded_For="192.0.2.7", X_Forwarded_Proto="https"))
        self.assertEqual(reply.status, 200)

    def test_tls(self) -> None:
        """A proxy may speak TLS to the server; one that passes the client's TLS on begins with a header."""
        visit = ProxiedTlsVisit(self.port)
        self.assertEqual(asked(visit, request("/who")).body, b"2001:db8::7 True\n")
        direct = TlsVisit(self.port, begin=False, address=PROXY)
        direct.establish()
        reply = asked(direct, request("/who", X_Forwarded_For="192.0.2.7"))
        self.assertEqual(reply.body, b"192.0.2.7 True\n")
