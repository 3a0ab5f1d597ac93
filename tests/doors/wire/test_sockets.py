"""The options of a connection's socket, and what reaches a real client at the end."""

import socket
from typing import Any, cast

from twisted.internet import reactor as _reactor
from twisted.internet.defer import inlineCallbacks
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.task import deferLater
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from groupchat.doors.factory import ChatFactory
from groupchat.doors.lines.text_conversation import TextConversation
from groupchat.doors.reception import Reception
from groupchat.doors.wire.sockets import tune
from groupchat.doors.wire.transport import install
from groupchat.interfaces.screens import IScreen
from tests.doors.fakes import SETTINGS, FakeSession
from tests.doors.wire.test_transport import read_all

reactor = cast(Any, _reactor)


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
            (tcp, socket.TCP_KEEPIDLE, 60),
            (tcp, socket.TCP_KEEPINTVL, 15),
            (tcp, socket.TCP_KEEPCNT, 4),
            (tcp, socket.TCP_USER_TIMEOUT, 75_000),  # after stuck_timeout_s, which says why
            (socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * 65536),  # Linux counts its own bookkeeping too
        ):
            self.assertEqual(server.getsockopt(level, option), value)
        client.close()
        yield self.gone(session)

    def test_no_socket(self) -> None:
        """A transport without a socket is left as it is."""
        tune(StringTransport(), SETTINGS)

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
