"""Answers by HTTP that are handed on while they come, from servers that behave, and from others."""

import math
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.error import ConnectionDone, ConnectionLost, ConnectionRefusedError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from groupchat.outgoing.http_answers import NoHttp
from groupchat.outgoing.http_client import post_bytes, post_head
from groupchat.outgoing.http_stream import HttpStream, HttpStreams
from tests.outgoing.test_http_client import REQUEST, Endpoint, Peer

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
STREAM = HEAD + b"6\r\nhello \r\n5;x=y\r\nworld\r\n0\r\nX: y\r\n\r\n"


class Taker:
    """Keeps what it is told, and does something at each piece."""

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self.pieces: list[bytes] = []
        self.ends: list[BaseException | None] = []
        self._then = then

    @property
    def body(self) -> bytes:
        """Return all that has come."""
        return b"".join(self.pieces)

    def came(self, data: bytes) -> None:
        self.pieces.append(data)
        self._then()

    def ended(self, failure: Failure | None) -> None:
        self.ends.append(failure.value if failure is not None else None)


class StreamCase(SynchronousTestCase):
    """An answer, and a server that the test plays."""

    def setUp(self) -> None:
        self.endpoint = Endpoint()
        self.places: list[tuple[str, int]] = []
        self.taker = Taker()
        self.streams = HttpStreams(self.made)

    def made(self, host: str, port: int) -> Endpoint:
        """Return how connections are made."""
        self.places.append((host, port))
        return self.endpoint

    def ask(self) -> "Deferred[HttpStream]":
        """Ask the server."""
        return self.streams.open("10.0.0.1", 80, REQUEST, self.taker)

    def asked(self) -> "tuple[Deferred[HttpStream], Peer]":
        """Ask the server, by a new connection."""
        asking = self.ask()
        peer = self.endpoint.accept()
        self.assertEqual(peer.got, REQUEST)
        return asking, peer

    def begun(self) -> tuple[HttpStream, Peer]:
        """Return an answer that has begun."""
        asking, peer = self.asked()
        peer.say(HEAD)
        return self.successResultOf(asking), peer

    def outcome(self, data: bytes, size: int) -> tuple[Any, ...]:
        """Return what becomes of an answer that comes in pieces of this size, and then its server hangs up."""
        self.taker = Taker()
        results: list[Any] = []
        asking, peer = self.asked()
        asking.addBoth(results.append)
        for at in range(0, len(data), size):
            peer.say(data[at : at + size])
        peer.hang_up()
        (result,) = results
        status = result.status if isinstance(result, HttpStream) else str(result.value)
        return status, self.taker.body, list(map(str, self.taker.ends))


class GoodTests(StreamCase):
    """Servers that behave."""

    def test_pieces(self) -> None:
        """The status is told as soon as it is there, then each piece, and in the end that it has ended."""
        asking, peer = self.asked()
        self.assertEqual(self.places, [("10.0.0.1", 80)])
        peer.say(HEAD[:-1])
        self.assertNoResult(asking)
        peer.say(HEAD[-1:])
        stream = self.successResultOf(asking)
        self.assertEqual((stream.status, self.taker.pieces), (200, []))
        peer.say(b"6\r\nhello \r\n5\r\nwo")
        self.assertEqual(self.taker.pieces, [b"hello wo"])
        peer.say(b"rld\r\n")
        peer.say(b"1")
        self.assertEqual((self.taker.pieces, self.taker.ends), ([b"hello wo", b"rld"], []))
        self.assertFalse(peer.is_left)
        peer.say(b"\r\n!\r\n0\r\n\r\n")
        self.assertEqual((self.taker.body, self.taker.ends), (b"hello world!", [None]))
        self.assertTrue(peer.is_dropped)
        peer.hang_up()
        self.assertEqual(self.taker.ends, [None])

    def test_at_once(self) -> None:
        """Also where everything comes at once the status is told first, to somebody who takes nothing yet."""
        order: list[str] = []
        self.taker = Taker(lambda: order.append("piece"))
        asking, peer = self.asked()
        asking.addCallback(lambda stream: order.append(str(stream.status)))
        peer.say(b"HTTP/1.1 100 Continue\r\n\r\n" + STREAM)
        self.assertEqual((order, self.taker.body, self.taker.ends), (["200", "piece"], b"hello world", [None]))

    def test_every_size(self) -> None:
        """Wherever an answer is cut, the same is told."""
        for size in range(1, len(STREAM) + 1):
            self.assertEqual(self.outcome(STREAM, size), (200, b"hello world", ["None"]))

    @given(st.lists(st.binary(min_size=1, max_size=300), max_size=10), st.integers(1, 60))
    def test_any_bytes(self, chunks: list[bytes], size: int) -> None:
        """Any bytes are handed on as they were."""
        data = HEAD + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
        self.assertEqual(self.outcome(data, size), (200, b"".join(chunks), ["None"]))

    def test_other_statuses(self) -> None:
        """Whatever the status is, it and the body are told; there may be none."""
        for data, *told in (
            (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", 403, b"no", ["None"]),
            (b"HTTP/1.1 204 -\r\n\r\n", 204, b"", ["None"]),
            (b"HTTP/1.1 500 -\r\nContent-Length: 0\r\n\r\n", 500, b"", ["None"]),
            (b"HTTP/1.0 502 -\r\n\r\nsorry", 502, b"sorry", ["None"]),
        ):
            for size in (1, 1000):
                self.assertEqual(self.outcome(data, size), tuple(told))

    def test_pause(self) -> None:
        """While it is paused nothing more is read from the connection."""
        stream, peer = self.begun()
        stream.pause()
        self.assertEqual(peer.wire.producerState, "paused")
        stream.resume()
        self.assertEqual(peer.wire.producerState, "producing")
        stream.drop()
        stream.pause()
        self.assertEqual(peer.wire.producerState, "producing")

    def test_no_line_in_the_log(self) -> None:
        """Connections are no lines of the daemon's log."""
        self.ask()
        ((factory, _),) = self.endpoint.wanted
        self.assertFalse(factory.noisy)  # type: ignore[attr-defined]  # a ClientFactory has it


class BadTests(StreamCase):
    """Servers that do not behave."""

    def test_refused(self) -> None:
        """Where nobody listens there is no answer."""
        asking = self.ask()
        self.endpoint.wanted.pop()[1].errback(ConnectionRefusedError())
        self.failureResultOf(asking, ConnectionRefusedError)

    def test_lost_before(self) -> None:
        """A connection that is lost before the status has come is no answer, and only that is told."""
        for size in range(len(HEAD)):
            for reason in (ConnectionDone(), ConnectionLost()):
                asking, peer = self.asked()
                peer.say(HEAD[:size])
                peer.hang_up(reason)
                self.failureResultOf(asking, type(reason))
                self.assertEqual((self.taker.pieces, self.taker.ends), ([], []))

    def test_lost_within(self) -> None:
        """One that is lost afterwards has not ended in good order, however politely; what came is handed on."""
        for size in range(len(HEAD), len(STREAM)):
            for reason in (ConnectionDone(), ConnectionLost()):
                self.taker = Taker()
                asking, peer = self.asked()
                peer.say(STREAM[:size])
                peer.hang_up(reason)
                self.successResultOf(asking)
                self.assertEqual(self.taker.ends, [reason])
                self.assertTrue(b"hello world".startswith(self.taker.body))

    def test_until_closed(self) -> None:
        """An answer without a length ends with the connection, if that is not broken."""
        for reason, told in ((ConnectionDone(), type(None)), (ConnectionLost(), ConnectionLost)):
            self.taker = Taker()
            _, peer = self.asked()
            peer.say(b"HTTP/1.1 200 OK\r\n\r\nyes")
            peer.hang_up(reason)
            self.assertEqual((self.taker.body, list(map(type, self.taker.ends))), (b"yes", [told]))

    def test_no_http(self) -> None:
        """What is no answer has no status, and its connection is closed at once; what follows does not matter."""
        for data, words in (
            (b"SSH-2.0-x\r\n\r\n", "does not speak HTTP"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "how long"),
            (b"x" * 100_000, "headers are too long"),
        ):
            for size in (1, len(data)):
                asking, peer = self.asked()
                for at in range(0, len(data), size):
                    peer.say(data[at : at + size])
                self.assertIn(words, str(self.failureResultOf(asking, NoHttp).value))
                self.assertTrue(peer.is_dropped)
                peer.say(STREAM)
                peer.hang_up()
                self.assertEqual((self.taker.pieces, self.taker.ends), ([], []))

    def test_no_chunks(self) -> None:
        """What came before something wrong is handed on, and then what is wrong; nothing that follows."""
        for wrong, words in (
            (b"hello\r\n", "sends chunks without a size: 'hello'"),
            (b"2\r\nxyz\r\n", "longer than it says"),
            (b"1;" + b"x" * 300, "before a chunk is too long"),
            (b"0\r\nno colon\r\n", "a header that is none"),
        ):
            for size in (1, 1000):
                status, body, ends = self.outcome(HEAD + b"2\r\nab\r\n" + wrong + b"2\r\ncd\r\n", size)
                self.assertEqual((status, body[:2], b"cd" in body), (200, b"ab", False))
                self.assertIn(words, ends[0])
                self.assertEqual(len(ends), 1)

    def test_more_than_an_answer(self) -> None:
        """What comes behind an answer is nobody's."""
        self.assertEqual(self.outcome(STREAM + STREAM, 1000), (200, b"hello world", ["None"]))

    def test_nothing_is_kept(self) -> None:
        """However long it is, nothing of it is kept."""
        stream, peer = self.begun()
        for _ in range(200):
            peer.say(b"2710\r\n" + bytes(10_000) + b"\r\n27")
            self.assertLessEqual(len(stream._reader._buffer) + len(stream._reader._body), 2)
            peer.say(b"10\r\n" + bytes(10_000) + b"\r\n")
            self.assertLessEqual(len(stream._reader._buffer) + len(stream._reader._body), 0)
            self.taker.pieces.clear()


class DroppedTests(StreamCase):
    """Answers that are given up."""

    def test_drop(self) -> None:
        """The connection is closed at once, and nobody is told anything more."""
        stream, peer = self.begun()
        stream.drop()
        self.assertTrue(peer.is_dropped)
        peer.say(b"5\r\nhello\r\nx\r\n")
        peer.hang_up()
        self.assertEqual((self.taker.pieces, self.taker.ends), ([], []))
        peer.wire.disconnected = False
        stream.drop()
        self.assertFalse(peer.is_dropped)

    def test_drop_in_the_callback(self) -> None:
        """Whoever drops it on its status is handed nothing of the body, also where that has come with it."""
        asking, peer = self.asked()
        asking.addCallback(HttpStream.drop)
        peer.say(STREAM)
        self.assertEqual((self.taker.pieces, self.taker.ends), ([], []))
        self.assertTrue(peer.is_dropped)

    def test_drop_while_taking(self) -> None:
        """Who drops it while a piece is handed on is not told of its end, good or not."""
        streams: list[HttpStream] = []
        for end in (b"0\r\n\r\n", b"x\r\n"):
            self.taker = Taker(lambda: streams[-1].drop())
            stream, peer = self.begun()
            streams.append(stream)
            peer.say(b"5\r\nhello\r\n" + end)
            self.assertEqual((self.taker.body, self.taker.ends), (b"hello", []))
            self.assertTrue(peer.is_dropped)

    def test_cancelled(self) -> None:
        """What is cancelled before it has begun closes its connection, or the attempt to make one."""
        asking, peer = self.asked()
        asking.cancel()
        self.failureResultOf(asking, CancelledError)
        self.assertTrue(peer.is_dropped)
        peer.say(STREAM)
        peer.hang_up()
        asking = self.ask()
        connecting = self.endpoint.wanted[0][1]
        asking.cancel()
        self.failureResultOf(asking, CancelledError)
        self.assertTrue(connecting.called)
        self.assertEqual((self.taker.pieces, self.taker.ends), ([], []))


class _Ticking(Resource):
    """Answers by a few lines, each when the test says so."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.request: Request | None = None
        self.closed: Deferred[None] = Deferred()

    def render_POST(self, request: Request) -> int:
        assert request.content is not None
        request.write(request.content.read())
        self.request = request
        request.notifyFinish().addBoth(lambda _: self.closed.callback(None))
        return NOT_DONE_YET


class RealServerTests(TestCase):
    """Against Twisted's own server, by real sockets."""

    timeout = 60

    async def test_server(self) -> None:
        """Pieces come as they were sent, while the answer lasts; who drops it has the connection closed."""
        from twisted.internet import reactor

        ticking = _Ticking()
        site: Any = Site(ticking)
        site.noisy = False
        listening: Any = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(site)
        port = listening.getHost().port
        whole = bytes(range(256)) * 2000

        def endpoint(host: str, port: int) -> IStreamClientEndpoint:
            return TCP4ClientEndpoint(reactor, host, port)

        class Waiting(Taker):
            def __init__(self, length: float) -> None:
                super().__init__(self._look)
                self.done: Deferred[None] = Deferred()
                self._length = length

            def _look(self) -> None:
                if len(self.body) >= self._length and not self.done.called:
                    self.done.callback(None)

            def ended(self, failure: Failure | None) -> None:
                super().ended(failure)
                if not self.done.called:
                    self.done.callback(None)

        streams = HttpStreams(endpoint)
        request = post_bytes(post_head(f"127.0.0.1:{port}", "/", {}), whole)
        try:
            taker = Waiting(len(whole))
            stream = await streams.open("127.0.0.1", port, request, taker)
            await taker.done
            self.assertEqual((stream.status, taker.body, taker.ends), (200, whole, []))
            stream.drop()
            await ticking.closed
            ticking.closed = Deferred()
            taker = Waiting(math.inf)
            await streams.open("127.0.0.1", port, request, taker)
            assert ticking.request is not None
            ticking.request.write(b"!")
            ticking.request.finish()
            await taker.done
            self.assertEqual((taker.body, taker.ends), (whole + b"!", [None]))
        finally:
            await listening.stopListening()
