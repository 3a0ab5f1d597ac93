"""The door of programs."""

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.wire.framing import SKIPPED_LIMIT
from groupchat.interfaces.screens import Hold
from groupchat.model.claims import Claim
from groupchat.model.events import Done, Refused
from groupchat.model.preferences import Preferences
from groupchat.sessions.session import State
from tests.doors.connections import Port, Visit

STREAM = (
    b'{"do":"nick","nick":"bot","ref":1}\r\n{"do":"say","text":"h\xc3\xa9 \xf0\x9f\x98\x8a"}\n\n'
    b'{"do":"type","line":"/me waves"}\r\0{"do":"who"}'
)
CALLS: list[Any] = [
    ("offer", Claim("bot"), 1),
    ("do", "say", {"text": "hé 😊"}, None, None),
    ("refuse", "bad-json", None),
    ("type", "/me waves", None, None),
]


class ProgramTest(SynchronousTestCase):
    def program(self) -> Visit:
        """A program that is in."""
        visit = Visit(Port(state=State.NAMELESS))
        visit.send(b'{"do":"nick","nick":"bot","ref":1}\r\n')
        visit.session.state = State.CHATTING
        return visit

    def test_every_cut(self) -> None:
        """The same bytes give the same requests, cut in pieces of every size; an unfinished one at the end counts."""
        for size in range(1, len(STREAM) + 1):
            visit = Visit(Port(), size)
            visit.send(STREAM)
            self.assertEqual(visit.session.calls, CALLS, size)
            visit.server.readConnectionLost()
            self.assertEqual(visit.session.calls, [*CALLS, ("do", "who", {}, None, None), "ended"], size)

    def test_nothing_unasked(self) -> None:
        """A program is sent neither greeting nor prompt, and nothing when a password is typed somewhere."""
        visit = self.program()
        visit.server.conceal()
        visit.server.reveal()
        self.assertEqual(visit.read(), b"")

    def test_beginning(self) -> None:
        """A program's words arrive unchanged, until it prefers otherwise."""
        visit = self.program()
        self.assertFalse(visit.server.style.preferences.emoji)
        visit.server.prefer(Preferences(echo=True))
        self.assertEqual((visit.server.style.door, visit.server.style.preferences.echo), ("json", True))

    def test_answer(self) -> None:
        """An answer is an object with the request's ref."""
        answer = self.program().server.answer(Done(3), [1], "bot", "lobby")
        self.assertEqual(json.loads(answer), {"event": "done", "ref": [1], "id": 3})

    def test_closing(self) -> None:
        """The last line says why the server closes; after it nothing is written."""
        visit = self.program()
        visit.server.close("replaced")
        visit.server.close("stopping")
        visit.server.write(b"too late")
        (line,) = visit.read().splitlines()
        closing = json.loads(line)
        self.assertEqual((closing["event"], closing["code"]), ("closing", "replaced"))
        self.assertTrue(visit.transport.disconnecting)

    def test_reason(self) -> None:
        """The last line repeats the sentence of the refusal it follows from, and not of another one."""
        for code, text in (
            ("kicked", "You were put out by olga: spam"),
            ("stopping", "The server closes all connections."),
        ):
            visit = self.program()
            for refused in (Refused("kicked", "An earlier one."), Refused("kicked", "You were put out by olga: spam")):
                visit.server.answer(refused, None, "bot", "lobby")
            visit.server.close(code)
            closing = json.loads(visit.read())
            self.assertEqual(closing["code"], code)
            self.assertTrue(closing["text"].startswith(text), closing)

    def test_closing_while_held(self) -> None:
        """A program that was not being read is told too."""
        visit = self.program()
        visit.server.hold(Hold.ANSWER)
        visit.send(b'{"do":"who"}\n')
        visit.server.close("kicked")
        self.assertIn(b'"code":"kicked"', visit.read())

    def test_dropped(self) -> None:
        """A program that is dropped is told nothing more."""
        visit = self.program()
        visit.server.abort()
        visit.server.close("kicked")
        self.assertEqual((visit.read(), visit.transport.disconnected), (b"", True))

    def test_line_too_long(self) -> None:
        """An overlong line is refused and left out, however it is cut, and the next one is taken."""
        for filling in (1024, 3000):
            too_long = b'{"x":"' + b"x" * filling + b'"}'
            for size, end in ((1, b"\r\n"), (1, b"\r\0"), (100, b"\n"), (5000, b"\r\0")):
                visit = self.program()
                visit.size = size
                visit.send(too_long + end + b'{"do":"say","text":"next"}\n')
                expected = [("refuse", "line-too-long", None), ("do", "say", {"text": "next"}, None, None)]
                self.assertEqual(visit.session.calls[1:], expected)

    def test_endless_line(self) -> None:
        """A line without end is not skipped for ever."""
        visit = self.program()
        visit.send(b"x" * (SKIPPED_LIMIT + 2 * 65536))
        self.assertEqual(visit.session.calls[1:], [("refuse", "line-too-long", None), ("hangup", "line-too-long")])

    def test_not_utf8(self) -> None:
        """Telnet's commands, and anything else that is not UTF-8, are refused; the connection goes on."""
        visit = self.program()
        visit.send(b'\xff\xfb\x1f\n{"do":"who"}\n')
        self.assertEqual(visit.session.calls[1:], [("refuse", "not-utf8", None), ("do", "who", {}, None, None)])
