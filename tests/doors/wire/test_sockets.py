"""The options of a connection's socket, and what reaches a real client at the end."""

import socket
import struct
from typing import Any, cast

from twisted.internet import reactor as _reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import inlineCallbacks
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.task import deferLater
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from groupchat.config.settings import Settings
from groupchat.doors.factory import ChatFactory
from groupchat.doors.lines.text_conversation import TextConversation
from groupchat.doors.reception import Reception
from groupchat.doors.wire.sockets import LATEST_S, base, latest_beginning, silence, tune
from groupchat.doors.wire.transport import install
from groupchat.interfaces.screens import IScreen
from groupchat.model.errors import CannotStart
from tests.doors.fakes import SETTINGS, FakeSession
from tests.doors.wire.test_transport import read_all

reactor = cast(Any, _reactor)


class Above:
    """A transport above a socket, or above another transport."""

    def __init__(self, below: Any) -> None:
        self.transport = below

    def getHandle(self) -> Any:
        return self.transport if isinstance(self.transport, socket.socket) else None


class Informed(socket.socket):
    """A socket of which the kernel tells this (linux/tcp.h, struct tcp_info)."""

    def __init__(self, retransmits: int, probes: int, data_ms: int, ack_ms: int, round_trip_us: int = 0) -> None:
        super().__init__()
        words = [0] * 24
        words[11], words[12], words[15] = data_ms, ack_ms, round_trip_us
        self._told = struct.pack("=8B24I", 1, 0, retransmits, probes, 0, 0, 0, 0, *words)

    def getsockopt(self, level: int, option: int, size: int = 0) -> Any:
        assert (level, option) == (socket.IPPROTO_TCP, socket.TCP_INFO)
        return self._told[:size]


class SocketTests(TestCase):
    timeout = 60

    @inlineCallbacks
    def connect(self) -> Any:
        self.sessions: list[FakeSession] = []

        def make_session(screen: IScreen) -> FakeSession:
            self.sessions.append(FakeSession(screen))
            return self.sessions[-1]

        factory = ChatFactory(Reception(make_session, SETTINGS, reactor))
        port = yield TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
        install(port)
        self.addCleanup(port.stopListening)
        client = socket.create_connection(("127.0.0.1", port.getHost().port))
        client.settimeout(50)  # before the test itself times out, so that threads end
        self.addCleanup(client.close)
        while not self.sessions:
            yield deferLater(reactor, 0.01)
        return self.sessions[0], client

    @inlineCallbacks
    def gone(self, session: FakeSession) -> Any:
        while ("lost", "connection lost") not in session.calls:
            yield deferLater(reactor, 0.01)

    @inlineCallbacks
    def test_options(self) -> Any:
        """A connection has every option by which a dead peer is noticed, and a bounded buffer in the kernel."""
        session, client = yield self.connect()
        server = cast(TextConversation, session.screen).transport.getHandle()
        tcp = socket.IPPROTO_TCP
        for level, option, value in (
            (tcp, socket.TCP_NODELAY, 1),
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            (tcp, socket.TCP_KEEPIDLE, 30),
            (tcp, socket.TCP_KEEPINTVL, 10),
            (tcp, socket.TCP_KEEPCNT, 27),
            (tcp, socket.TCP_USER_TIMEOUT, 300_000),
            (socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * 65536),  # Linux counts its own bookkeeping too
        ):
            self.assertEqual(server.getsockopt(level, option), value)
        client.close()
        yield self.gone(session)

    def test_no_socket(self) -> None:
        """A transport without a socket is left as it is, and so is a UNIX socket; neither is ever silent."""
        with socket.socket(socket.AF_UNIX) as local:
            for transport in (StringTransport(), Above(local)):
                tune(cast(Any, transport), SETTINGS)
                self.assertEqual(silence(cast(Any, transport)), 0.0)
                self.assertEqual(latest_beginning(cast(Any, transport)), 0.0)
            self.assertEqual(local.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), 0)

    def test_told_before(self) -> None:
        """TCP waits longer than the server itself does for a peer that reads nothing, which so is told why."""
        with socket.socket() as one:
            tune(cast(Any, Above(one)), SETTINGS.replaced(stuck_timeout_s=600.0))
            self.assertEqual(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT), 615_000)

    def test_silence(self) -> None:
        """A peer is silent since the last packet that came from it, if several tries in a row are unanswered."""
        for tries, probes, data_ms, ack_ms, expected in (
            (0, 0, 90_000, 90_000, 0.0),  # it owes nothing
            (1, 1, 90_000, 90_000, 0.0),  # one packet may be lost
            (2, 0, 90_000, 61_500, 61.5),  # something that waits for it was sent three times
            (0, 2, 30_000, 90_000, 30.0),  # two probes
            (9, 0, 1_000, 90_000, 1.0),  # it acknowledges nothing, but it sends
        ):
            with Informed(tries, probes, data_ms, ack_ms) as one:
                self.assertEqual(silence(cast(Any, Above(one))), expected)
                self.assertEqual(silence(cast(Any, Above(Above(one)))), expected)  # TLS

    def test_latest_beginning(self) -> None:
        """From far away the first words come later, the more so if they got lost once."""
        for round_trip_us, expected in ((0, 0.0), (80, 0.00032), (200_000, 0.8), (10_000_000, LATEST_S)):
            with Informed(0, 0, 0, 0, round_trip_us) as one:
                self.assertAlmostEqual(latest_beginning(cast(Any, Above(Above(one)))), expected)

    @inlineCallbacks
    def test_live(self) -> Any:
        """The kernel's own account of a live connection, and of one that is closed, is read as no silence."""
        session, client = yield self.connect()
        transport = cast(TextConversation, session.screen).transport
        self.assertEqual(session.screen.silence(), 0.0)
        self.assertLess(latest_beginning(transport), 0.2)  # the kernel knows how near this machine is to itself
        client.close()
        yield self.gone(session)
        self.assertEqual(silence(transport), 0.0)

    @inlineCallbacks
    def test_half_close(self) -> Any:
        """A client that pipes its lines in and closes its half has them all taken, and is let go at once."""
        session, client = yield self.connect()
        client.sendall(b"line\n" * 500 + b"last")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual((yield deferToThread(read_all, client)), b"? ")
        self.assertEqual(session.calls[:502], ["line"] * 500 + ["last", "ended"])
        yield self.gone(session)

    @inlineCallbacks
    def test_told_why(self) -> Any:
        """A client that is cut off in the middle of what it sends reads the reason, and an orderly end."""
        session, client = yield self.connect()

        def send() -> bytes:
            client.sendall(b"x" * 10_000_000)
            return read_all(client)

        received = yield deferToThread(send)
        self.assertTrue(received.startswith(b"? !! line-too-long: "), received)
        client.close()
        yield self.gone(session)


class BaseTest(SynchronousTestCase):
    """Where a peer reaches the server over HTTP."""

    def test_own_end(self) -> None:
        """It is where its own connection ends: there the server answers to it, whatever its name is."""
        for address, secure, expected in (
            (IPv4Address("TCP", "192.0.2.9", 5000), False, "http://192.0.2.9:5000"),
            (IPv4Address("TCP", "192.0.2.9", 5000), True, "https://192.0.2.9:5000"),
            (IPv6Address("TCP", "2001:db8::9", 5000), False, "http://[2001:db8::9]:5000"),
            (IPv6Address("TCP", "fe80::9%eth0", 5000), False, "http://[fe80::9]:5000"),
            (IPv6Address("TCP", "::ffff:192.0.2.9", 5000), False, "http://192.0.2.9:5000"),
            (UNIXAddress("/run/chat"), False, ""),
        ):
            self.assertEqual(base(StringTransport(address), Settings(), secure), expected)
        self.assertEqual(base(None, Settings(), False), "")

    def test_setting(self) -> None:
        """The setting says otherwise, as behind a proxy."""
        settings = Settings(public_url="https://chat.example.org/")
        self.assertEqual(base(StringTransport(), settings, False), "https://chat.example.org")
        for wrong in (
            "chat.example.org",
            "ftp://example.org",
            "https://a b",
            "https://x.org/?a",
            "javascript:alert(1)",
        ):
            self.assertRaises(CannotStart, Settings, public_url=wrong)
