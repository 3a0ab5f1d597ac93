"""Our transport keeps every promise of the stock one, and sends at once; Twisted has what it relies on."""

import ast
import contextlib
import socket
import ssl
import time
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, cast

from twisted.internet import reactor as _reactor
from twisted.internet import unix
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.internet.tcp import Port, Server
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import implementer

import groupchat
from groupchat.doors.wire import transport as module
from groupchat.doors.wire.tls import Tunnel
from groupchat.doors.wire.transport import PRIVATE, Wire, hand_over, install, queued, use_steady_clock
from tests.doors.connections import StockContext, authority, certificates, stock_tls

reactor = cast(Any, _reactor)

BIG = bytes(range(256)) * 40_000
"""Ten megabytes: more than any buffer on the way."""


@implementer(IHalfCloseableProtocol, IPushProducer)
class Recorder(Protocol):
    """A server's side of a connection that writes down what happens to it."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.received = b""
        self.lost: Deferred[None] = Deferred()
        self.half_closed: Deferred[None] = Deferred()
        self.made: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        self.made.callback(None)

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def readConnectionLost(self) -> None:
        self.happened.append("half-closed")
        self.half_closed.callback(None)

    def writeConnectionLost(self) -> None:
        self.happened.append("write closed")

    def connectionLost(self, reason: Failure = Failure(Exception())) -> None:  # noqa: B008
        self.happened.append("lost")
        self.lost.callback(None)

    def pauseProducing(self) -> None:
        self.happened.append("paused")

    def resumeProducing(self) -> None:
        self.happened.append("resumed")

    def stopProducing(self) -> None:
        self.happened.append("stopped")


class Puller:
    """A producer that is pulled: five pieces, then no more."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        self.left = 5

    def resumeProducing(self) -> None:
        self.left -= 1
        self.transport.write(b"piece ")
        if not self.left:
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def stopProducing(self) -> None:
        """Nothing."""


def read_all(client: socket.socket) -> bytes:
    """Everything up to the end."""
    pieces = []
    while piece := client.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def read_exactly(client: socket.socket, count: int) -> bytes:
    """So many bytes."""
    pieces = []
    while count > 0:
        pieces.append(client.recv(min(count, 65536)))
        assert pieces[-1], "it was closed before"
        count -= len(pieces[-1])
    return b"".join(pieces)


def read_what_is_there(client: socket.socket) -> bytes:
    """All that has come, at least something."""
    pieces, patience = [client.recv(65536)], client.gettimeout()
    client.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while piece := client.recv(65536):
            pieces.append(piece)
    client.settimeout(patience)
    return b"".join(pieces)


class TransportContract:
    """The contract of every transport; ``transport`` is the class under test."""

    transport: ClassVar[type[Server]]
    timeout = 60

    @inlineCallbacks
    def connect(self: Any, wrap: Any = lambda factory: factory) -> Any:
        server = Recorder()
        factory = cast(Any, Factory.forProtocol(lambda: server))
        factory.noisy = False
        port = yield TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(wrap(factory))
        if self.transport is Wire:
            install(port)
        self.addCleanup(port.stopListening)
        client = socket.create_connection(("127.0.0.1", port.getHost().port))
        client.settimeout(50)  # before the test itself times out, so that threads end
        self.addCleanup(client.close)
        yield server.made
        return server, cast(Any, server.transport), client

    @inlineCallbacks
    def test_everything_arrives(self: Any) -> Any:
        """Small and large writes, and those after loseConnection too, arrive whole and in order before the end."""
        server, transport, client = yield self.connect()
        self.assertIs(type(transport), self.transport)
        transport.write(b"a")
        transport.write(BIG)
        # Ours has sent something by now: the socket has room again, but the rest is queued.
        begin = read_what_is_there(client) if self.transport is Wire else b""
        for piece in (b"b", b"", b"c"):
            transport.write(piece)
        reading = deferToThread(read_all, client)
        transport.writeSequence([b"d", b"e"])
        transport.loseConnection()
        transport.write(b"f")
        received = yield reading
        self.assertEqual(begin + received, b"a" + BIG + b"bcdef")
        yield server.lost

    @inlineCallbacks
    def test_producer(self: Any) -> Any:
        """A producer is paused once while the peer does not read, and resumed once when it has read."""
        server, transport, client = yield self.connect()
        transport.registerProducer(server, True)
        transport.write(b"small")
        yield deferLater(reactor, 0.01)
        self.assertEqual(server.happened, [])
        transport.write(BIG)
        self.assertEqual(server.happened, ["paused"])
        reading = deferToThread(read_all, client)
        while server.happened != ["paused", "resumed"]:
            yield deferLater(reactor, 0.01)
        transport.unregisterProducer()
        transport.loseConnection()
        self.assertEqual((yield reading), b"small" + BIG)
        yield server.lost

    @inlineCallbacks
    def test_write_when_paused(self: Any) -> Any:
        """What a producer writes when it is paused, and when it is resumed, arrives behind what was written before."""
        server, transport, client = yield self.connect()

        begin = b""

        def tell(word: bytes) -> None:
            nonlocal begin
            if word.decode() not in server.happened:  # a write while it is full tells it once more
                server.happened.append(word.decode())
                if self.transport is Wire and not begin:
                    begin = read_what_is_there(client)  # so that the socket has room, while something is queued
                transport.write(word)

        server.pauseProducing, server.resumeProducing = partial(tell, b"paused"), partial(tell, b"resumed")
        transport.registerProducer(server, True)
        transport.write(BIG)
        reading = deferToThread(read_all, client)
        while server.happened != ["paused", "resumed"]:
            yield deferLater(reactor, 0.01)
        transport.write(b"end")
        transport.unregisterProducer()
        transport.loseConnection()
        self.assertEqual(begin + (yield reading), BIG + b"paused" + b"resumed" + b"end")
        yield server.lost

    @inlineCallbacks
    def test_pull_producer(self: Any) -> Any:
        """A producer that is pulled is pulled until it has no more."""
        server, transport, client = yield self.connect()
        transport.registerProducer(Puller(transport), False)
        self.assertEqual((yield deferToThread(read_all, client)), b"piece " * 5)
        yield server.lost

    @inlineCallbacks
    def test_peer_closes_its_half(self: Any) -> Any:
        """Bytes written after the peer has closed its half still arrive."""
        server, transport, client = yield self.connect()
        client.sendall(b"last words")
        client.shutdown(socket.SHUT_WR)
        yield server.half_closed
        self.assertEqual(server.received, b"last words")
        transport.write(b"answer")
        transport.loseConnection()
        self.assertEqual((yield deferToThread(read_all, client)), b"answer")
        yield server.lost

    @inlineCallbacks
    def test_closing_our_half(self: Any) -> Any:
        """When our half is closed, what was written before arrives, what is written after does not."""
        server, transport, client = yield self.connect()
        reading = deferToThread(read_all, client)
        transport.write(BIG)
        transport.loseWriteConnection()
        self.assertEqual((yield reading), BIG)
        transport.write(b"too late")
        client.sendall(b"still heard")
        client.shutdown(socket.SHUT_WR)
        yield server.half_closed
        self.assertEqual(server.received, b"still heard")
        transport.loseConnection()
        yield server.lost

    @inlineCallbacks
    def test_peer_is_gone(self: Any) -> Any:
        """Writing to a peer that is gone raises nothing, and the protocol learns of it later, once."""
        server, transport, client = yield self.connect()
        transport.pauseProducing()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()  # resets the connection
        yield deferLater(reactor, 0.02)
        for _ in range(3):
            transport.write(b"hello?")
        self.assertEqual(server.happened, [])
        yield server.lost
        transport.write(b"hello?")
        self.assertEqual(server.happened, ["lost"])

    @inlineCallbacks
    def test_abort(self: Any) -> Any:
        """Nothing written after abortConnection is sent."""
        server, transport, client = yield self.connect()
        transport.abortConnection()
        transport.write(b"too late")
        yield server.lost
        with self.assertRaises(ConnectionResetError):
            client.recv(100)

    @inlineCallbacks
    def test_tls(self: Any) -> Any:
        """TLS above works both ways, with more than fits in any buffer."""
        server, transport, client = yield self.connect(stock_tls)
        context = ssl.create_default_context()
        authority().configure_trust(context)
        client = yield deferToThread(context.wrap_socket, client, server_hostname="localhost")
        self.addCleanup(client.close)
        self.assertIs(type(transport.transport), self.transport)
        client.sendall(b"hello")
        while server.received != b"hello":
            yield deferLater(reactor, 0.01)
        reading = deferToThread(read_all, client)
        transport.write(BIG)
        transport.loseConnection()
        self.assertEqual((yield reading), BIG)
        client.close()
        yield server.lost

    @inlineCallbacks
    def test_tls_begins_late(self: Any) -> Any:
        """From startTLS on nothing is sent as it is."""
        server, transport, client = yield self.connect()
        transport.write(b"begin")
        self.assertEqual((yield deferToThread(client.recv, 5)), b"begin")
        transport.startTLS(StockContext())
        transport.write(b"secret")
        context = ssl.create_default_context()
        authority().configure_trust(context)
        client = yield deferToThread(context.wrap_socket, client, server_hostname="localhost")
        self.addCleanup(client.close)
        reading = deferToThread(read_all, client)
        transport.loseConnection()
        self.assertEqual((yield reading), b"secret")
        client.close()
        yield server.lost

    def test_only_bytes(self: Any) -> Any:
        """Only bytes can be written."""
        connecting = self.connect()

        def connected(parts: Any) -> None:
            _, transport, _ = parts
            self.assertRaises(TypeError, transport.write, "text")
            transport.abortConnection()

        return connecting.addCallback(connected)


class StockTests(TransportContract, TestCase):
    transport = Server


class WireTests(TransportContract, TestCase):
    transport = Wire

    @inlineCallbacks
    def test_at_once(self) -> Any:
        """A write that fits is on its way before write returns."""
        server, transport, client = yield self.connect()
        transport.write(b"now")
        self.assertEqual(client.recv(100), b"now")  # without a reactor turn between
        transport.loseConnection()
        yield server.lost

    @inlineCallbacks
    def test_at_once_again(self) -> Any:
        """So is one after the socket was full, as soon as all was sent; and after a mistake, and a pulled producer."""
        server, transport, client = yield self.connect()
        transport.registerProducer(server, True)
        transport.write(BIG)
        reading = deferToThread(read_exactly, client, len(BIG))
        while server.happened != ["paused", "resumed"]:
            yield deferLater(reactor, 0.01)
        self.assertEqual((yield reading), BIG)
        transport.write(b"one")
        self.assertEqual(client.recv(100), b"one")
        self.assertRaises(TypeError, transport.write, "text")
        transport.write(b"two")
        self.assertEqual(client.recv(100), b"two")
        transport.unregisterProducer()
        transport.write(b"three")
        self.assertEqual(client.recv(100), b"three")
        transport.loseConnection()
        yield server.lost


class PrivateTest(TestCase):
    """The attributes of Twisted that are used and documented nowhere."""

    timeout = 60

    @inlineCallbacks
    def real(self) -> Any:
        """One real object of each class."""
        server = Recorder()
        factory = cast(Any, Factory.forProtocol(lambda: server))
        factory.noisy = False
        port = yield TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
        self.addCleanup(port.stopListening)
        client = socket.create_connection(("127.0.0.1", port.getHost().port))
        self.addCleanup(client.close)
        yield server.made
        local = unix.Port(b"/nowhere", factory, reactor=reactor)
        return {Server: server.transport, Port: port, unix.Port: local}

    @inlineCallbacks
    def test_twisted_has_them(self) -> Any:
        """The Twisted that is installed has every attribute that is relied on.

        If this fails after an upgrade: read how that class works now, and change groupchat/doors/wire/transport.py.
        """
        found = yield self.real()
        self.assertEqual(set(found), set(PRIVATE))
        missing = [
            f"{kind.__name__}.{name}" for kind, names in PRIVATE.items() for name in names
            if not hasattr(found[kind], name)
        ]  # fmt: skip
        found[Server].abortConnection()
        yield found[Server].protocol.lost
        self.assertEqual(missing, [])

    def test_list_is_whole(self) -> None:
        """Every private attribute that the module touches is in its list."""
        tree = ast.parse(Path(module.__file__).read_text("utf-8"))
        touched = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr[:1] == "_"}
        touched = {name for name in touched if not name.startswith("__")}
        known = {name for names in PRIVATE.values() for name in names}
        self.assertEqual(touched - known, set())

    def test_only_here(self) -> None:
        """No other module touches one."""
        private = {name for names in PRIVATE.values() for name in names if name.startswith("_")}
        folder = Path(groupchat.__file__).parent
        for path in folder.rglob("*.py"):
            if path == Path(module.__file__):
                continue
            tree = ast.parse(path.read_text("utf-8"))
            touched = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            self.assertEqual((touched | defined) & private, set(), path)


class QueuedTest(SynchronousTestCase):
    def test_what_counts(self) -> None:
        """Both buffers of a transport count, and what TLS above it has not begun to send."""
        self.assertEqual(queued(FakeTransport(10, 7)), 17)
        self.assertEqual(queued(FakeTransport(0, 1, FakeTransport(10, 7))), 18)
        tunnel = Tunnel(certificates(), Protocol())
        tunnel.write(b"early")
        tunnel.transport = FakeTransport(10, 7)
        self.assertEqual(queued(tunnel), 22)
        self.assertEqual(queued(None), 0)
        self.assertEqual(queued(object()), 0)


class FakeTransport:
    """A transport that holds back a number of bytes, with another below it or not."""

    def __init__(self, buffered: int, waiting: int = 0, transport: "FakeTransport | None" = None) -> None:
        self.dataBuffer = b"x" * (buffered + 5)
        self.offset = 5
        self._tempDataLen = waiting
        self.transport = transport


class SmallTest(SynchronousTestCase):
    def test_hand_over(self) -> None:
        """Later bytes go to the successor, also where something is put round the connection."""
        plain: Any = StringTransport()
        first, second = Protocol(), Protocol()
        plain.protocol = first
        hand_over(plain, second)
        self.assertIs(plain.protocol, second)
        for wrapped in (stock_tls(Factory.forProtocol(Protocol)).buildProtocol(None), Tunnel(certificates(), first)):
            hand_over(wrapped, second)
            self.assertIs(wrapped.wrappedProtocol, second)

    def test_steady_clock(self) -> None:
        """The reactor's time never jumps with the wall clock's."""

        class Reactor:
            seconds: Any = None

        use_steady_clock(Reactor)
        before = Reactor.seconds()
        self.assertLessEqual(before, Reactor.seconds())
        self.assertLess(abs(before - time.monotonic()), 1)
