"""JSON Lines on one connection."""

import json

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.client_errors import ConnectionDropped, ConnectionEnded
from groupchat.client.core.protocol import LONGEST_LINE, JsonLines, Message, encode
from tests.client.core.fakes import FakeTransport

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
        self.transport = FakeTransport(self.wire)

    def closed(self, *lines: bytes) -> Exception:
        """Let the server send these lines and close; return the reason that is told."""
        self.connect()
        self.wire.received(b"".join(line + b"\r\n" for line in lines))
        self.transport.end(ConnectionEnded())
        (reason,) = self.owner.reasons
        return reason

    def test_cut_at_every_size(self) -> None:
        """Wherever the bytes are cut, every object comes once, and lines for people do not."""
        for size in range(1, len(LINES) + 1):
            self.connect()
            for start in range(0, len(LINES), size):
                self.wire.received(LINES[start : start + size])
            self.assertEqual(self.owner.received, OBJECTS)
        self.assertEqual(self.owner.opened, 1)

    @given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none()))
    def test_sent(self, message: Message) -> None:
        """An object is sent as one line, and reads as the same object."""
        line = encode({**message, "text": "a\r\nb\u2028"})
        self.assertEqual(line.count(b"\n"), 1)
        self.assertEqual(json.loads(line), {**message, "text": "a\r\nb\u2028"})
        self.wire.send(message)
        self.assertEqual(self.transport.taken(), encode(message))

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
        self.assertIsInstance(self.closed(), ConnectionEnded)

    def test_code(self) -> None:
        """The code and the sentence can be told apart."""
        told = self.closed(b"!! server-full: The server is full: later.")
        assert isinstance(told, ConnectionDropped)
        self.assertEqual((told.code, told.text), ("server-full", "The server is full: later."))

    def test_not_json(self) -> None:
        """A server that talks nonsense is left at once, and nothing after it counts."""
        for line in (b'{"a":', b"{\xff}", b"{" * 100_000, b'{"a":NaN}', b'{"a":[-Infinity]}', b'{"a":{"b":Infinity}}'):
            told = self.closed(line, b'{"event":"said"}')
            self.assertEqual(str(told), "the server sent a line that is not JSON")
            self.assertEqual(self.owner.received, [])

    def test_odd(self) -> None:
        """Neither does one go on that sends what programs cannot use or send back; all else is no fault."""
        deep = b"[" * 33 + b"]" * 33
        for value, fault in (
            (b"[" * 32 + b"1" + b"]" * 32, "arrays or objects in more than 32 levels"),
            (b'{"a":' * 900 + b"1" + b"}" * 900, "arrays or objects in more than 32 levels"),
            (b"9223372036854775808", "a number of more than 64 bits"),
            (b"[-9223372036854775809]", "a number of more than 64 bits"),
            (b"1" * 4300, "a number of more than 64 bits"),
            (b"1e999", "a number of more than 64 bits"),
            (b"[-1.5E+309]", "a number of more than 64 bits"),
            (b"1" * 400 + b".5", "a number of more than 64 bits"),
            (b'"\\ud800"', "half of a character"),
            (b'{"\\uDFFF":1}', "half of a character"),
            (b'"\xed\xa0\x80"', "a line that is not JSON"),
        ):
            told = self.closed(b'{"event":"said","text":' + value + b"}", b'{"event":"said"}')
            self.assertEqual((str(told), self.owner.received), (f"the server sent {fault}", []))
        for value in (
            b"[" * 31 + b"1" + b"]" * 31,
            b"9223372036854775807",
            b"-9223372036854775808",
            b"[1e300, 0.5, 1e-999]",
            b'"NaN 1e999"',
            b'"\\ud83d\\ude00 12345678901234567890"',
            b"[" + b"[]," * 99 + b"{}]",
            b'"' + deep + b'"',
        ):
            self.assertIsInstance(self.closed(b'{"event":"said","text":' + value + b"}"), ConnectionEnded)
            self.assertEqual(len(self.owner.received), 1)

    def test_cannot_begin(self) -> None:
        """A connection that its owner cannot use is ended, and its owner is told why."""

        class Unable(Owner):
            def wire_opened(self, wire: JsonLines) -> None:
                wire.send({"nick": "\ud800"})

        owner = Unable()
        transport = FakeTransport(JsonLines(owner))
        self.assertFalse(transport.is_open)
        (reason,) = owner.reasons
        self.assertIn("the client cannot join: UnicodeEncodeError", str(reason))

    def test_endless_line(self) -> None:
        """So is one that sends a line without an end."""
        for _ in range(4):
            self.wire.received(b"x" * (LONGEST_LINE // 4))
        self.assertEqual(self.owner.reasons, [])
        self.wire.received(b"x")
        self.assertIn("more than 4194304 bytes", str(self.owner.reasons[0]))

    def test_own_reason(self) -> None:
        """The client's own reason to drop the connection is told, and the first of several."""
        self.wire.drop(ConnectionDropped("one"))
        self.assertEqual([str(reason) for reason in self.owner.reasons], ["one"])

    def test_pause(self) -> None:
        """A paused connection reads nothing; the silence before it reads again does not count."""
        self.wire.heard = False
        self.wire.pause()
        self.assertEqual((self.transport.is_paused, self.wire.paused), (True, True))
        self.wire.resume()
        self.assertEqual((self.transport.is_paused, self.wire.paused, self.wire.heard), (False, False, True))

    def test_heard(self) -> None:
        """Every byte is a sign of life, also one that makes no line yet."""
        self.wire.heard = False
        self.wire.received(b"{")
        self.assertTrue(self.wire.heard)
