"""JSON Lines on one connection."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.testing import StringTransport, StringTransportWithDisconnection
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.client_errors import ConnectionDropped
from groupchat.client.core.protocol import JsonLines, Message, as_exception, encode

LINES = (
    b"groupchat 1.0: 3 people are here.\r\nChoose your nickname: \r\n"
    b'{"event":"welcome","ref":1}\r\n{"event":"said","text":"h\xc3\xa9 \xe2\x80\xa8 {"}\n\r\n{}\r\n'
)
OBJECTS: list[Message] = [{"event": "welcome", "ref": 1}, {"event": "said", "text": "h\u00e9 \u2028 {"}, {}]


class Owner:
    """Notes what the connection tells."""

    def __init__(self) -> None:
        self.opened = 0
        self.received: list[Message] = []
        self.reasons: list[Exception] = []

    def wire_opened(self, wire: JsonLines) -> None:
        self.opened += 1

    def wire_received(self, wire: JsonLines, message: Message) -> None:
        self.received.append(message)

    def wire_closed(self, wire: JsonLines, reason: Exception) -> None:
        self.reasons.append(reason)


class JsonLinesTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.connect()

    def connect(self) -> None:
        self.owner = Owner()
        self.wire = JsonLines(self.owner)
        self.transport: Any = StringTransportWithDisconnection()
        self.transport.protocol = self.wire
        self.wire.makeConnection(self.transport)

    def closed(self, *lines: bytes) -> Exception:
        """Let the server send these lines and close; return the reason that is told."""
        self.connect()
        self.wire.dataReceived(b"".join(line + b"\r\n" for line in lines))
        if self.transport.connected:
            self.transport.loseConnection()
        (reason,) = self.owner.reasons
        return reason

    def test_cut_at_every_size(self) -> None:
        """Wherever the bytes are cut, every object comes once, and lines for people do not."""
        for size in range(1, len(LINES) + 1):
            self.connect()
            for start in range(0, len(LINES), size):
                self.wire.dataReceived(LINES[start : start + size])
            self.assertEqual(self.owner.received, OBJECTS)
        self.assertEqual(self.owner.opened, 1)

    @given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none()))
    def test_sent(self, message: Message) -> None:
        """An object is sent as one line, and reads as the same object."""
        line = encode({**message, "text": "a\r\nb\u2028"})
        self.assertEqual(line.count(b"\n"), 1)
        self.assertEqual(json.loads(line), {**message, "text": "a\r\nb\u2028"})
        self.wire.send(message)
        self.assertEqual(self.transport.value(), encode(message))
        self.transport.clear()

    def test_why_closed(self) -> None:
        """The reason is the server's last word, if that says why; what came before does not count."""
        kicked = b'{"event":"closing","code":"kicked","text":"Out."}'
        muted = b'{"event":"refused","ref":7,"code":"muted","text":"Not now."}'
        said = b'{"event":"said"}'
        old = b'{"event":"refused","code":"too-slow","text":"Read."}'
        for lines, reason in (
            ([kicked], "kicked: Out."),
            ([muted], None),
            ([old], "too-slow: Read."),
            ([old, kicked], "kicked: Out."),
            ([kicked.replace(b"closing", b"refused").replace(b"Out", b"By bob"), kicked], "kicked: By bob."),
            ([kicked.replace(b"closing", b"refused").replace(b"Out", b"By bob"), said, kicked], "kicked: By bob."),
            ([old, said], None),
            ([b"!! server-full: The server is full."], "server-full: The server is full."),
            ([b"!! server-full: Full.", said], None),
            ([b"!! strange"], None),
            ([b"-- Goodbye"], None),
        ):
            told = self.closed(*lines)
            self.assertEqual(str(told) if isinstance(told, ConnectionDropped) else None, reason, lines)
        self.assertIsInstance(self.closed(), ConnectionDone)

    def test_code(self) -> None:
        """The code and the sentence can be told apart."""
        told = self.closed(b"!! server-full: The server is full: later.")
        assert isinstance(told, ConnectionDropped)
        self.assertEqual((told.code, told.text), ("server-full", "The server is full: later."))

    def test_not_json(self) -> None:
        """A server that talks nonsense is left at once, and nothing after it counts."""
        for line in (b'{"a":', b"{\xff}", b"{" * 100_000):
            told = self.closed(line, b'{"event":"said"}')
            self.assertEqual(str(told), "the server sent a line that is not JSON")
            self.assertEqual(self.owner.received, [])

    def test_endless_line(self) -> None:
        """So is one that sends a line without an end."""
        self.wire.MAX_LENGTH = 100
        self.wire.dataReceived(b"{" + b"x" * 200)
        self.assertIn("more than 100 bytes", str(self.owner.reasons[0]))

    def test_own_reason(self) -> None:
        """The client's own reason to drop the connection is told, and the first of several."""
        self.wire.drop(ConnectionDropped("one"))
        self.assertEqual([str(reason) for reason in self.owner.reasons], ["one"])

    def test_pause(self) -> None:
        """A paused connection reads nothing; the silence before it reads again does not count."""
        self.wire.heard = False
        self.wire.pause()
        self.assertEqual((self.transport.producerState, self.wire.paused), ("paused", True))
        self.wire.resume()
        self.assertEqual((self.transport.producerState, self.wire.paused, self.wire.heard), ("producing", False, True))

    def test_heard(self) -> None:
        """Every byte is a sign of life, also one that makes no line yet."""
        self.wire.heard = False
        self.wire.dataReceived(b"{")
        self.assertTrue(self.wire.heard)


class ReasonTest(SynchronousTestCase):
    def test_exceptions(self) -> None:
        """A failure's exception is the reason; what is none, such as an exit, becomes one."""
        error = ConnectionLost()
        self.assertIs(as_exception(Failure(error)), error)
        self.assertIsInstance(as_exception(Failure(SystemExit("odd"))), ConnectionDropped)

    def test_transports_without_tcp(self) -> None:
        """A transport that is not TCP, such as a pipe, has no options to set."""
        wire = JsonLines(Owner())
        wire.makeConnection(StringTransport())
        wire.send({})
