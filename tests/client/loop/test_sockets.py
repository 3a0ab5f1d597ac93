"""Connections in the small loop: how they are made, what goes through them, and how they end."""

import errno
import socket
import threading
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.client_errors import (
    ConnectionEnded,
    NoConnection,
    NoRoute,
    NothingListens,
    TimedOut,
    UnknownHost,
)
from groupchat.client.core.network import Transport
from groupchat.client.loop import socket_dialer
from groupchat.client.loop.event_loop import Loop
from groupchat.client.loop.socket_dialer import SocketDialer
from groupchat.client.loop.socket_transport import SocketTransport
from tests.client.tls.test_secured import FakeReceiver
from tests.functional.harness import free_port

LIMIT_S = 30.0


class StoppingReceiver(FakeReceiver):
    """A receiver that ends the loop when something happens that the test waits for."""

    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self.loop = loop

    def opened(self, transport: Transport) -> None:
        super().opened(transport)
        self.loop.stop()

    def failed(self, error: Exception) -> None:
        super().failed(error)
        self.loop.stop()

    def closed(self, error: Exception) -> None:
        super().closed(error)
        self.loop.stop()


class SocketCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.loop = Loop()
        self.addCleanup(self.loop.close)
        self.addCleanup(self.join_resolvers)
        self.receiver = StoppingReceiver(self.loop)

    def join_resolvers(self) -> None:
        """Wait for threads whose answers nobody wants any more."""
        for thread in threading.enumerate():
            if thread.name == socket_dialer.RESOLVER:
                thread.join(LIMIT_S)

    def run_loop(self) -> None:
        """Run until the receiver ends it."""
        self.loop._is_stopped = False
        limit = self.loop.call_later(LIMIT_S, self.fail, "nothing happens")
        self.loop.run()
        limit.cancel()


class DialingTest(SocketCase):
    def dial(self, host: str, port: int) -> None:
        self.attempt = SocketDialer(self.loop, host, port).dial(self.receiver)
        self.run_loop()

    def end(self) -> None:
        """End the connection, which must have been made."""
        transport: Any = self.receiver.transport
        self.assertEqual((self.receiver.errors, transport is None), ([], False))
        self.receiver.transport = None
        transport.abort()
        self.run_loop()

    def server(self, host: str = "127.0.0.1") -> socket.socket:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        server = socket.create_server((host, 0), family=family)
        self.addCleanup(server.close)
        return server

    def test_connected(self) -> None:
        """By address or by name, whichever kind of address answers."""
        server = self.server()
        for host in ("127.0.0.1", "localhost"):
            self.dial(host, server.getsockname()[1])
            self.end()
        self.assertEqual(self.loop.watched.keys() - {self.loop._wake_read}, set())

    def test_nothing_listens(self) -> None:
        """A port at which nothing listens."""
        port = free_port()
        for host in ("127.0.0.1", "localhost"):
            self.dial(host, port)
            self.assertIsInstance(self.receiver.errors[-1], NothingListens, host)

    def test_unknown(self) -> None:
        """A name that nobody knows, or that can be none."""
        for host in ("nowhere.invalid", "x" * 70 + ".invalid", ".."):
            self.dial(host, 5000)
            self.assertIsInstance(self.receiver.errors[-1], UnknownHost, host)

    def test_no_route(self) -> None:
        """An address to which there is no way from here."""
        self.dial("255.255.255.255", 5000)
        self.assertIsInstance(self.receiver.errors[-1], NoRoute | NoConnection)

    def test_cancelled(self) -> None:
        """An attempt that is given up tells nothing, at whatever stage."""
        server = self.server()
        for host in ("127.0.0.1", "localhost"):
            attempt = SocketDialer(self.loop, host, server.getsockname()[1]).dial(self.receiver)
            attempt.cancel()
        self.loop.call_later(0.2, self.loop.stop)
        self.loop.run()
        self.assertEqual((self.receiver.transport, self.receiver.errors), (None, []))

    def test_several_addresses(self) -> None:
        """All addresses are tried in turn; of their errors the one that says most is told."""
        server = self.server()
        refused, good = ("127.0.0.1", free_port()), server.getsockname()
        dialing = socket_dialer._Dialing(self.loop, self.receiver)
        dialing.begin([(socket.AF_INET, refused), (999, ("nonsense",)), (socket.AF_INET, good)])
        self.run_loop()
        self.end()
        dialing = socket_dialer._Dialing(self.loop, self.receiver)
        dialing.begin([(socket.AF_INET, refused), (socket.AF_INET, ("255.255.255.255", 5))])
        self.run_loop()
        self.assertIsInstance(self.receiver.errors[-1], NothingListens)
        socket_dialer._Dialing(self.loop, self.receiver).begin([])
        self.assertIsInstance(self.receiver.errors[-1], NoConnection)

    def test_head_start(self) -> None:
        """An address that does not answer holds up the next one for a moment only."""
        server = self.server()
        full = socket.socket()
        self.addCleanup(full.close)
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            self.addCleanup(one.close)
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        socket_dialer._Dialing(self.loop, self.receiver).begin(
            [(socket.AF_INET, full.getsockname()), (socket.AF_INET, server.getsockname())]
        )
        self.run_loop()
        self.end()

    def test_errors(self) -> None:
        """The errors of the system are told as what they mean."""
        for code, kind in (
            (errno.ECONNREFUSED, NothingListens), (errno.ETIMEDOUT, TimedOut), (errno.EHOSTUNREACH, NoRoute),
            (errno.ENETUNREACH, NoRoute), (errno.EMFILE, NoConnection),
        ):  # fmt: skip
            error = socket_dialer._error_of(code)
            self.assertIs(type(error), kind)
            self.assertTrue(str(error))

    def test_families(self) -> None:
        """Addresses of both kinds are tried by turns."""
        found = socket_dialer.by_turns([(10, ("a",)), (10, ("b",)), (2, ("c",)), (10, ("d",))])
        self.assertEqual([place for _, (place,) in found], ["a", "c", "b", "d"])


class TransportTest(SocketCase):
    def setUp(self) -> None:
        super().setUp()
        ours, self.other = socket.socketpair()
        self.addCleanup(self.other.close)
        self.addCleanup(ours.close)
        ours.setblocking(False)
        self.transport = SocketTransport(self.loop, ours, self.receiver)
        self.transport.begin()
        self.assertIs(self.receiver.transport, self.transport)

    def turn(self, times: int = 20) -> None:
        """Let the loop turn some times."""
        self.loop._is_stopped = False
        if times:
            self.loop.call_soon(self.turn, times - 1)
        else:
            self.loop.stop()

    def turns(self) -> None:
        self.turn()
        self.loop.run()

    def test_both_ways(self) -> None:
        """What is written arrives, and what comes is heard."""
        self.transport.write(b"one ")
        self.transport.write(b"two")
        self.assertEqual(self.other.recv(100), b"one two")
        self.other.sendall(b"hello")
        self.turns()
        self.assertEqual(self.receiver.heard, b"hello")

    def test_slow(self) -> None:
        """What the other side does not read waits, and the writer is told; in the end everything arrives in order."""
        data = bytes(range(256)) * 8192
        self.transport.write(data[:1000])
        self.transport.write(data[1000:])
        self.turns()
        self.assertEqual(self.receiver.full, [True])
        arrived = b""
        self.other.settimeout(LIMIT_S)
        while len(arrived) < len(data):
            arrived += self.other.recv(1 << 20)
            self.turns()
        self.assertEqual((arrived == data, self.receiver.full), (True, [True, False]))

    def test_paused(self) -> None:
        """While it is paused nothing is read, and the end of the connection does not turn the loop in circles."""
        self.transport.pause()
        self.other.sendall(b"hello")
        self.other.close()
        self.turns()
        self.assertEqual((self.receiver.heard, self.receiver.endings), (b"", []))
        self.assertEqual(self.loop.watched.keys(), {self.loop._wake_read})
        self.transport.resume()
        self.run_loop()
        self.assertEqual((self.receiver.heard, len(self.receiver.endings)), (b"hello", 1))
        self.assertIsInstance(self.receiver.endings[0], ConnectionEnded)

    def test_last_words(self) -> None:
        """What the other side said before it closed is heard, though it takes nothing more itself."""
        self.other.sendall(b"!! banned: No.\n")
        self.other.close()
        for _ in range(3):
            self.transport.write(b"x" * 100)
        self.run_loop()
        self.assertEqual((self.receiver.heard, len(self.receiver.endings)), (b"!! banned: No.\n", 1))

    def test_close(self) -> None:
        """It is closed when everything is sent, and no earlier; nothing is written after that."""
        data = b"x" * 2_000_000
        self.transport.write(data)
        self.transport.close()
        self.transport.write(b"too late")
        self.turns()
        self.assertEqual(self.receiver.endings, [])
        arrived = 0
        self.other.settimeout(LIMIT_S)
        while piece := self.other.recv(1 << 20):
            arrived += len(piece)
            self.turns()
        self.assertEqual((arrived, len(self.receiver.endings)), (len(data), 1))

    def test_abort(self) -> None:
        """It can be ended at once; the receiver is told afterwards, and only once."""
        self.transport.abort()
        self.assertEqual(self.receiver.endings, [])
        self.transport.abort()
        self.transport.close()
        self.transport.pause()
        self.transport.resume()
        self.transport.write(b"too late")
        self.run_loop()
        self.assertEqual((len(self.receiver.endings), self.other.recv(10)), (1, b""))
