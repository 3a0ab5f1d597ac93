"""Signs of life for whoever waits for the answer to a change: pings are found among what waits, and nothing else is."""

import json
from functools import partial
from typing import Any, cast

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from wsproto.frame_protocol import Opcode

from groupchat.config.settings import Settings
from groupchat.doors.factory import ChatFactory
from groupchat.doors.reception import Reception
from groupchat.hall.hall import Hall
from groupchat.interfaces.screens import Hold
from groupchat.journals.memory import MemoryJournal
from groupchat.sessions.session import Session
from tests.doors.connections import Port, Visit
from tests.doors.fakes import SETTINGS, TURN_S
from tests.doors.web.clients import UPGRADE, Socket, frames, masked
from tests.fakes import FakePasswords, HeldJournal
from tests.house import NOON

PING: Any = ("do", "ping", {}, None, None)
SAID = [("do", "say", {"text": text}, None, None) for text in ("1", "2", "ping")]
LINES = [json.dumps({"do": "say", "text": text}).encode() for text in ("1", "2", "ping")]


class SilentLogTests(SynchronousTestCase):
    """A server whose journal does not answer."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.journal = HeldJournal(MemoryJournal())
        settings = Settings(zone="UTC", flood_burst=1000)
        self.hall = Hall(
            self.journal, settings, self.clock, lambda: NOON + self.clock.seconds(), "1.0", passwords=FakePasswords()
        )
        self.hall.open()
        self.factory = ChatFactory(Reception(partial(Session, self.hall), settings, self.clock))

    def commit(self) -> None:
        """Let everything be written."""
        self.clock.advance(0)
        while self.journal.pending:
            self.journal.commit()
            self.clock.advance(0)

    def wait(self, seconds: int) -> None:
        """Let so many seconds pass, with a sweep in each."""
        for _ in range(seconds):
            self.clock.advance(1)
            self.hall.sweep()
            self.clock.advance(0)

    def visit(self) -> Visit:
        """A program that is in."""
        visit = Visit(cast(Any, self))
        visit.send(b'{"do":"nick","nick":"bot"}\n')
        self.commit()
        visit.read()
        return visit

    def answers(self, visit: Visit) -> list[Any]:
        """Return the refs of the answers that came since last time."""
        return [event["ref"] for line in visit.read().splitlines() if "ref" in (event := json.loads(line))]

    def test_ping_behind_a_change(self) -> None:
        """Pings are answered while a change is on its way; what else was sent waits for it, in order."""
        visit = self.visit()
        visit.send(b'{"do":"join","room":"dev","ref":1}\n{"do":"say","text":"there","ref":2}\n{"do":"ping","ref":3}\n')
        self.wait(2)
        self.assertEqual(self.answers(visit), [])
        self.wait(1)
        self.assertEqual(self.answers(visit), [3])
        for ref in range(10, 13):
            self.wait(10)
            visit.send(b'{"do":"ping","ref":%d}\n' % ref)
            self.wait(1)
            self.assertEqual(self.answers(visit), [ref])
        self.assertEqual(visit.transport.producerState, "producing")
        self.commit()
        self.assertEqual(self.answers(visit), [1, 2])
        visit.send(b'{"do":"history","room":"dev","ref":4}\n')
        self.clock.advance(0)
        self.assertIn(b'"text":"there"', visit.read())

    def test_browsers(self) -> None:
        """The same over WebSocket, whose own pings are answered too."""
        visit = Visit(cast(Any, self))
        visit.send((UPGRADE + "\r\n").encode() + masked(b'{"do":"nick","nick":"bot"}'))
        self.commit()
        visit.read()
        visit.send(masked(b'{"do":"join","room":"dev","ref":1}') + masked(b'{"do":"rooms","ref":2}'))
        visit.send(masked(b"x", opcode=Opcode.PING) + masked(b'{"do":"ping","ref":3}'))
        self.wait(2)
        self.assertEqual(visit.read(), b"")
        self.wait(1)
        pong, done = frames(visit.read())
        self.assertEqual((pong, json.loads(done[1])["ref"]), ((Opcode.PONG, b"x"), 3))
        self.commit()
        refs = [json.loads(text).get("ref") for _, text in frames(visit.read())]
        self.assertEqual([ref for ref in refs if ref], [1, 2])


class HeldTests(SynchronousTestCase):
    """What is taken out of what waits."""

    def held(self, stream: bytes, reason: Hold = Hold.ANSWER) -> Visit:
        """A program that is held up, and has sent this meanwhile."""
        visit = Visit(Port())
        visit.send(LINES[0] + b"\n")
        visit.session.calls.clear()
        visit.server.hold(reason)
        visit.send(stream)
        return visit

    def released(self, visit: Visit, reason: Hold = Hold.ANSWER) -> list[Any]:
        """Return what the session is asked for when it waits no longer."""
        visit.server.release(reason)
        for _ in range(10):
            visit.port.clock.advance(TURN_S)
        return visit.session.calls

    def test_only_pings(self) -> None:
        """Lines that look like pings are left, and so is what is not whole."""
        refused = [b'{"do":"ping"', b'["ping"]', b'"ping" \xff', b'{"do":"ping","ref":"%s"}' % (b"x" * 600)]
        visit = self.held(b"\r\n".join([*LINES, *refused, b'{"do":"ping"}', LINES[0], b'{"do":"ping"']))
        visit.server.answer_pings()
        self.assertEqual(visit.session.calls, [PING])
        visit.session.calls.clear()
        visit.send(b"}\r\n")
        visit.server.answer_pings()
        self.assertEqual(visit.session.calls, [PING])
        calls = self.released(visit)
        self.assertEqual([call for call in calls if call[0] == "do"], [PING, *SAID, SAID[0]])
        codes = ["bad-json", "bad-json", "not-utf8", "bad-json"]
        self.assertEqual([call[1] for call in calls if call[0] == "refuse"], codes)

    def test_other_reasons(self) -> None:
        """Whoever sends too much, or does not read, is not answered before the time."""
        for reason in (Hold.FLOOD, Hold.OUTBOUND, Hold.TURN, Hold.FLOOD | Hold.ANSWER):
            visit = self.held(b'{"do":"ping"}\n', reason)
            visit.server.answer_pings()
            self.assertEqual((visit.session.calls, visit.transport.producerState), ([], "paused"))
            self.assertEqual(self.released(visit, reason), [PING])

    def test_held_by_a_ping(self) -> None:
        """A ping that was one too many is the last."""
        visit = self.held(b'{"do":"ping"}\n' * 3)
        do = visit.session.do

        def flood(*arguments: Any) -> None:
            do(*arguments)
            visit.server.hold(Hold.FLOOD)

        cast(Any, visit.session).do = flood
        visit.server.answer_pings()
        self.assertEqual(visit.session.calls, [PING])

    def test_bounds(self) -> None:
        """No more than a share is looked at, and no more is read when much waits."""
        visit = self.held((LINES[2] + b"\n") * 100 + b'{"do":"ping"}\n')
        visit.server.answer_pings()
        self.assertEqual((visit.session.calls, visit.transport.producerState), ([], "paused"))
        self.assertEqual(self.released(visit), [SAID[2]] * 100 + [PING])

    def test_overlong(self) -> None:
        """The rest of a line that is left out is nothing that was sent."""
        visit = Visit(Port())
        visit.send(LINES[0] + b"\n" + b"x" * 2000)
        visit.session.calls.clear()
        visit.server.hold(Hold.ANSWER)
        visit.send(b'{"do":"ping"}\n{"do":"ping"}\n')
        visit.server.answer_pings()
        self.assertEqual(self.released(visit), [PING])

    def test_frames(self) -> None:
        """Of frames, those that are whole and usual are looked at, however the stream is cut; all others wait."""
        plain = [masked(b'{"do":"ping"}'), masked(LINES[0]), masked(b"!", opcode=Opcode.PING), masked(b'{"do":"ping"}')]
        parts = [masked(LINES[1][:9], fin=False), masked(LINES[1][9:], opcode=Opcode.CONTINUATION)]
        long = masked(b'{"do":"say","text":"%s"}' % (b"x" * 200))
        stream = b"".join([*plain, long, *parts, masked(b'{"do":"ping"}'), masked(LINES[2])])
        for size in (1, 2, 7, 50, 1000):
            socket = Socket(Port(), size)
            socket.server.hold(Hold.ANSWER)
            socket.send(stream)
            socket.server.answer_pings()
            self.assertEqual((socket.session.calls, socket.heard()), ([PING] * 2, [(Opcode.PONG, b"!")]), size)
            socket.session.calls.clear()
            socket.server.release(Hold.ANSWER)
            socket.port.clock.advance(TURN_S)
            texts = [call[2].get("text", "ping") for call in socket.session.calls]
            self.assertEqual(texts, ["1", "x" * 200, "2", "ping", "ping"], size)

    def test_closed(self) -> None:
        """Nothing is answered behind a close frame."""
        socket = Socket(Port(SETTINGS))
        socket.server.hold(Hold.ANSWER)
        socket.send(masked(b"", opcode=Opcode.CLOSE) + masked(b'{"do":"ping"}'))
        socket.server.answer_pings()
        self.assertEqual(socket.session.calls, [])
