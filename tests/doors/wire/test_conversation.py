"""The screen of a session: how it holds, ends, and is handed over."""

from typing import Any, cast

from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.error import TimeoutError as ConnectionTimedOut
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.doors.reception import CLOSING_S
from groupchat.doors.wire.conversation import DISCARDED_LIMIT
from groupchat.interfaces.screens import Hold, IScreen
from groupchat.sessions.session import State
from tests.doors.connections import Connection


class ScreenTest(SynchronousTestCase):
    def test_interfaces(self) -> None:
        """A connection is what the core, the transport and Twisted's half-closing take it for."""
        protocol = Connection().protocol
        for interface in (IScreen, IHalfCloseableProtocol, IPushProducer):
            verifyObject(interface, protocol)

    def test_outbound(self) -> None:
        """The session learns when the peer does not read, and when it does again."""
        connection = Connection()
        producer = cast(Any, connection.transport.producer)
        producer.pauseProducing()
        producer.resumeProducing()
        self.assertEqual(connection.calls, ["paused", "drained"])


class EndTest(SynchronousTestCase):
    def test_lost(self) -> None:
        """The session learns in plain words why the connection is gone, and is handed nothing more."""
        for reason, words in (
            (ConnectionDone(), "connection lost"),
            (ConnectionAborted(), "connection lost"),
            (ConnectionTimedOut(), "timed out"),
        ):
            connection = Connection()
            connection.protocol.hold(Hold.ANSWER)
            connection.receive(b"one\n")
            connection.protocol.connectionLost(Failure(reason))
            connection.protocol.release(Hold.ANSWER)
            connection.protocol.write(cast(Any, b"into the void"))
            connection.turns()
            self.assertEqual(connection.calls, [("lost", words)])
            self.assertEqual(connection.transport.value(), b"? ")
            self.assertEqual(connection.reception.connections, 0)

    def test_close(self) -> None:
        """After closing nothing more is taken, the producer is gone, and nothing more is written."""
        connection = Connection()
        connection.receive(b"\n" * 65)
        connection.protocol.close("exit")
        connection.receive(b"more\n")
        connection.turns()
        self.assertEqual(len(connection.calls), 64)
        self.assertTrue(connection.transport.disconnecting)
        self.assertIsNone(connection.transport.producer)

    def test_sending_on_after_the_end(self) -> None:
        """A peer that goes on sending after it was cut off is dropped."""
        connection = Connection()
        connection.protocol.close("exit")
        for _ in range(DISCARDED_LIMIT // 65536):
            connection.receive(b"x" * 65536)
        self.assertFalse(connection.transport.disconnected)
        connection.receive(b"x")
        self.assertTrue(connection.transport.disconnected)

    def test_closing_takes_too_long(self) -> None:
        """A peer that does not read its last lines is dropped in the end."""
        connection = Connection()
        connection.protocol.close("exit")
        connection.clock.advance(CLOSING_S - 1)
        self.assertFalse(connection.transport.disconnected)
        connection.clock.pump([1, 1])
        self.assertTrue(connection.transport.disconnected)
        connection.protocol.connectionLost(Failure(ConnectionAborted()))
        self.assertEqual(connection.clock.getDelayedCalls(), [])


class HandshakeTest(SynchronousTestCase):
    def test_timeout(self) -> None:
        """A peer without a nickname in time is told so and cut off, however many bytes come meanwhile."""
        connection = Connection(State.NAMELESS)
        for _ in range(32):
            connection.clock.advance(1)
            connection.receive(b"x")
        self.assertEqual(connection.calls, [("hangup", "handshake-timeout")])

    def test_in_time(self) -> None:
        """A peer with a nickname in time stays."""
        connection = Connection(State.NAMELESS)
        connection.receive(b"alice\n")
        connection.session.state = State.CHATTING
        connection.receive(b"hi\n")
        self.assertEqual(len(connection.reception.handshakes), 0)
        connection.clock.advance(60)
        self.assertEqual(connection.calls, ["alice", "hi"])
        self.assertEqual(connection.clock.getDelayedCalls(), [])

    def test_too_many_lines(self) -> None:
        """After sixteen lines without a nickname the connection ends."""
        connection = Connection(State.NAMELESS)
        connection.receive(b"no!\n" * 17)
        self.assertEqual(connection.calls, ["no!"] * 16 + [("hangup", "too-many-attempts")])

    def test_one_timer(self) -> None:
        """A hundred newcomers share one timer, and one for turns, and none is left when they are gone."""
        connection = Connection(State.NAMELESS)
        protocols = [connection.come(StringTransport()) for _ in range(99)]
        for protocol in protocols:
            protocol.hold(Hold.FLOOD)
            protocol.dataReceived(b"x\n")
        self.assertEqual(len(connection.clock.getDelayedCalls()), 1)
        for protocol in protocols:
            protocol.release(Hold.FLOOD)
        self.assertEqual(len(connection.clock.getDelayedCalls()), 2)
        connection.turn()
        self.assertEqual([cast(Any, protocol).session.calls for protocol in protocols], [["x"]] * 99)
        for protocol in [*protocols, connection.protocol]:
            protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(connection.clock.getDelayedCalls(), [])
