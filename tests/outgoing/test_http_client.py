"""Requests by HTTP to servers that behave, and to others."""

import socket
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.error import (
    ConnectionAborted,
    ConnectionClosed,
    ConnectionDone,
    ConnectionLost,
    ConnectionRefusedError,
)
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint, ISystemHandle, ITCPTransport
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site
from zope.interface import directlyProvides, implementer
from zope.interface.verify import verifyObject

from groupchat.outgoing.http_answers import HttpAnswer, NoHttp
from groupchat.outgoing.http_client import (
    IDLE_S,
    MOST_IDLE,
    HttpClient,
    HttpConnection,
    _Connections,
    post_bytes,
    post_head,
)

REQUEST = post_bytes(post_head("10.0.0.1:80", "/x", {"A": "b"}), b"{}")
YES = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"
ANSWER = HttpAnswer(200, b"yes")


class Wire(StringTransport):
    """A transport of TCP, as far as a client of HTTP has to do with it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_without_delay = False
        directlyProvides(self, ITCPTransport)

    # Twisted calls this.

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.is_without_delay = enabled


class SocketWire(Wire):
    """The same, with what it says is its handle."""

    def __init__(self, handle: object) -> None:
        super().__init__()
        self._handle = handle
        directlyProvides(self, ITCPTransport, ISystemHandle)

    # Twisted calls this.

    def getHandle(self) -> object:
        return self._handle


@implementer(IStreamClientEndpoint)
class Endpoint:
    """Makes connections when the test says so."""

    def __init__(self) -> None:
        self.wanted: list[tuple[IProtocolFactory, Deferred[Any]]] = []

    def accept(self) -> "Peer":
        """Let the oldest connection be made that is wanted."""
        factory, connecting = self.wanted.pop(0)
        protocol = factory.buildProtocol(IPv4Address("TCP", "10.0.0.1", 80))
        assert isinstance(protocol, Protocol)
        peer = Peer(protocol)
        protocol.makeConnection(peer.wire)
        connecting.callback(protocol)
        return peer

    # Twisted calls this.

    def connect(self, protocolFactory: IProtocolFactory) -> "Deferred[Any]":
        connecting: Deferred[Any] = Deferred()
        self.wanted.append((protocolFactory, connecting))
        return connecting


class Peer:
    """The server's end of a connection."""

    def __init__(self, protocol: Protocol) -> None:
        self.wire = Wire()
        self._protocol = protocol

    @property
    def got(self) -> bytes:
        """What the client has sent since the last look."""
        data: bytes = self.wire.value()
        self.wire.clear()
        return data

    @property
    def is_dropped(self) -> bool:
        """Whether the client has closed the connection at once."""
        return bool(self.wire.disconnected)

    @property
    def is_left(self) -> bool:
        """Whether the client has closed the connection."""
        return bool(self.wire.disconnecting)

    def say(self, data: bytes) -> None:
        """Send this."""
        self._protocol.dataReceived(data)

    def hang_up(self, reason: Exception | None = None) -> None:
        """Close the connection, or have it broken."""
        self._protocol.connectionLost(Failure(reason or ConnectionDone()))


class ClientCase(SynchronousTestCase):
    """A client, and servers that the test plays."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.endpoints: dict[tuple[str, int], Endpoint] = {}
        self.client = HttpClient(self.clock, self.endpoint, 1000)
        verifyObject(IStreamClientEndpoint, Endpoint())

    def endpoint(self, host: str, port: int) -> Endpoint:
        """Return how connections are made to a server; asked for once."""
        self.assertNotIn((host, port), self.endpoints)
        self.endpoints[host, port] = Endpoint()
        return self.endpoints[host, port]

    def ask(self, request: bytes = REQUEST, host: str = "10.0.0.1") -> "Deferred[HttpAnswer]":
        """Ask a server."""
        return self.client.ask(host, 80, request)

    def accept(self, host: str = "10.0.0.1") -> Peer:
        """Let the oldest connection be made that is wanted."""
        return self.endpoints[host, 80].accept()

    def wanted(self, host: str = "10.0.0.1") -> int:
        """Return how many connections are wanted."""
        return len(self.endpoints[host, 80].wanted)

    def kept(self) -> Peer:
        """Return a connection that has had an answer."""
        asked = self.ask()
        peer = self.accept()
        peer.say(YES)
        self.assertEqual(self.successResultOf(asked), ANSWER)
        self.assertEqual(peer.got, REQUEST)
        return peer


class RequestTests(SynchronousTestCase):
    def test_bytes(self) -> None:
        """A request has its length, whatever its body is."""
        self.assertEqual(
            post_bytes(post_head("e1:2379", "/v3/x", {"A": "b", "C": "d"}), b"\xff\r\n"),
            b"POST /v3/x HTTP/1.1\r\nHost: e1:2379\r\nA: b\r\nC: d\r\nContent-Length: 3\r\n\r\n\xff\r\n",
        )


class KeepingTests(ClientCase):
    """Which connections are used."""

    def test_kept(self) -> None:
        """A connection is used again for the same server, and for no other; nothing waits to be sent."""
        peer = self.kept()
        self.assertTrue(peer.wire.is_without_delay)
        asked = self.ask(b"again")
        self.assertEqual((peer.got, self.wanted()), (b"again", 0))
        peer.say(YES)
        self.successResultOf(asked)
        self.ask(host="10.0.0.2")
        self.assertEqual((peer.got, self.wanted("10.0.0.2")), (b"", 1))

    def test_in_the_callback(self) -> None:
        """Whoever is given an answer can ask again by the same connection."""
        asked = self.ask().addCallback(lambda _: self.ask(b"again"))
        peer = self.accept()
        peer.say(YES)
        self.assertEqual(peer.got, REQUEST + b"again")
        peer.say(YES)
        self.assertEqual(self.successResultOf(asked), ANSWER)

    def test_one_at_a_time(self) -> None:
        """A connection has one request at a time; of those that had one at the same time, some are kept."""
        asked = [self.ask(b"%d" % number) for number in range(MOST_IDLE + 2)]
        peers = [self.accept() for _ in asked]
        self.assertEqual([peer.got for peer in peers], [b"%d" % number for number in range(MOST_IDLE + 2)])
        for peer, one in zip(peers, asked, strict=True):
            peer.say(YES)
            self.successResultOf(one)
        self.assertEqual([peer.is_left for peer in peers], [False] * MOST_IDLE + [True] * 2)

    def test_drip(self) -> None:
        """An answer that comes byte by byte is given when it is whole; the connection is kept then."""
        asked = self.ask()
        peer = self.accept()
        for at in range(len(YES)):
            self.assertNoResult(asked)
            peer.say(YES[at : at + 1])
        self.assertEqual(self.successResultOf(asked), ANSWER)
        self.ask()
        self.assertEqual(peer.got, REQUEST * 2)

    def test_closed_while_idle(self) -> None:
        """A connection that its server has closed is not used any more."""
        self.kept().hang_up()
        asked = self.ask()
        peer = self.accept()
        peer.say(YES)
        self.assertEqual(self.successResultOf(asked), ANSWER)

    def test_closed_just_now(self) -> None:
        """A request that has met with the closing of its connection is sent once more, by a new one."""
        for reason in (ConnectionDone(), ConnectionLost()):
            old = self.kept()
            asked = self.ask(b"again")
            self.assertEqual(old.got, b"again")
            old.hang_up(reason)
            new = self.accept()
            self.assertEqual(new.got, b"again")
            self.assertNoResult(asked)
            new.say(YES)
            self.assertEqual(self.successResultOf(asked), ANSWER)
            new.hang_up()

    def test_not_again_and_again(self) -> None:
        """A server that closes new connections too has not answered."""
        old = self.kept()
        asked = self.ask()
        old.hang_up()
        self.accept().hang_up()
        self.failureResultOf(asked, ConnectionDone)
        self.assertEqual(self.wanted(), 0)

    def test_begun(self) -> None:
        """A request whose answer has begun is not sent again by itself."""
        peer = self.kept()
        asked = self.ask()
        peer.say(b"H")
        peer.hang_up(ConnectionLost())
        self.failureResultOf(asked, ConnectionLost)
        self.assertEqual(self.wanted(), 0)

    def test_old(self) -> None:
        """A connection that was kept for long is left."""
        peer = self.kept()
        self.clock.advance(IDLE_S)
        self.ask().addErrback(lambda _: None)
        self.assertEqual(peer.got, REQUEST)
        peer.say(YES)
        self.clock.advance(IDLE_S + 1)
        self.ask()
        self.assertEqual((peer.got, peer.is_left, self.wanted()), (b"", True, 1))

    def test_last(self) -> None:
        """A server that says so gets nothing more by this connection."""
        for data in (
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nyes",
            b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nyes",
        ):
            asked = self.ask()
            peer = self.accept()
            peer.say(data)
            self.assertEqual(self.successResultOf(asked), ANSWER)
            self.assertTrue(peer.is_left)
            self.ask().addErrback(lambda _: None)
            self.accept().hang_up()

    def test_until_closed(self) -> None:
        """An answer without a length ends with the connection, if that is not broken."""
        for reason, is_whole in ((ConnectionDone(), True), (ConnectionLost(), False)):
            asked = self.ask()
            peer = self.accept()
            peer.say(b"HTTP/1.1 200 OK\r\n\r\nyes")
            self.assertNoResult(asked)
            peer.hang_up(reason)
            if is_whole:
                self.assertEqual(self.successResultOf(asked), ANSWER)
            else:
                self.failureResultOf(asked, ConnectionLost)


class BadServerTests(ClientCase):
    """Servers that do not behave."""

    def test_broken_off(self) -> None:
        """An answer that is cut off anywhere is none, however politely."""
        for data in (YES, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n"):
            for size in range(len(data)):
                asked = self.ask()
                peer = self.accept()
                peer.say(data[:size])
                peer.hang_up()
                self.failureResultOf(asked, ConnectionDone)

    def test_refused(self) -> None:
        """Where nobody listens there is no answer."""
        asked = self.ask()
        self.endpoints["10.0.0.1", 80].wanted.pop()[1].errback(ConnectionRefusedError())
        self.failureResultOf(asked, ConnectionRefusedError)

    def test_no_http(self) -> None:
        """What is no answer ends the connection at once; what follows does not matter."""
        asked = self.ask()
        peer = self.accept()
        peer.say(b"SSH-2.0-x\r\n\r\n")
        self.assertIn("does not speak HTTP", str(self.failureResultOf(asked, NoHttp).value))
        self.assertTrue(peer.is_dropped)
        peer.say(YES)
        peer.hang_up(ConnectionAborted())
        self.ask()
        self.assertEqual(self.wanted(), 1)

    def test_no_http_by_a_kept_connection(self) -> None:
        """It is not asked for once more."""
        peer = self.kept()
        asked = self.ask()
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")
        self.failureResultOf(asked, NoHttp)
        self.assertEqual(self.wanted(), 0)

    def test_too_long(self) -> None:
        """An answer that does not end is dropped before it has filled the memory."""
        asked = self.ask()
        peer = self.accept()
        peer.say(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 1000)
        self.assertNoResult(asked)
        peer.say(b" ")
        self.failureResultOf(asked, NoHttp)
        self.assertTrue(peer.is_dropped)

    def test_more_than_an_answer(self) -> None:
        """What comes behind an answer is not the answer to the next request."""
        asked = self.ask()
        peer = self.accept()
        peer.say(YES + YES)
        self.assertEqual(self.successResultOf(asked), ANSWER)
        self.assertTrue(peer.is_left)
        other = self.ask()
        peer.say(YES)
        self.assertNoResult(other)
        self.assertEqual(self.wanted(), 1)

    def test_unasked(self) -> None:
        """An answer that comes while nothing is asked is not the answer to the next request."""
        peer = self.kept()
        peer.say(YES)
        self.assertTrue(peer.is_dropped)
        asked = self.ask()
        self.assertEqual((peer.got, self.wanted()), (b"", 1))
        peer.hang_up(ConnectionAborted())
        self.accept().say(YES)
        self.assertEqual(self.successResultOf(asked), ANSWER)

    def test_closed_twice(self) -> None:
        """A connection that is being closed is not closed again."""
        peer = self.kept()
        peer.say(b"x")
        peer.wire.disconnecting = False
        peer.say(b"x")
        self.assertFalse(peer.is_left)


class EndTests(ClientCase):
    """Requests that are given up, and the end of all."""

    def test_cancelled(self) -> None:
        """A request that is given up closes its connection: its answer may come later."""
        asked = self.ask()
        peer = self.accept()
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        self.assertTrue(peer.is_dropped)
        peer.say(YES)
        peer.hang_up(ConnectionAborted())
        self.ask()
        self.assertEqual(self.wanted(), 1)

    def test_cancelled_by_a_kept_connection(self) -> None:
        """It is not sent once more."""
        peer = self.kept()
        asked = self.ask()
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        peer.hang_up(ConnectionAborted())
        self.assertEqual((peer.is_dropped, self.wanted()), (True, 0))

    def test_cancelled_after_another_connection(self) -> None:
        """A request that is on its way for the second time can be given up too."""
        self.kept()
        asked = self.ask()
        old = self.kept_again()
        old.hang_up()
        new = self.accept()
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        self.assertTrue(new.is_dropped)

    def kept_again(self) -> Peer:
        """Return the connection of the request on its way."""
        (connection,) = self.client._servers["10.0.0.1", 80]._open
        return Peer(connection)

    def test_cancelled_while_connecting(self) -> None:
        """A connection that is not made yet is given up."""
        asked = self.ask()
        connecting = self.endpoints["10.0.0.1", 80].wanted[0][1]
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        self.assertTrue(connecting.called)

    def test_close(self) -> None:
        """In the end every connection is closed as soon as it has no request."""
        idle = self.kept()
        asked = self.ask(b"a")
        other = self.ask(b"b")
        busy = self.accept()
        idle.say(YES)
        self.successResultOf(asked)
        closed = self.client.close()
        self.assertEqual((idle.is_left, busy.is_left), (True, False))
        busy.say(YES)
        self.assertEqual(self.successResultOf(other), ANSWER)
        self.assertTrue(busy.is_left)
        idle.hang_up()
        self.assertNoResult(closed)
        busy.hang_up()
        self.successResultOf(closed)
        self.successResultOf(self.client.close())
        self.failureResultOf(self.ask(), ConnectionClosed)
        self.failureResultOf(self.ask(host="10.0.0.2"), ConnectionClosed)

    def test_close_without_connections(self) -> None:
        """Where no connection was ever made, none is closed."""
        self.successResultOf(self.client.close())


class AtOnceTests(ClientCase):
    """Requests go to the socket itself, and what that does not take goes through the transport."""

    def setUp(self) -> None:
        super().setUp()
        self.near, self.far = socket.socketpair()
        for end in (self.near, self.far):
            end.setblocking(False)
            self.addCleanup(end.close)

    def connected(self, wire: Wire) -> HttpConnection:
        """Make a connection by this transport."""
        server = _Connections(self.clock, Endpoint(), 100)
        connection = server.buildProtocol(None)
        connection.makeConnection(wire)
        return connection

    def test_at_once(self) -> None:
        """The socket has got each request when it was asked for, and the transport is not bothered."""
        wire = SocketWire(self.near)
        connection = self.connected(wire)
        for _ in range(2):
            asking = connection.ask(REQUEST)
            self.assertEqual(self.far.recv(1000), REQUEST)
            connection.dataReceived(YES)
            self.assertEqual(self.successResultOf(asking), ANSWER)
        self.assertEqual(wire.value(), b"")

    def test_full(self) -> None:
        """What the socket does not take is queued, and so is everything behind it: nothing overtakes."""
        wire = SocketWire(self.near)
        connection = self.connected(wire)
        long = post_bytes(post_head("10.0.0.1:80", "/x", {}), bytes(10_000_000))
        connection.ask(long)
        sent = b""
        while True:
            try:
                sent += self.far.recv(1_000_000)
            except BlockingIOError:
                break
        self.assertGreater(len(sent), 0)
        self.assertEqual(sent + wire.value(), long)
        wire.clear()
        connection.dataReceived(YES)
        connection.ask(REQUEST)
        self.assertEqual(wire.value(), REQUEST)
        self.assertRaises(BlockingIOError, self.far.recv, 1)

    def test_broken(self) -> None:
        """The transport, which finds out how the connection has ended, gets what a broken socket does not take."""
        wire = SocketWire(self.near)
        connection = self.connected(wire)
        self.far.close()
        connection.ask(REQUEST)
        self.assertEqual(wire.value(), REQUEST)

    def test_encrypted(self) -> None:
        """What is encrypted goes through the transport: its handle is no socket."""
        wire = SocketWire(object())
        self.connected(wire).ask(REQUEST)
        self.assertEqual(wire.value(), REQUEST)


class _Echo(Resource):
    """Answers what it was sent, in the way that the path says."""

    isLeaf = True

    def render_POST(self, request: Request) -> "bytes | int":
        assert request.content is not None
        body: bytes = request.content.read()
        if request.path == b"/chunked":
            request.write(body[:10])
            request.write(body[10:])
            request.finish()
            return NOT_DONE_YET
        return body


class RealServerTests(TestCase):
    """Against Twisted's own server, by real sockets."""

    timeout = 60

    async def test_server(self) -> None:
        """Answers of some length, of none, and in chunks come as they were sent, all by one connection."""
        from twisted.internet import reactor

        site: Any = Site(_Echo())
        site.noisy = False
        listening: Any = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(site)
        port = listening.getHost().port

        def endpoint(host: str, port: int) -> IStreamClientEndpoint:
            return TCP4ClientEndpoint(reactor, host, port)

        client = HttpClient(reactor, endpoint, 1_000_000)
        try:
            for path in ("/", "/chunked"):
                for body in (b"", b"x" * 11, bytes(range(256)) * 2000):
                    request = post_bytes(post_head(f"127.0.0.1:{port}", path, {}), body)
                    self.assertEqual(await client.ask("127.0.0.1", port, request), HttpAnswer(200, body))
            self.assertEqual(len(client._servers["127.0.0.1", port]._open), 1)
        finally:
            await client.close()
            await listening.stopListening()
