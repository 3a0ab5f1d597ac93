"""A conversation over WebSocket, whose bytes are cut at will."""

import json
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from wsproto.frame_protocol import Opcode
from zope.interface.verify import verifyObject

from groupchat.doors.reception import PING_S
from groupchat.doors.web.websocket import CLOSE_CODES, POLICY, UNANSWERED
from groupchat.interfaces.screens import Hold, IScreen
from groupchat.model.errors import Kicked
from groupchat.model.events import Refused
from groupchat.sessions.session import State
from tests.doors.connections import Port, TlsVisit, Visit
from tests.doors.fakes import SETTINGS, TURN_S
from tests.doors.web.clients import ACCEPT, UPGRADE, Socket, frames, masked

SAY = b'{"do":"say","text":"hi"}'
SAID = ("do", "say", {"text": "hi"}, None, None)


def events(heard: list[tuple[int, bytes]]) -> list[Any]:
    """Return the events in these frames, and the code of a close frame."""
    return [json.loads(data) if kind == Opcode.TEXT else int.from_bytes(data[:2]) for kind, data in heard]


class HandshakeTest(SynchronousTestCase):
    def test_example(self) -> None:
        """The key is answered as in RFC 6455; the session has a screen of this door."""
        socket = Socket(Port())
        self.assertIn(b"sec-websocket-accept: " + ACCEPT, socket.head)
        self.assertNotIn(b"sec-websocket-protocol", socket.head.lower())
        verifyObject(IScreen, socket.server)
        self.assertEqual((socket.server.style.door, socket.server.address), ("web", "192.0.2.1"))
        self.assertFalse(socket.server.secure)

    def test_every_cut(self) -> None:
        """Messages reach the session however they are cut, also those in the same segment as the request."""
        stream = (UPGRADE + "\r\n").encode() + masked(SAY) + masked(SAY[:9], fin=False)
        stream += masked(SAY[9:], opcode=Opcode.CONTINUATION)
        for size in range(1, len(stream) + 1):
            visit = Visit(Port(), size)
            visit.send(stream)
            self.assertEqual(visit.session.calls, [SAID, SAID], size)

    def test_encrypted(self) -> None:
        """The same through TLS."""
        visit = TlsVisit(Port())
        visit.send((UPGRADE + "\r\n").encode() + masked(SAY))
        self.assertEqual(visit.session.calls, [SAID])
        self.assertTrue(visit.server.secure)
        visit.read()
        visit.server.close("kicked")
        self.assertEqual(events(frames(visit.read()))[-1], 4002)

    def test_subprotocols(self) -> None:
        """Of the subprotocols that are offered none is chosen."""
        socket = Socket(Port(), headers="Sec-WebSocket-Protocol: text.ircv3.net, x\r\n")
        self.assertNotIn(b"sec-websocket-protocol", socket.head.lower())


class LineTest(SynchronousTestCase):
    def test_one_message_one_line(self) -> None:
        """A line end in a message is a blank to JSON; within a string it is refused, as is the other end of lines."""
        socket = Socket(Port())
        socket.say(b'{"do":"say",\r\n"text":"hi"}\n')
        socket.say(b'{"do":"say","text":"a\nb"}')
        socket.say(SAY + b"\r\0" + SAY)
        calls = [SAID, ("refuse", "bad-json", None), ("refuse", "bad-json", None)]
        self.assertEqual(socket.session.calls, calls)

    def test_shares(self) -> None:
        """No more than a share of the frames is taken in one turn, whatever they are."""
        socket = Socket(Port(SETTINGS.replaced(lines_per_turn=2)))
        socket.send(masked(b"", opcode=Opcode.PING) * 3 + masked(SAY) * 2)
        heard = [len(socket.heard())]
        for _ in range(2):
            socket.port.clock.advance(TURN_S)
            heard.append(len(socket.heard()))
        self.assertEqual(heard, [2, 1, 0])
        self.assertEqual(socket.session.calls, [SAID, SAID])

    def test_held(self) -> None:
        """What comes while lines are held waits, in order; then nothing more is read."""
        socket = Socket(Port())
        socket.server.hold(Hold.FLOOD)
        socket.say(SAY)
        self.assertEqual((socket.session.calls, socket.transport.producerState), ([], "paused"))
        socket.server.release(Hold.FLOOD)
        socket.port.clock.advance(TURN_S)
        self.assertEqual((socket.session.calls, socket.transport.producerState), ([SAID], "producing"))

    def test_too_long(self) -> None:
        """A message that is too long is refused and left out, and the conversation goes on."""
        socket = Socket(Port())
        socket.send(masked(b"x" * 1025) + masked(SAY))
        self.assertEqual(socket.session.calls, [("refuse", "line-too-long", None), SAID])

    def test_control_frames_are_charged(self) -> None:
        """Pings and parts of messages count towards the limit of what a peer may send."""
        socket = Socket(Port())
        socket.send(masked(b"x", opcode=Opcode.PING) * 10 + masked(b"", fin=False))
        self.assertAlmostEqual(socket.session.charged, 1.1)
        self.assertEqual(socket.heard(), [(Opcode.PONG, b"x")] * 10)


class EndTest(SynchronousTestCase):
    def test_codes(self) -> None:
        """The last message says why, then a close frame does, with a code and the same sentence."""
        for code, number in (*CLOSE_CODES.items(), ("flooding", POLICY)):
            socket = Socket(Port())
            socket.server.close(code)
            (_, last), (opcode, payload) = socket.heard()
            told = json.loads(last)
            self.assertEqual((told["event"], told["code"]), ("closing", code))
            self.assertEqual((opcode, payload), (Opcode.CLOSE, number.to_bytes(2) + told["text"].encode()))

    def test_reason(self) -> None:
        """The sentence of a refusal is the reason."""
        socket = Socket(Port())
        socket.server.write(socket.server.answer(refused(Kicked("bob put you out.")), None, "", ""))
        socket.server.close("kicked")
        self.assertEqual(socket.heard()[-1][1], (4002).to_bytes(2) + b"bob put you out.")

    def test_peer_closes(self) -> None:
        """A peer that closes has its messages taken, in order; it is sent its code, and the connection ends."""
        for payload in (b"", (1001).to_bytes(2) + b"going"):
            socket = Socket(Port())
            socket.server.hold(Hold.ANSWER)
            socket.send(masked(SAY) + masked(payload, opcode=Opcode.CLOSE) + masked(SAY))
            self.assertEqual(socket.session.calls, [])
            socket.server.release(Hold.ANSWER)
            socket.port.clock.advance(TURN_S)
            self.assertEqual(socket.session.calls, [SAID, "ended"])
            self.assertEqual(socket.heard(), [(Opcode.CLOSE, payload[:2])])
            self.assertTrue(socket.transport.disconnecting)

    def test_end_without_closing(self) -> None:
        """The end of the peer's half ends the conversation; half a frame is nothing."""
        socket = Socket(Port())
        socket.send(masked(SAY) + masked(SAY)[:-1])
        socket.server.readConnectionLost()
        self.assertEqual(socket.session.calls, [SAID, "ended"])
        self.assertEqual(events(socket.heard())[-1], 4000)

    def test_broken_rules(self) -> None:
        """Whoever breaks a rule is told which, after all that came before was taken."""
        for data, code, number in (
            (b"\x81\x00", "bad-frame", 1002),
            (masked(b"x", opcode=Opcode.BINARY), "not-text", 1003),
            (masked(b"\xff"), "not-utf8", 1007),
            (b"\x81\xff" + (2**30).to_bytes(8) + b"mask", "line-too-long", 1009),
        ):
            socket = Socket(Port())
            socket.server.hold(Hold.FLOOD)
            socket.send(masked(SAY) + data + masked(SAY))
            socket.server.release(Hold.FLOOD)
            socket.port.clock.advance(TURN_S)
            self.assertEqual(socket.session.calls, [SAID, ("hangup", code)])
            *_, closing = socket.read().rpartition(b"\x88")
            self.assertEqual(int.from_bytes(closing[1:3]), number)

    def test_lingers(self) -> None:
        """After its close frame the server reads on for that of the peer, and throws away what comes."""
        socket = Socket(Port())
        server = socket.server
        server.close("kicked")
        socket.say(SAY)
        self.assertEqual(socket.session.calls, [])
        self.assertFalse(socket.transport.disconnected)
        server.readConnectionLost()
        self.assertTrue(socket.transport.disconnecting)

    def test_counted_once(self) -> None:
        """A connection is counted as one, before and after its handshake, and is gone once."""
        port = Port()
        socket = Socket(port)
        self.assertEqual(port.reception.connections, 1)
        socket.server.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((port.reception.connections, port.clock.getDelayedCalls()), (0, []))
        self.assertEqual(socket.session.calls, [("lost", "connection lost")])

    def test_deadline(self) -> None:
        """Whoever takes no nickname in time is cut off with a code of its own."""
        socket = Socket(Port(SETTINGS.replaced(handshake_timeout_s=2), State.NAMELESS))
        socket.port.clock.pump([1] * 5)
        self.assertEqual(socket.session.calls, [("hangup", "handshake-timeout")])
        self.assertIn((4005).to_bytes(2), socket.read())


class PingTest(SynchronousTestCase):
    def sweeps(self, port: Port, seconds: float) -> None:
        port.clock.pump([PING_S / 10, TURN_S] * round(seconds / PING_S * 10))

    def test_answered(self) -> None:
        """A peer is sent a ping from time to time; if it answers, or sends anything, it stays."""
        socket = Socket(Port())
        for answer in (masked(b"", opcode=Opcode.PONG), masked(SAY)) * 2:
            self.sweeps(socket.port, PING_S * 1.2)
            self.assertIn((Opcode.PING, b""), socket.heard())
            socket.send(answer)
        self.assertFalse(socket.transport.disconnected)

    def test_not_answered(self) -> None:
        """A peer from which nothing comes for two pings is gone."""
        socket = Socket(Port())
        self.sweeps(socket.port, PING_S * (UNANSWERED + 0.5))
        self.assertFalse(socket.transport.disconnected)
        self.sweeps(socket.port, PING_S)
        self.assertTrue(socket.transport.disconnected)

    def test_not_read(self) -> None:
        """While the peer is not read, its silence means nothing."""
        socket = Socket(Port())
        socket.server.hold(Hold.JOURNAL)
        socket.say(SAY)
        self.sweeps(socket.port, PING_S * 5)
        self.assertFalse(socket.transport.disconnected)

    def test_no_timer_each(self) -> None:
        """There is one timer for any number of connections."""
        port = Port()
        for _ in range(5):
            Socket(port)
        self.assertLessEqual(len(port.clock.getDelayedCalls()), 2)


def refused(refusal: Kicked) -> Any:
    return Refused(refusal.code, str(refusal))
