"""Bodies that are taken while they come: cut at will, held back, refused, given up."""

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.reception import ANSWER_S, UPLOAD_S
from groupchat.doors.web.body_reader import SLOWEST
from groupchat.doors.web.request_reader import MOST_CHUNKS, SMALLEST_CHUNKS
from groupchat.doors.web.site import Site
from groupchat.doors.web.web_request import Answer, Intake, Request, Route, told
from tests.doors.connections import Port, TlsVisit, Visit
from tests.doors.fakes import SETTINGS
from tests.doors.web.clients import asked, replies, request

LIMIT = 100_000


class Sink:
    """Takes a body; holds it back when told to."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.data = b""
        self.takes_more = True
        self.abandoned = 0

    def write(self, data: bytes) -> bool:
        self.data += data
        return self.takes_more

    def too_large(self) -> Answer:
        return told(413, "It is too large.")

    def too_slow(self) -> Answer:
        return told(408, "It is too slow.")

    def stopping(self) -> Answer:
        return told(503, "The server stops.")

    def abandon(self) -> None:
        self.abandoned += 1


class BodyPort(Port):
    """A port at which bodies are taken; whether one is, is known at once, or when ``waiting`` fires."""

    def __init__(self, is_known: bool = True) -> None:
        super().__init__(SETTINGS)
        self.is_known = is_known
        self.sinks: list[Sink] = []
        self.asked: list[tuple[str, Deferred[Intake | Answer]]] = []
        self.reception.site = Site(
            self.reception,
            (
                Route("PUT", "/{name}", self.kept, begin=self.begin),
                Route("GET", "/words/{one}", lambda request, one: told(200, one)),
            ),
        )

    def begin(self, request: Request, name: str) -> "Deferred[Intake | Answer]":
        waiting: Deferred[Intake | Answer] = Deferred() if not self.is_known else succeed(self.sink())
        self.asked.append((name, waiting))
        return waiting

    def sink(self) -> Sink:
        self.sinks.append(Sink())
        return self.sinks[-1]

    def kept(self, request: Request, name: str) -> Answer:
        (*_, sink) = self.sinks
        request.intake = None
        return told(201, f"{name} {len(sink.data)}")

    def decide(self, found: Intake | Answer | None = None) -> None:
        self.asked[-1][1].callback(self.sink() if found is None else found)


def is_read(visit: Visit) -> bool:
    return bool(visit.transport.producerState == "producing")


def wait(port: Port) -> None:
    """Let the time pass after which it is looked at how much of a body came."""
    port.clock.advance(UPLOAD_S + 1)
    port.clock.advance(1)


def put(size: int, **headers: Any) -> bytes:
    """The head of a request whose body has so many bytes."""
    return request("/x", "PUT", Content_Length=str(size), **headers)


class TakenTest(SynchronousTestCase):
    def test_every_cut(self) -> None:
        """Bodies of known and unknown length, and requests behind them, are taken in pieces of every size."""
        body = bytes(range(256))
        stream = put(256) + body + request("/words/a") + put(0)
        stream += request("/x", "PUT", Transfer_Encoding="chunked") + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
        stream += request("/words/b")
        for is_known in (True, False):
            for kind in (Visit, TlsVisit):
                for size in (*range(1, 60 if kind is Visit else 3), 300, len(stream)):
                    port = BodyPort(is_known)
                    visit = kind(port)
                    heard = b""
                    for start in range(0, len(stream), size):
                        visit.send(stream[start : start + size])
                        if not is_known and port.asked and not port.asked[-1][1].called:
                            port.decide()
                    while not is_known and not port.asked[-1][1].called:
                        port.decide()
                    heard += visit.read()
                    found = replies(heard, "PUT", "GET", "PUT", "PUT", "GET")
                    self.assertEqual([reply.body for reply in found], [b"x 256\n", b"a\n", b"x 0\n", b"x 5\n", b"b\n"])
                    self.assertEqual([sink.data for sink in port.sinks], [body, b"", b"abcde"])
                    self.assertEqual([sink.abandoned for sink in port.sinks], [0, 0, 0])

    def test_asked_first(self) -> None:
        """A peer that waits to be told goes on is told so when the body is taken, and not before."""
        port = BodyPort(is_known=False)
        visit = Visit(port)
        visit.send(put(5, Expect="100-continue"))
        self.assertEqual((visit.read(), is_read(visit)), (b"", False))
        port.decide()
        self.assertEqual((visit.read(), is_read(visit)), (b"HTTP/1.1 100 Continue\r\n\r\n", True))
        visit.send(b"hello")
        self.assertEqual(replies(visit.read(), "PUT")[0].status, 201)

    def test_refused(self) -> None:
        """A body that is not taken is refused before it comes; what comes all the same is read for nothing."""
        for is_whole in (False, True):
            port = BodyPort(is_known=False)
            visit = Visit(port)
            visit.send(put(500, Expect="100-continue") + (bytes(500) if is_whole else b""))
            port.decide(told(403, "No."))
            (reply,) = replies(visit.read(), "PUT")
            self.assertEqual((reply.status, reply.headers["connection"]), (403, "close"))
            self.assertEqual(port.sinks, [])

    def test_refused_without_body(self) -> None:
        """After a body of no bytes that is refused, the connection goes on."""
        port = BodyPort(is_known=False)
        visit = Visit(port)
        visit.send(put(0) + request("/words/a"))
        port.decide(told(403, "No."))
        self.assertEqual([reply.status for reply in replies(visit.read(), "PUT", "GET")], [403, 200])

    def test_too_large(self) -> None:
        """A body that turns out to be too large is refused while it comes, and thrown away."""
        port = BodyPort()
        visit = Visit(port, 1000)
        visit.send(request("/x", "PUT", Transfer_Encoding="chunked") + b"fffff\r\n")
        for _ in range(200):
            visit.send(bytes(1000))
        (reply,) = replies(visit.read(), "PUT")
        self.assertEqual((reply.status, reply.body), (413, b"It is too large.\n"))
        self.assertLessEqual(len(port.sinks[0].data), LIMIT)
        self.assertEqual(port.sinks[0].abandoned, 1)

    def test_small_chunks(self) -> None:
        """A body may come in many chunks if they are not tiny."""
        for size, status in ((SMALLEST_CHUNKS, 201), (1, 400)):
            visit = Visit(BodyPort())
            chunk = b"%x\r\n%b\r\n" % (size, bytes(size))
            visit.send(request("/x", "PUT", Transfer_Encoding="chunked") + chunk * (MOST_CHUNKS + 100) + b"0\r\n\r\n")
            self.assertEqual(replies(visit.read(), "PUT")[0].status, status)


class HeldTest(SynchronousTestCase):
    def test_held_back(self) -> None:
        """While what takes a body is behind, the connection is not read; then it is again."""
        port = BodyPort()
        visit = Visit(port)
        visit.send(put(300) + bytes(100))
        port.sinks[0].takes_more = False
        self.assertTrue(is_read(visit))
        visit.send(bytes(100))
        self.assertFalse(is_read(visit))
        port.sinks[0].takes_more = True
        visit.server.go_on_with_body()
        self.assertTrue(is_read(visit))
        visit.send(bytes(100))
        self.assertEqual(replies(visit.read(), "PUT")[0].status, 201)

    def test_answers_read_meanwhile(self) -> None:
        """A peer that reads its answers again does not make the server read on."""
        port = BodyPort()
        visit = Visit(port)
        visit.send(put(300))
        port.sinks[0].takes_more = False
        visit.send(bytes(100))
        visit.server.pauseProducing()
        visit.server.resumeProducing()
        self.assertFalse(is_read(visit))

    def test_nothing_read_before(self) -> None:
        """What has come with the head is all that is held before it is known whether the body is taken."""
        port = BodyPort(is_known=False)
        visit = Visit(port)
        visit.send(put(300) + bytes(100))
        self.assertFalse(is_read(visit))
        port.decide()
        self.assertEqual((len(port.sinks[0].data), is_read(visit)), (100, True))


class EndTest(SynchronousTestCase):
    def test_gone(self) -> None:
        """A body that ends in the middle is thrown away, whichever way it ends."""
        for how in ("lost", "half", "refused"):
            port = BodyPort()
            visit = Visit(port)
            visit.send(put(300) + bytes(100))
            if how == "lost":
                visit.transport.protocol.connectionLost(Failure(ConnectionDone()))
            elif how == "half":
                visit.server.readConnectionLost()
            else:
                port.reception.stop()
                self.assertEqual(replies(visit.read(), "PUT")[0].status, 503)
            self.assertEqual(port.sinks[0].abandoned, 1, how)
            self.assertEqual(len(port.reception.uploads), 0)

    def test_gone_before(self) -> None:
        """If the peer leaves before it is known whether the body is taken, nothing is kept of it."""
        port = BodyPort(is_known=False)
        visit = Visit(port)
        visit.send(put(300))
        visit.transport.protocol.connectionLost(Failure(ConnectionDone()))
        port.decide()
        self.assertEqual(port.sinks[0].abandoned, 1)

    def test_too_slow(self) -> None:
        """A body that comes slower than 1 KiB/s is cut off; one that is slow because the server is, is not."""
        port = BodyPort()
        visit = Visit(port)
        enough = int(SLOWEST * UPLOAD_S)
        port.reception.site.routes = (Route("PUT", "/{name}", port.kept, begin=self.large(port)),)
        visit.send(put(10 * enough))
        for _ in range(3):
            visit.send(bytes(enough))
            wait(port)
        self.assertEqual(visit.read(), b"")
        port.sinks[0].takes_more = False
        visit.send(bytes(1))
        wait(port)
        wait(port)
        self.assertEqual(visit.read(), b"")
        port.sinks[0].takes_more = True
        visit.server.go_on_with_body()
        visit.send(bytes(enough))
        wait(port)
        self.assertEqual(visit.read(), b"")
        visit.send(bytes(enough - 1))
        wait(port)
        self.assertEqual(replies(visit.read(), "PUT")[0].status, 408)
        self.assertEqual(port.sinks[0].abandoned, 1)

    def large(self, port: BodyPort) -> Any:
        def begin(request: Request, name: str) -> "Deferred[Intake | Answer]":
            port.sink().limit = 10**9
            return succeed(port.sinks[-1])

        return begin

    def test_deadlines(self) -> None:
        """The time for a request stands still while a body comes; that for the answer begins after it."""
        port = BodyPort(is_known=False)
        visit = Visit(port)
        visit.send(put(10))
        self.assertEqual((len(port.reception.handshakes), len(port.reception.answers)), (0, 1))
        port.decide()
        self.assertEqual((len(port.reception.answers), len(port.reception.uploads)), (0, 1))
        visit.send(bytes(10))
        self.assertEqual((len(port.reception.uploads), len(port.reception.idles)), (0, 1))

    def test_never_known(self) -> None:
        """A peer that waits too long to be told whether its body is taken is dropped."""
        port = BodyPort(is_known=False)
        visit = Visit(port)
        visit.send(put(10))
        port.clock.advance(ANSWER_S + 2)
        port.clock.advance(1)
        self.assertTrue(visit.transport.disconnecting)

    def test_others(self) -> None:
        """Requests without such a body are as they were."""
        self.assertEqual(asked(Visit(BodyPort()), request("/words/a")).body, b"a\n")
