"""The door of people, and of programs that begin late."""

import json
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.lines.json_conversation import JsonConversation
from groupchat.interfaces.screens import Hold
from groupchat.model.claims import Claim
from groupchat.model.events import Done, Refused
from groupchat.model.preferences import Preferences
from groupchat.sessions.session import State
from tests.doors.connections import Connection, Port, TlsVisit, Visit

SILENCE = (0.4, 0.001)


class TextTest(SynchronousTestCase):
    def test_not_utf8(self) -> None:
        """A line that is not UTF-8 is refused, and the next one taken."""
        connection = Connection()
        for bad in (b"\xc3(", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf8", b"caf\xe9"):
            connection.receive(bad + b"\nnext\n")
        self.assertEqual(connection.calls, [("refuse", "not-utf8", None), "next"] * 5)

    def test_erased(self) -> None:
        """Whoever's telnet sends each key can correct what they type, with letters of several bytes and accents too."""
        connection = Connection()
        for line, taken in (
            (b"helo\x7flo\n", "hello"), (b"helo\blo\r\0", "hello"), (b"x\x7f\x7f\x7fhi\n", "hi"),
            ("é\x7fe\n".encode(), "e"), ("cafe\u0301\x7fé\n".encode(), "café"), (b"no\x15yes\n", "yes"),
            (b"nn\xff\xf7o\n", "no"), (b"n\xff\xf8yes\n", "yes"),
            (b"say it aloud\x17quietly\n", "say it quietly"), (b"one two  \x17\x17\x17three\n", "three"),
            ("ok \U0001f468\u200d\U0001f469\u200d\U0001f467\x7fyes\n".encode(), "ok yes"),  # a family
            ("\U0001f1eb\U0001f1f7\x7f\U0001f1ee\U0001f1f9\n".encode(), "\U0001f1ee\U0001f1f9"),  # flags
            ("xe\x7fe\u0301\x7fy\n".encode(), "xy"),  # the accent belongs to the letter before it
        ):  # fmt: skip
            connection.calls.clear()
            connection.receive(line)
            connection.turns()
            self.assertEqual(connection.calls, [taken], line)

    def test_prefer(self) -> None:
        """A person's preferences give a style of text, in the server's zone."""
        connection = Connection()
        connection.protocol.prefer(Preferences(echo=True))
        self.assertEqual((connection.protocol.style.door, connection.protocol.style.preferences.echo), ("text", True))

    def test_answer(self) -> None:
        """An answer is a line, and none when there is nothing to say."""
        for answer, line in (
            (Done(text="Done."), b"-- Done.\r\n"),
            (Done(3), b""),
            (Refused("muted", "Not now."), b"!! muted: Not now.\r\n"),
        ):
            self.assertEqual(Connection().protocol.answer(answer, None, "alice", "lobby"), line)

    def test_closing(self) -> None:
        """A person has been told why in words; the code adds nothing."""
        connection = Connection()
        connection.protocol.close("kicked")
        self.assertEqual((connection.transport.value(), connection.transport.disconnecting), (b"? ", True))


class LateProgramTest(SynchronousTestCase):
    """A program that begins after it was greeted as a person."""

    def program(self, line: bytes = b'{"do":"nick","nick":"bot","ref":1}\r\n') -> Connection:
        connection = Connection(State.NAMELESS)
        connection.receive(line)
        return connection

    def test_first_line(self) -> None:
        """A first line that starts with a brace hands the connection over; the prompt's line is ended."""
        connection = self.program()
        connection.session.state = State.CHATTING
        connection.receive(b'{"do":"say","text":"hi","ref":2}\n')
        self.assertEqual(connection.calls, [("offer", Claim("bot"), 1), ("do", "say", {"text": "hi"}, 2, None)])
        self.assertEqual(connection.transport.value(), b"? \r\n")
        self.assertIsInstance(connection.protocol, JsonConversation)
        self.assertIs(connection.session.screen, connection.protocol)
        self.assertEqual(connection.session.screen.style.door, "json")

    def test_every_cut(self) -> None:
        """Everything that comes with the first line is taken once and in order, plain and through TLS."""
        stream = b'{"do":"say","text":"one"}\r\n{"do":"say","text":"two"}\nthree\n{"do":"say","text":"four"}'
        expected = [
            ("do", "say", {"text": "one"}, None, None),
            ("do", "say", {"text": "two"}, None, None),
            ("refuse", "bad-json", None),
        ]
        for visit_class in (Visit, TlsVisit):
            for size in range(1, len(stream) + 1) if visit_class is Visit else (1, 30, 1000):
                visit = visit_class(Port(state=State.NAMELESS), size)
                visit.port.clock.pump(SILENCE)
                visit.send(stream)
                self.assertEqual(visit.session.calls, expected, size)
                self.assertIsInstance(visit.server, JsonConversation)
                visit.server.readConnectionLost()
                self.assertEqual(visit.session.calls[3:], [("do", "say", {"text": "four"}, None, None), "ended"])

    def test_only_line(self) -> None:
        """A program whose only line has no end is served, and its end is told after it."""
        connection = Connection(State.NAMELESS)
        connection.receive(b'{"do":"ping"}')
        connection.protocol.readConnectionLost()
        self.assertEqual(connection.calls, [("do", "ping", {}, None, None), "ended"])

    def test_end_comes_while_it_is_held(self) -> None:
        """A program that has closed its half before its line could be taken is served all the same."""
        connection = Connection(State.NAMELESS)
        connection.protocol.hold(Hold.FLOOD)
        connection.receive(b'{"do":"ping"}\n{"do":"who"}')
        connection.protocol.readConnectionLost()
        connection.protocol.release(Hold.FLOOD)
        connection.turns()
        calls: list[Any] = [("do", "ping", {}, None, None), ("do", "who", {}, None, None), "ended"]
        self.assertEqual(connection.calls, calls)

    def test_share(self) -> None:
        """Requests beyond the program's share wait for the next turns, and none is lost."""
        connection = Connection(State.NAMELESS)
        connection.receive(b'{"do":"ping"}\n' * 10)
        connection.session.state = State.CHATTING
        connection.receive(b'{"do":"ping"}\n' * 300)
        connection.turns()
        self.assertEqual(connection.calls, [("do", "ping", {}, None, None)] * 310)

    def test_its_own_now(self) -> None:
        """Pauses and the end reach the session through the successor; nothing is counted twice."""
        connection = self.program()
        former, producer = connection.session.screen, connection.transport.producer
        self.assertIs(producer, connection.protocol)
        producer.pauseProducing()
        self.assertEqual(len(connection.reception.backlog), 1)
        producer.resumeProducing()
        connection.protocol.connectionLost(Failure(ConnectionDone()))
        connection.turn()
        self.assertIs(former, connection.protocol)
        self.assertEqual(connection.calls[1:], ["paused", "drained", ("lost", "connection lost")])
        self.assertEqual((connection.reception.connections, connection.clock.getDelayedCalls()), (0, []))

    def test_slow(self) -> None:
        """A peer that read nothing before it was known still counts as one that does not read."""
        connection = Connection(State.NAMELESS)
        connection.transport.producer.pauseProducing()
        connection.receive(b'{"do":"ping"}\n')
        self.assertEqual(len(connection.reception.backlog), 1)
        connection.transport.producer.resumeProducing()
        self.assertEqual(len(connection.reception.backlog), 0)

    def test_deadline(self) -> None:
        """Its time for a nickname began when it connected."""
        connection = Connection(State.NAMELESS)
        connection.clock.pump([1] * 20)
        connection.receive(b'{"do":"ping"}\n')
        connection.clock.pump([1] * 12)
        self.assertEqual(connection.calls[1:], [("hangup", "handshake-timeout")])

    def test_closing(self) -> None:
        """It is told as a program why the server closes."""
        connection = self.program()
        connection.protocol.close("stopping")
        self.assertEqual(json.loads(connection.transport.value().splitlines()[-1])["code"], "stopping")

    def test_only_the_first(self) -> None:
        """A person's later line may start with a brace."""
        connection = Connection(State.NAMELESS)
        connection.receive(b"alice\n{}\n")
        self.assertEqual(connection.calls, ["alice", "{}"])


class OtherProtocolTest(SynchronousTestCase):
    def test_every_stranger(self) -> None:
        """HTTP, SSH and IRC clients that begin late are told what this is; nothing they send is a nickname."""
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

    def test_nicknames(self) -> None:
        """Nicknames that look a little like these are nicknames; later lines are anything."""
        for nick in ("NICK", "Get", "SSH", "USER", "cap"):
            connection = Connection(State.NAMELESS)
            connection.receive(f"{nick}\n".encode())
            connection.session.state = State.CHATTING
            connection.receive(b"GET / HTTP/1.1\n{}\n")
            self.assertEqual(connection.calls, [nick, "GET / HTTP/1.1", "{}"])
