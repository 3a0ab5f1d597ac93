"""Addresses with parts that vary, and what a request says."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.web.web_request import Request, Route, told
from tests.doors.connections import Port, Visit
from tests.doors.web.clients import request


class RouteTest(SynchronousTestCase):
    def test_find(self) -> None:
        """A part is one step of the address, decoded; an empty one is none."""
        route = Route("GET", "/rooms/{room}/live", lambda request, room: told(200, room))
        for path, parts in (
            ("/rooms/lobby/live", {"room": "lobby"}),
            ("/rooms/a%2Fb%20c/live", {"room": "a/b c"}),
            ("/rooms//live", None),
            ("/rooms/a/b/live", None),
            ("/rooms/lobby/live/", None),
            ("/rooms/lobby", None),
            ("x/rooms/lobby/live", None),
        ):
            self.assertEqual(route.find(path), parts, path)
        self.assertRaises(UnicodeDecodeError, route.find, "/rooms/%ff/live")

    def test_literal(self) -> None:
        """What is written in an address is nothing but that."""
        self.assertIsNone(Route("GET", "/robots.txt", told).find("/robotsxtxt"))


class RequestTest(SynchronousTestCase):
    def asked(self, **headers: str) -> Request:
        visit = Visit(Port())
        visit.send(request().removesuffix(b"\r\n"))
        found = Request(visit.server)
        for name, value in headers.items():
            found.requestHeaders.addRawHeader(name.replace("_", "-"), value)
        return found

    def test_accepts(self) -> None:
        """A type is accepted if it is named, and not with a weight of nothing."""
        for accept, accepted in (
            ("text/html", True),
            ("application/xml, TEXT/HTML;q=0.9", True),
            ("*/*", False),
            ("text/*", False),
            ("text/html;q=0", False),
            ("text/html; q=0.0", False),
            ("text/html2", False),
        ):
            self.assertEqual(self.asked(accept=accept).accepts("text/html"), accepted, accept)
        self.assertFalse(self.asked().accepts("text/html"))
