"""The door of lines: framing, holding, who is there, and how it ends."""

import re
from collections.abc import Callable
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.error import TimeoutError as ConnectionTimedOut
from twisted.internet.interfaces import IAddress, IDelayedCall, IHalfCloseableProtocol, IPushProducer
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.config.settings import Settings
from groupchat.doors.factory import ChatFactory
from groupchat.doors.front import Front
from groupchat.doors.lines.text_conversation import TextConversation
from groupchat.doors.reception import CLOSING_S, Reception
from groupchat.doors.wire.conversation import DISCARDED_LIMIT
from groupchat.doors.wire.framing import SKIPPED_LIMIT
from groupchat.interfaces.screens import Hold, IScreen
from groupchat.limits.turnstile import Turnstile
from groupchat.model.claims import Claim
from groupchat.model.preferences import Preferences
from groupchat.sessions.session import State
from tests.doors.fakes import SETTINGS, FakeSession

TURN_S = 0.001


class TurnClock(Clock):
    """A clock on which "at once" is the next turn, as on a reactor."""

    def callLater(self, delay: float, callable: Callable[..., object], *args: object, **kw: object) -> IDelayedCall:
        return super().callLater(max(delay, TURN_S), callable, *args, **kw)


class Connection:
    """One connection over a transport of strings, with a fake session behind it."""

    def __init__(self, state: State = State.CHATTING, settings: Settings = SETTINGS) -> None:
        self.clock = TurnClock()
        self.state = state
        self.reception = Reception(self.make_session, settings, self.clock)
        self.factory = ChatFactory(self.reception)
        self.transport = cast(Any, StringTransport())
        self.come(self.transport, IPv4Address("TCP", "192.0.2.1", 4321))
        self.session = cast(FakeSession, self.protocol.session)

    def come(self, transport: Any, address: IAddress | None = None) -> TextConversation:
        """Somebody comes, and waits for the greeting."""
        front = self.factory.buildProtocol(address)
        front.makeConnection(transport)
        cast(Front, front).silence_expired()
        return cast(TextConversation, transport.protocol)

    def make_session(self, screen: IScreen, door: str) -> FakeSession:
        session = FakeSession(screen, door)
        session.state = self.state
        return session

    @property
    def protocol(self) -> TextConversation:
        """What serves the connection now."""
        return cast(TextConversation, self.transport.protocol)

    def receive(self, data: bytes) -> None:
        """Let this come in."""
        self.protocol.dataReceived(data)

    @property
    def calls(self) -> list[Any]:
        return self.session.calls

    def turn(self) -> None:
        """Let one reactor turn pass."""
        self.clock.advance(TURN_S)

    def turns(self) -> None:
        """Let turns pass until nothing more happens."""
        before = None
        while before != len(self.calls):
            before = len(self.calls)
            self.turn()

    def is_reading(self) -> bool:
        return bool(self.transport.producerState == "producing")


STREAM = "één\r\nzwei\ndrei\r\0\n\r\nvier\r\r\n 5 😊\nrest".encode()
LINES = ["één", "zwei", "drei", "", "", "vier\r", " 5 😊"]


class FramingTests(SynchronousTestCase):
    def test_interfaces(self) -> None:
        """A connection is what the core, the transport and Twisted's half-closing take it for."""
        protocol = Connection().protocol
        for interface in (IScreen, IHalfCloseableProtocol, IPushProducer):
            verifyObject(interface, protocol)

    def test_every_cut(self) -> None:
        """The same bytes give the same lines, cut in pieces of every size."""
        for size in range(1, len(STREAM) + 1):
            connection = Connection()
            for start in range(0, len(STREAM), size):
                connection.receive(STREAM[start : start + size])
            self.assertEqual(connection.calls, LINES)

    @given(st.lists(st.text(alphabet="a\r\0é", max_size=5), max_size=200), st.data())
    def test_any_cut(self, texts: list[str], data: st.DataObject) -> None:
        """Nothing is lost or reordered, however lines arrive, are held and released."""
        sent = "".join(f"{text}\n" for text in texts)
        expected = re.split("\r?\n|\r\0", sent)[:-1]
        connection = Connection()
        stream = sent.encode()
        while stream:
            size = data.draw(st.integers(1, len(stream)))
            connection.receive(stream[:size])
            stream = stream[size:]
            match data.draw(st.integers(0, 3)):
                case 0:
                    connection.protocol.hold(Hold.FLOOD)
                case 1:
                    connection.protocol.release(Hold.FLOOD)
                case 2:
                    connection.turn()
        connection.protocol.release(Hold.FLOOD)
        connection.turns()
        self.assertEqual(connection.calls, expected)

    def test_share_of_turn(self) -> None:
        """A peer has 64 lines taken in one reactor turn, and the next 64 in the next."""
        connection = Connection()
        connection.receive(b"\n" * 65536)
        taken = [len(connection.calls)]
        for _ in range(3):
            connection.turn()
            taken.append(len(connection.calls))
        self.assertEqual(taken, [64, 128, 192, 256])
        connection.turns()
        self.assertEqual(connection.calls, [""] * 65536)

    def test_released_at_once(self) -> None:
        """A hold that ends before its line is done does not cost the peer its turn."""
        connection = Connection()

        def typed(line: str) -> None:
            connection.calls.append(line)
            connection.protocol.hold(Hold.ANSWER)
            connection.protocol.release(Hold.ANSWER)

        connection.session.typed = typed  # type: ignore[method-assign]
        connection.receive(b"one\ntwo\n")
        self.assertEqual(connection.calls, ["one", "two"])

    def test_not_utf8(self) -> None:
        """A line that is not UTF-8 is refused, and the next one taken."""
        connection = Connection()
        for bad in (b"\xc3(", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf8", b"caf\xe9"):
            connection.receive(bad + b"\nnext\n")
        self.assertEqual(connection.calls, [("refuse", "not-utf8", None), "next"] * 5)

    def test_longest_line(self) -> None:
        """A line of the limit, its end included, is taken; one byte more ends the connection."""
        connection = Connection()
        connection.receive(b"x" * 255 + b"\n" + b"y" * 254 + b"\r\n")
        self.assertEqual(connection.calls, ["x" * 255, "y" * 254])
        connection.receive(b"z" * 256 + b"\nmore\n")
        self.assertEqual(connection.calls[2:], [("hangup", "line-too-long")])
        self.assertIn(b"!! line-too-long: ", connection.transport.value())
        self.assertTrue(connection.transport.disconnecting)

    def test_endless_line(self) -> None:
        """A line without end is noticed as soon as it is too long, and nothing of it is kept."""
        connection = Connection()
        connection.receive(b"x" * 255)
        self.assertEqual(connection.calls, [])
        connection.receive(b"x")
        self.assertEqual(connection.calls, [("hangup", "line-too-long")])
        self.assertEqual(len(connection.protocol._waiting), 0)


class HoldTests(SynchronousTestCase):
    def test_held(self) -> None:
        """While there is any reason to hold, no line is taken; afterwards all are, in order."""
        connection = Connection()
        connection.protocol.hold(Hold.ANSWER)
        connection.protocol.hold(Hold.FLOOD)
        connection.receive(b"one\ntwo\n")
        connection.protocol.release(Hold.ANSWER)
        connection.turns()
        self.assertEqual(connection.calls, [])
        connection.protocol.release(Hold.FLOOD)
        self.assertEqual(connection.calls, [])  # never within the caller's turn
        connection.turns()
        self.assertEqual(connection.calls, ["one", "two"])

    def test_held_by_a_line(self) -> None:
        """A line that makes the session hold is the last one taken."""
        connection = Connection()

        def typed(line: str) -> None:
            connection.calls.append(line)
            connection.protocol.hold(Hold.ANSWER)

        connection.session.typed = typed  # type: ignore[method-assign]
        connection.receive(b"one\ntwo\nthree\n")
        self.assertEqual(connection.calls, ["one"])
        connection.protocol.release(Hold.ANSWER)
        connection.turns()
        self.assertEqual(connection.calls, ["one", "two"])

    def test_received_while_handing_over(self) -> None:
        """Bytes that come in while a line is being taken come after it, and are taken once."""
        connection = Connection()

        def typed(line: str) -> None:
            connection.calls.append(line)
            if line == "one":
                connection.receive(b"three\nfour\n")

        connection.session.typed = typed  # type: ignore[method-assign]
        connection.receive(b"one\ntwo\n")
        connection.turns()
        self.assertEqual(connection.calls, ["one", "two", "three", "four"])

    def test_transport_is_paused_late(self) -> None:
        """The transport is paused only when bytes come in while held, and reads again when none wait."""
        connection = Connection()
        connection.protocol.hold(Hold.ANSWER)
        self.assertTrue(connection.is_reading())
        connection.receive(b"one\n")
        self.assertFalse(connection.is_reading())
        connection.protocol.release(Hold.ANSWER)
        connection.turn()
        self.assertTrue(connection.is_reading())

    def test_paused_while_much_waits(self) -> None:
        """A peer whose lines wait for their turn is not read, so that no more than two chunks are ever kept."""
        connection = Connection()
        connection.receive(b"\n" * 1000)
        connection.receive(b"\n" * 1000)
        connection.turn()
        self.assertFalse(connection.is_reading())
        connection.turns()
        self.assertTrue(connection.is_reading())
        self.assertEqual(len(connection.calls), 2000)

    def test_outbound(self) -> None:
        """The session learns when the peer does not read, and when it does again."""
        connection = Connection()
        producer = cast(Any, connection.transport.producer)
        producer.pauseProducing()
        producer.resumeProducing()
        self.assertEqual(connection.calls, ["paused", "drained"])


class EndTests(SynchronousTestCase):
    def test_half_closed(self) -> None:
        """When a peer has sent all it has, all of it is taken, an unfinished line too, before it is let go."""
        connection = Connection()
        connection.receive(b"x\n" * 100 + b"last\r")
        connection.protocol.readConnectionLost()
        connection.turns()
        self.assertEqual(connection.calls, ["x"] * 100 + ["last", "ended"])

    def test_half_closed_while_held(self) -> None:
        """What waits at the end waits for every release, and the end comes once, after it."""
        connection = Connection()
        connection.protocol.hold(Hold.ANSWER)
        connection.receive(b"one\ntwo")
        connection.protocol.readConnectionLost()
        connection.turns()
        self.assertEqual(connection.calls, [])
        connection.protocol.release(Hold.ANSWER)
        connection.turns()
        self.assertEqual(connection.calls, ["one", "two", "ended"])

    def test_end_waits_for_the_last_answer(self) -> None:
        """When the last line makes the session hold, the end is told after the release, and once only."""
        connection = Connection()

        def typed(line: str) -> None:
            connection.calls.append(line)
            connection.protocol.hold(Hold.ANSWER)

        connection.session.typed = typed  # type: ignore[method-assign]
        connection.session.ended = lambda: connection.calls.append("ended")  # type: ignore[method-assign]
        connection.receive(b"last")
        connection.protocol.readConnectionLost()
        connection.turns()
        self.assertEqual(connection.calls, ["last"])
        for _ in range(2):
            connection.protocol.release(Hold.ANSWER)
            connection.turns()
        self.assertEqual(connection.calls, ["last", "ended"])

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
        connection.protocol.close()
        connection.receive(b"more\n")
        connection.turns()
        self.assertEqual(len(connection.calls), 64)
        self.assertTrue(connection.transport.disconnecting)
        self.assertIsNone(connection.transport.producer)

    def test_sending_on_after_the_end(self) -> None:
        """A peer that goes on sending after it was cut off is dropped."""
        connection = Connection()
        connection.protocol.close()
        for _ in range(DISCARDED_LIMIT // 65536):
            connection.receive(b"x" * 65536)
        self.assertFalse(connection.transport.disconnected)
        connection.receive(b"x")
        self.assertTrue(connection.transport.disconnected)

    def test_closing_takes_too_long(self) -> None:
        """A peer that does not read its last lines is dropped in the end."""
        connection = Connection()
        connection.protocol.close()
        connection.clock.advance(CLOSING_S - 1)
        self.assertFalse(connection.transport.disconnected)
        connection.clock.pump([1, 1])
        self.assertTrue(connection.transport.disconnected)
        connection.protocol.connectionLost(Failure(ConnectionAborted()))
        self.assertEqual(connection.clock.getDelayedCalls(), [])


class HandshakeTests(SynchronousTestCase):
    def test_timeout(self) -> None:
        """Who has no nickname in time is told so and cut off, however many bytes come meanwhile."""
        connection = Connection(State.NAMELESS)
        for _ in range(32):
            connection.clock.advance(1)
            connection.receive(b"x")
        self.assertEqual(connection.calls, [("hangup", "handshake-timeout")])

    def test_in_time(self) -> None:
        """Who has a nickname in time stays."""
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


class StrangerTests(SynchronousTestCase):
    def test_every_stranger(self) -> None:
        """HTTP, SSH and IRC clients are told what this is; nothing they send is a nickname."""
        for hello in (
            b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n",
            b"POST /x HTTP/1.0\r\n\r\n",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"NICK alice\r\nUSER alice 0 * :Alice\r\n",
            b"CAP LS 302\r\n",
        ):
            for size in (1, len(hello)):
                connection = Connection(State.NAMELESS)
                for start in range(0, len(hello), size):
                    connection.receive(hello[start : start + size])
                self.assertEqual(connection.calls, [("hangup", "wrong-protocol")])
                self.assertIn(b"!! wrong-protocol: ", connection.transport.value())

    def test_tls(self) -> None:
        """A TLS hello ends the connection at once, without a word."""
        hello = bytes.fromhex("16030100c8010000c40303ff")
        for size in (1, 2, len(hello)):
            connection = Connection(State.NAMELESS)
            for start in range(0, len(hello), size):
                connection.receive(hello[start : start + size])
            self.assertEqual(connection.calls, [("hangup", None)])
            self.assertEqual(connection.transport.value(), b"? ")

    def test_nicknames_are_no_strangers(self) -> None:
        """Nicknames that look a little like these are nicknames; later lines are anything."""
        for nick in ("NICK", "Get", "SSH", "USER", "cap"):
            connection = Connection(State.NAMELESS)
            connection.receive(f"{nick}\n".encode())
            connection.session.state = State.CHATTING
            connection.receive(b"GET / HTTP/1.1\n{}\n")
            self.assertEqual(connection.calls, [nick, "GET / HTTP/1.1", "{}"])


class ProgramTests(SynchronousTestCase):
    def program(self) -> Connection:
        connection = Connection(State.NAMELESS)
        connection.receive(b'{"do":"nick","nick":"bot","ref":1}\r\n')
        connection.session.state = State.CHATTING
        return connection

    def test_first_line(self) -> None:
        """A first line that starts with a brace makes the peer a program; the prompt's line is ended."""
        connection = self.program()
        connection.receive(b'{"do":"say","text":"hi","ref":2}\n')
        self.assertEqual(connection.calls, [("offer", Claim("bot"), 1), ("say", "hi", 2, None, "")])
        self.assertEqual(connection.transport.value(), b"? \r\n")
        self.assertEqual((connection.protocol.style.door, connection.session.door), ("json", "json"))
        self.assertFalse(connection.protocol.style.preferences.emoji)

    def test_prefer(self) -> None:
        """A program's preferences give a style of JSON, a person's one of text."""
        connection = self.program()
        connection.protocol.prefer(Preferences(echo=True))
        self.assertEqual((connection.protocol.style.door, connection.protocol.style.preferences.echo), ("json", True))
        person = Connection().protocol
        person.prefer(Preferences(echo=True))
        self.assertEqual((person.style.door, person.style.preferences.echo), ("text", True))

    def test_line_too_long(self) -> None:
        """A program's line too long is left out, cut anyhow, and the next one taken."""
        for filling in (1024, 3000):
            too_long = b'{"x":"' + b"x" * filling + b'"}'
            for size, end in ((1, b"\r\n"), (1, b"\r\0"), (100, b"\n"), (5000, b"\r\0")):
                stream = too_long + end + b'{"do":"say","text":"next"}\n'
                connection = self.program()
                for start in range(0, len(stream), size):
                    connection.receive(stream[start : start + size])
                expected = [("refuse", "line-too-long", None), ("say", "next", None, None, "")]
                self.assertEqual(connection.calls[1:], expected)

    def test_endless_line(self) -> None:
        """A program's line without end is not skipped for ever."""
        connection = self.program()
        for _ in range(SKIPPED_LIMIT // 65536 + 1):
            connection.receive(b"x" * 65536)
        self.assertEqual(connection.calls[1:], [("refuse", "line-too-long", None), ("hangup", "line-too-long")])


class AdmissionTests(SynchronousTestCase):
    def test_full(self) -> None:
        """Who comes when the server is full is told so, and may come when somebody has gone."""
        connection = Connection(settings=SETTINGS.replaced(connections=1))
        transport = StringTransport()
        connection.factory.buildProtocol(None).makeConnection(transport)
        self.assertTrue(transport.value().startswith(b"!! server-full: "))
        self.assertTrue(transport.disconnecting)
        connection.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertIsInstance(connection.factory.buildProtocol(None), Front)

    def test_address(self) -> None:
        """An address has so many connections, and one that ends makes room for another."""
        turnstile = Turnstile(live=1)
        factory = ChatFactory(Reception(FakeSession, SETTINGS, Clock(), turnstile))
        address = IPv4Address("TCP", "192.0.2.1", 1)
        first, transport = factory.buildProtocol(address), StringTransport()
        first.makeConnection(StringTransport())
        factory.buildProtocol(address).makeConnection(transport)
        self.assertTrue(transport.value().startswith(b"!! too-many-connections: "))
        first.connectionLost(Failure(ConnectionDone()))
        self.assertIsInstance(factory.buildProtocol(address), Front)
