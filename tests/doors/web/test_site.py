"""The addresses of the web door, and what every request is judged by."""

from twisted.internet.testing import EventLoggingObserver
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from tests.doors.connections import Port, TlsVisit, Visit
from tests.doors.fakes import SETTINGS
from tests.doors.web.clients import UPGRADE, asked, request


class AddressTest(SynchronousTestCase):
    def test_how_to_join(self) -> None:
        """Who does not want a page is told how to join, by the name that was asked for."""
        reply = asked(Visit(Port()), request(host="chat:5000"))
        self.assertEqual(reply.status, 200)
        self.assertIn(b"http://chat:5000/\n", reply.body)
        self.assertEqual(reply.headers["content-type"], "text/plain; charset=utf-8")

    def test_page(self) -> None:
        """A browser is served the page."""
        reply = asked(Visit(Port()), request(accept="text/html,*/*;q=0.8"))
        self.assertEqual(reply.headers["content-type"], "text/html; charset=utf-8")

    def test_nothing_there(self) -> None:
        """An unknown address is 404, a method that one does not take 405; both in words."""
        reply = asked(Visit(Port()), request("/nothing"))
        self.assertEqual((reply.status, reply.body), (404, b"There is nothing at this address.\n"))
        reply = asked(Visit(Port()), request("/health", "DELETE"))
        self.assertEqual((reply.status, reply.headers["allow"]), (405, "GET, HEAD"))

    def test_headers(self) -> None:
        """Every answer has the headers that keep a page within its bounds; over TLS two more."""
        for visit_class in (Visit, TlsVisit):
            for target in ("/", "/nothing"):
                headers = asked(visit_class(Port(SETTINGS)), request(target)).headers
                self.assertIn("default-src 'none'", headers["content-security-policy"])
                self.assertIn("frame-ancestors 'none'", headers["content-security-policy"])
                self.assertEqual(headers["x-content-type-options"], "nosniff")
                self.assertEqual(headers["referrer-policy"], "no-referrer")
                self.assertEqual(headers["server"], "groupchat")
                self.assertEqual("cross-origin-opener-policy" in headers, visit_class is TlsVisit)
                self.assertNotIn("strict-transport-security", headers)

    def test_strict_transport(self) -> None:
        """Browsers are told to come encrypted for ever only where nothing else is taken."""
        headers = asked(TlsVisit(Port(SETTINGS.replaced(tls_required=True))), request()).headers
        self.assertIn("strict-transport-security", headers)


class CrossSiteTest(SynchronousTestCase):
    def test_sockets(self) -> None:
        """A page of another site, or of none, cannot open a WebSocket."""
        for headers in ("Origin: http://evil.example\r\n", "Origin: null\r\n", "Sec-Fetch-Site: cross-site\r\n"):
            reply = asked(Visit(Port()), (UPGRADE + headers + "\r\n").encode())
            self.assertEqual(reply.status, 403, headers)
        visit = Visit(Port(SETTINGS.replaced(web_origins=["https://Good.example"])))
        visit.send((UPGRADE + "Origin: https://good.example\r\nSec-Fetch-Site: cross-site\r\n\r\n").encode())
        self.assertTrue(visit.read().startswith(b"HTTP/1.1 101 "))

    def test_reading(self) -> None:
        """A page of another site can link to a room, but neither show nor fetch it, at the cost of who looks at it."""
        page = "Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"
        image = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors", "Sec-Fetch-Site: same-site"
        link = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate"
        own = "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors", "Sec-Fetch-Site: none", "Origin: http://chat:5000"
        for target in ("/rooms/lobby", "/rooms/lobby/live"):
            for given, is_refused in (
                *((one, True) for one in (*page, *image)),
                *((one, False) for one in (link, *own)),
            ):
                request_ = f"GET {target} HTTP/1.1\r\nHost: chat:5000\r\n{given}\r\n\r\n".encode()
                self.assertEqual(asked(Visit(Port()), request_).status == 403, is_refused, given)

    def test_encryption_required(self) -> None:
        """Where TLS is required, browsers are sent to the same address by https."""
        reply = asked(Visit(Port(SETTINGS.replaced(tls_required=True))), request("/page/x?y=1"))
        self.assertEqual((reply.status, reply.headers["location"]), (308, "https://chat:5000/page/x?y=1"))


class LogTest(SynchronousTestCase):
    def logged(self, *requests: bytes) -> list[str]:
        observer = EventLoggingObserver()
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        for one in requests:
            Visit(Port()).send(one)
        return [formatEvent(event) for event in observer]

    def test_refused(self) -> None:
        """What was refused is logged with its address; what was answered is not."""
        lines = self.logged(request("/health"), request("/nothing"), b"GET /hooks/SECRET\r\n\r\n")
        first, second = lines
        self.assertEqual(first, "Refused GET /nothing of 192.0.2.1: 404")
        self.assertEqual(second, "Refused GET /hooks/… of 192.0.2.1: 400")

    def test_secrets(self) -> None:
        """Nothing is logged with which somebody else could do something."""
        lines = self.logged(
            request("/hooks/SECRET", "DELETE"),
            request("/hooks/SECRET/more", "POST", b"SECRET"),
            request("/f/SECRET/x", "DELETE"),
            request("/nothing?token=SECRET", authorization="Bearer SECRET"),
        )
        self.assertEqual(len(lines), 4)
        self.assertNotIn("SECRET", "\n".join(lines))

    def test_names_of_files(self) -> None:
        """Nor what a file is called: that is part of what people say, and may have been said privately."""
        lines = self.logged(
            request("/f/x/dismissal%20of%20bob.txt", "DELETE"), request("/rooms/lobby/dismissal.txt", "DELETE"),
            request("/rooms/lobby/a/dismissal", "DELETE"), request("/rooms/lobby/live", "DELETE"),
        )  # fmt: skip
        self.assertEqual(
            [line.split()[2] for line in lines], ["/f/…", "/rooms/lobby/…", "/rooms/lobby/…", "/rooms/lobby/live"]
        )

    def test_mistyped(self) -> None:
        """Nor is it, however wrong the address is that it was copied into."""
        secret = f"gch_{'0123456789' * 4}"
        addresses = [f"/hooks/{secret}", f"/hooks//{secret}", f"/Hooks/{secret}", f"/%68ooks/{secret}", f"/{secret}"]
        addresses += [
            f"/hooks/x/{secret}",
            f"/rooms/lobby?token={secret}",
            f"/rooms/{secret[4:]}/x",
            f"/f//{secret[4:]}",
        ]
        lines = self.logged(*(request(address, "DELETE") for address in addresses))
        for line in (f"{addresses[0]} HTTP/1.1\r\n", f"POST\t{addresses[1]} HTTP/1.1\r\n"):
            lines += self.logged(request("/health") + line.encode())
        self.assertGreater(len(lines), len(addresses))
        self.assertIn("Refused DELETE /hooks/… of 192.0.2.1: 405", lines)
        self.assertNotIn("0123456789", "\n".join(lines))
