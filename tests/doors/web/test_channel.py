"""Requests over HTTP, whose bytes are cut at will; what is answered is read by h11."""

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.doors.reception import ANSWER_S, CLOSING_S, IDLE_S
from groupchat.doors.web.channel import BURST, RATE, SHARE, Channel
from groupchat.doors.web.request_reader import HEAD_LIMIT
from groupchat.doors.web.site import Site
from groupchat.doors.web.web_request import Answer, Request, Route, told
from groupchat.doors.wire.conversation import DISCARDED_LIMIT
from groupchat.model.errors import TooManyConnections, TooSlow
from tests.doors.connections import Port, TlsVisit, Visit
from tests.doors.fakes import SETTINGS, TURN_S
from tests.doors.web.clients import asked, replies, request

BODY_LIMIT = 100


class WebPort(Port):
    """A port with some addresses to try."""

    def __init__(self, **settings: object) -> None:
        super().__init__(SETTINGS.replaced(**settings))
        self.waiting: list[Request] = []
        self.left: list[Request] = []
        self.reception.site = Site(
            self.reception,
            (
                Route("GET", "/words/{one}/{two}", lambda request, one, two: told(200, f"{one} {two}")),
                Route("POST", "/echo", lambda request: Answer(200, request.body), lambda _: BODY_LIMIT),
                Route("POST", "/long", lambda request: Answer(200, request.body), lambda _: 100 * BODY_LIMIT),
                Route("POST", "/nothing", lambda request: Answer(204)),
                Route("GET", "/later", self.later),
                Route("GET", "/refused", self.refused),
                Route("GET", "/broken", lambda request: told(200, str(1 // 0))),
                Route("GET", "/query", lambda request: told(200, str(request.argument("a")))),
            ),
        )

    def later(self, request: Request) -> None:
        self.waiting.append(request)
        request.on_gone = lambda: self.left.append(request)

    def refused(self, request: Request) -> Answer:
        raise TooManyConnections("Too many.")


def end(visit: Visit) -> None:
    visit.transport.protocol.connectionLost(Failure(ConnectionDone()))


class RequestTest(SynchronousTestCase):
    def test_every_cut(self) -> None:
        """Requests one after the other are each answered, in order, in pieces of every size, plain and through TLS."""
        stream = request("/words/a/b%20c") + request("/echo", "POST", b"hello") + request("/x", "HEAD")
        chunked = request("/echo", "POST", Transfer_Encoding="chunked") + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
        stream += chunked + request("/query?b=1&a=%C3%A9&a=2")
        for visit_class in (Visit, TlsVisit):
            for size in range(1, len(stream) + 1) if visit_class is Visit else (1, 7, 1000):
                port = WebPort()
                visit = visit_class(port, size)
                visit.send(stream)
                found = replies(visit.read(), "GET", "POST", "HEAD", "POST", "GET")
                bodies = [reply.body for reply in found]
                self.assertEqual(bodies, [b"a b c\n", b"hello", b"", b"abcde", "é\n".encode()], size)
                self.assertEqual([reply.status for reply in found], [200, 200, 404, 200, 200])
                self.assertGreater(int(found[2].headers["content-length"]), 0)
                self.assertEqual(port.reception.connections, 1)

    def test_interface(self) -> None:
        """A connection can be closed by halves."""
        visit = Visit(WebPort())
        visit.send(request("/query"))
        verifyObject(IHalfCloseableProtocol, visit.server)

    def test_old_version(self) -> None:
        """HTTP/1.0 is answered, and the connection ends; a person may end lines with LF alone."""
        for stream in (b"GET /words/a/b HTTP/1.0\r\n\r\n", b"GET /words/a/b HTTP/1.0\n\n"):
            visit = Visit(WebPort())
            reply = asked(visit, stream)
            self.assertEqual((reply.body, reply.version), (b"a b\n", b"1.0"))
            self.assertTrue(visit.transport.disconnecting)

    def test_closed_on_request(self) -> None:
        """A peer that wants no further answers has its connection closed; what it sends then is no request."""
        visit = Visit(WebPort())
        reply = asked(visit, request("/query", connection="close"))
        self.assertEqual(reply.headers["connection"], "close")
        self.assertTrue(visit.transport.disconnecting)
        visit.send(request("/query"))
        self.assertEqual(visit.read(), b"")

    def test_answered_later(self) -> None:
        """An answer may come later; a request behind it waits, and so does the end of the peer's half."""
        port = WebPort()
        visit = Visit(port)
        visit.send(request("/later") + request("/query"))
        visit.server.readConnectionLost()
        self.assertEqual(visit.read(), b"")
        port.waiting[0].send(told(200, "now"))
        self.assertEqual(replies(visit.read(), "GET")[0].body, b"now\n")
        port.waiting[0].send(told(200, "twice"))
        self.assertEqual(visit.read(), b"")

    def test_gone(self) -> None:
        """A peer that left before its answer is not answered, and who answers is told."""
        port = WebPort()
        visit = Visit(port)
        visit.send(request("/later"))
        end(visit)
        self.assertEqual((port.left, port.waiting[0].gone), (port.waiting, True))
        port.waiting[0].send(told(200, "too late"))

    def test_no_body(self) -> None:
        """An answer without a body says neither length nor type."""
        reply = asked(Visit(WebPort()), request("/nothing", "POST"))
        self.assertEqual((reply.status, "content-length" in reply.headers, "content-type" in reply.headers),
                         (204, False, False))  # fmt: skip

    def test_refusals_and_faults(self) -> None:
        """A refusal is told by code and sentence; a fault of ours is logged, and the connection goes on."""
        visit = Visit(WebPort())
        reply = asked(visit, request("/refused"))
        self.assertEqual((reply.status, reply.body), (429, b"too-many-connections: Too many.\n"))
        self.assertEqual(asked(visit, request("/broken")).status, 500)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(asked(visit, request("/query")).status, 200)

    def test_any_bytes(self) -> None:
        """Headers may have bytes that are no UTF-8."""
        stream = request("/query", accept="text/html").replace(b"html", b"h\xee\x89")
        self.assertEqual(asked(Visit(WebPort()), stream).status, 200)

    def test_no_request(self) -> None:
        """What is no request is told so; nothing behind it is taken."""
        for stream in (
            b"GET /\r\n\r\n",
            b"GET / HTTP/3.0\r\n\r\n",
            b"GET / x HTTP/1.1\r\n\r\n",
            "GET /é HTTP/1.1\r\n\r\n".encode(),
            b"GET /x\x87y HTTP/1.1\r\n\r\n",
            b"GET  / HTTP/1.1\r\n\r\n",
            request(Content_Length="x"),
            request(Content_Length=""),
            request(Content_Length="-1"),
            request(Transfer_Encoding="gzip, chunked"),
            b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            b"GET / HTTP/1.1\r\nx y: z\r\n\r\n",
            b"GET / HTTP/1.1\r\nx: a\0b\r\n\r\n",
            b"GET / HTTP/1.1\r\nx: a\rb\r\n\r\n",
            request(Content_Length="1", Transfer_Encoding="chunked"),
            b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
            request("/query", host="a b"),
            request("/words/%ff/b"),
            request("/query").replace(b"chat", b"ch\xe9t"),
            request("/query", Host="other"),
        ):
            for size in (1, 1000):
                visit = Visit(WebPort(), size)
                visit.send(stream)
                self.assertEqual(replies(visit.read(), "GET")[0].status, 400, stream)


class LimitTest(SynchronousTestCase):
    def test_head(self) -> None:
        """A head that is too long is refused, in many lines or in one, whole or not."""
        for stream in (
            b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * HEAD_LIMIT,
            b"GET / HTTP/1.1\r\nx: " + b"y" * HEAD_LIMIT,
            b"GET /" + b"y" * HEAD_LIMIT + b" HTTP/1.1\r\n",
        ):
            for size in (1000, 1_000_000):
                visit = Visit(WebPort(), size)
                visit.send(stream)
                reply = replies(visit.read(), "GET")[0]
                self.assertEqual((reply.status, reply.headers["connection"]), (431, "close"))

    def test_second_head(self) -> None:
        """The limit is that of each request, not of all."""
        visit = Visit(WebPort())
        for _ in range(3):
            self.assertEqual(asked(visit, request("/query", x="y" * (HEAD_LIMIT // 2))).status, 200)

    def test_body(self) -> None:
        """A body that is too long is refused before it comes, without asking for it; a chunked one as it grows."""
        much = b"x" * (BODY_LIMIT + 1)
        for stream in (
            request("/echo", "POST", much),
            request("/echo", "POST", Content_Length=str(10**17), Expect="100-continue"),
            request("/echo", "POST", Content_Length="9" * 5000),
            request("/echo", "POST", Transfer_Encoding="chunked") + b"64\r\n" + much[:-1] + b"\r\n1\r\nx\r\n0\r\n\r\n",
            request("/nothing", "POST", b"x"),
            request("/query", "GET", b"x"),
        ):
            visit = Visit(WebPort(), 50)
            visit.send(stream)
            (reply,) = replies(visit.read(), "POST")
            self.assertEqual((reply.status, reply.headers["connection"]), (413, "close"), stream)
            visit.send(request("/query"))
            self.assertEqual(visit.read(), b"")

    def test_body_of_the_limit(self) -> None:
        """A body of the very length that is allowed is taken; who asks first is told to go on."""
        body = b"x" * BODY_LIMIT
        visit = Visit(WebPort())
        visit.send(request("/echo", "POST", Content_Length=str(BODY_LIMIT), Expect="100-continue"))
        self.assertEqual(visit.read(), b"HTTP/1.1 100 Continue\r\n\r\n")
        visit.send(body)
        self.assertEqual(replies(visit.read(), "POST")[0].body, body)

    def test_refused_before_the_body(self) -> None:
        """Where the head is refused, the body is not asked for."""
        visit = Visit(WebPort())
        visit.send(request("/nowhere", "POST", Content_Length="5", Expect="100-continue"))
        self.assertEqual(replies(visit.read(), "POST")[0].status, 404)

    def test_discarded(self) -> None:
        """Of a peer that goes on sending, so much is read that it reads the answer, and no more."""
        visit = Visit(WebPort())
        visit.send(request("/nowhere", "POST", Content_Length=str(10**9)))
        visit.send(b"x" * DISCARDED_LIMIT)
        self.assertFalse(visit.transport.disconnected)
        visit.send(b"x")
        self.assertTrue(visit.transport.disconnected)


class ShareTest(SynchronousTestCase):
    def test_turns(self) -> None:
        """However many requests come at once, a few are answered in each turn, in order."""
        visit = Visit(WebPort())
        visit.send(b"".join(request(f"/query?a={number}") for number in range(SHARE * 2 + 1)))
        heard = []
        for count in (SHARE, SHARE, 1):
            heard += [int(reply.body) for reply in replies(visit.read(), *["GET"] * count)]
            visit.port.clock.advance(TURN_S)
        self.assertEqual(heard, list(range(SHARE * 2 + 1)))

    def test_rate(self) -> None:
        """Who asks too fast is answered more slowly, and nothing is lost; proxies and exempt addresses are not."""
        asked, burst = request("/query"), int(BURST)
        for exempt, answered in ((False, burst), (True, burst * 3)):
            visit = Visit(WebPort())
            visit.send(asked)
            visit.server.exempt = exempt
            for _ in range(burst * 3 // SHARE + 1):
                visit.send(asked * (SHARE - 1))
                visit.port.clock.advance(TURN_S)
                visit.send(asked)
            count = visit.read().count(b"HTTP/1.1 200 OK")
            self.assertGreaterEqual(count, answered)
            if not exempt:
                self.assertLess(count, burst * 1.1)
                visit.port.clock.pump([1 / RATE] * 100)
                self.assertGreater(visit.read().count(b"HTTP/1.1 200 OK"), 90)

    def test_answers_not_read(self) -> None:
        """While answers wait to be read, no further ones are made; when they are read, it goes on."""
        port = WebPort()
        visit = Visit(port)
        visit.send(request("/later"))
        visit.read()
        visit.server.pauseProducing()
        visit.send(request("/query") * 2)
        port.waiting[0].send(told(200, "first"))
        self.assertEqual(len(replies(visit.read(), "GET")), 1)
        self.assertEqual(len(visit.port.reception.backlog), 1)
        visit.server.resumeProducing()
        visit.port.clock.advance(TURN_S)
        self.assertEqual(len(replies(visit.read(), "GET", "GET")), 2)
        self.assertEqual(len(visit.port.reception.backlog), 0)

    def test_cut_off(self) -> None:
        """A peer for which most waits of all can be dropped."""
        visit = Visit(WebPort())
        visit.send(request("/later"))
        visit.server.cut_off(TooSlow("Too much."))
        self.assertTrue(visit.transport.disconnected)
        self.assertEqual(visit.port.reception.turned_away["too-slow"], 1)

    def test_half_a_request(self) -> None:
        """A peer that ends in the middle of a request is let go at once."""
        for stream in (b"GET / HTTP/1.1\r\nx: y\r\n", request("/echo", "POST", Content_Length="5") + b"abc"):
            visit = Visit(WebPort())
            visit.send(stream)
            visit.server.readConnectionLost()
            self.assertTrue(visit.transport.disconnecting)
            self.assertEqual(visit.read(), b"")


class TimeTest(SynchronousTestCase):
    def pump(self, port: Port, seconds: float) -> None:
        port.clock.pump([1, TURN_S] * round(seconds + 1))

    def test_slow_request(self) -> None:
        """A request that does not come in time is told so, wherever it stopped; each has its own time."""
        for stream in (
            b"GET ",
            b"GET / HTTP/1.1\r\nx: y\r\n",
            request("/echo", "POST", Content_Length="5") + b"abc",
            request("/query") + b"GET ",
        ):
            visit = Visit(WebPort(handshake_timeout_s=5))
            visit.send(stream)
            visit.read()
            self.pump(visit.port, 3)
            self.assertEqual(visit.read(), b"")
            self.pump(visit.port, 2)
            self.assertEqual(replies(visit.read(), "GET")[0].status, 408, stream)
            self.assertTrue(visit.transport.disconnecting)

    def test_idle(self) -> None:
        """A connection over which nothing more is asked is closed after a while, without a word."""
        visit = Visit(WebPort())
        for _ in range(2):
            visit.send(request("/query"))
            visit.read()
            self.pump(visit.port, IDLE_S - 2)
        self.assertFalse(visit.transport.disconnecting)
        self.pump(visit.port, 2)
        self.assertTrue(visit.transport.disconnecting)
        self.assertEqual(visit.read(), b"")

    def test_no_answer(self) -> None:
        """A request that is never answered does not keep its connection for ever."""
        visit = Visit(WebPort())
        visit.send(request("/later"))
        self.pump(visit.port, ANSWER_S - 2)
        self.assertFalse(visit.transport.disconnected)
        self.pump(visit.port, 2)
        self.assertTrue(visit.transport.disconnected)

    def test_does_not_go(self) -> None:
        """A peer that was refused and does not go is dropped."""
        visit = Visit(WebPort())
        visit.send(b"GET\t/ HTTP/1.1\r\n" + b"GET / HTTP/1.1 x\r\n")
        visit = Visit(WebPort())
        visit.send(request("/nowhere", "POST", Content_Length="5"))
        self.pump(visit.port, CLOSING_S)
        self.assertTrue(visit.transport.disconnected)

    def test_nothing_stays(self) -> None:
        """Wherever a connection is lost, it is counted out once, and no timer is left."""
        for stream in (
            b"GET ",
            request("/echo", "POST", Content_Length="5"),
            request("/query"),
            request("/later"),
            request("/query", connection="close"),
            request("/nowhere", "POST", Content_Length="5"),
        ):
            port = WebPort()
            visit = Visit(port)
            visit.send(stream)
            self.assertEqual((port.reception.connections, port.turnstile.connections("192.0.2.1")), (1, 1))
            end(visit)
            self.assertEqual((port.reception.connections, port.turnstile.connections("192.0.2.1")), (0, 0))
            self.assertEqual(port.clock.getDelayedCalls(), [], stream)

    def test_stop(self) -> None:
        """When the server stops, connections are dropped wherever they are; one that waits for its answer gets it."""
        for stream in (b"GET / HTTP", request("/query"), request("/query", connection="close")):
            visit = Visit(WebPort())
            visit.send(stream)
            self.assertIsInstance(visit.server, Channel)
            visit.port.reception.stop()
            self.assertTrue(visit.transport.disconnected, stream)
        port = WebPort()
        visit = Visit(port)
        visit.send(request("/later"))
        port.reception.stop()
        port.waiting[0].send(told(200, "at last"))
        self.assertEqual(replies(visit.read(), "GET")[0].body, b"at last\n")
        self.assertTrue(visit.transport.disconnecting)
