"""The first bytes of a peer choose its door, however they are cut, plain and through TLS."""

import json
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IHandshakeListener
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.doors.factory import ChatFactory
from groupchat.doors.front import Front, default_of, door_of
from groupchat.doors.openings import DOORS
from groupchat.doors.reception import SILENCE_S
from groupchat.doors.wire.conversation import Conversation
from groupchat.doors.wire.tls import Tunnel
from groupchat.interfaces.entrances import IDoor
from groupchat.interfaces.screens import Hold, IScreen, IStyle
from tests.doors import frames_door
from tests.doors.connections import Port, TlsVisit, Visit
from tests.doors.fakes import SETTINGS, TURN_S
from tests.doors.test_chat import ServerTests

SILENCE = (SILENCE_S + 0.1, TURN_S)
"""A silence that runs out, and the turn in which that is seen to."""
LONGEST = max(len(opening) for door in DOORS for opening in door.openings)
REQUEST = b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n"
HELLOS: dict[bytes, list[Any]] = {
    b'{"do":"say","text":"hi"}\n': [("do", "say", {"text": "hi"}, None, None)],
    b"alice\nhello\n": ["alice", "hello"],
    b"\xff\xfb\x1falice\r\0": ["alice"],
    b"Gandalf\nGET\n": ["Gandalf", "GET"],
    b"GET\n": ["GET"],
    b"NICK\r\nUSER\r\n": ["NICK", "USER"],
    b"SSH\n": ["SSH"],
    b"\n": [""],
}
"""The first bytes of a peer, and the calls of its session that follow."""
STRANGERS = {
    REQUEST: b"HTTP/1.1 501 ",
    b"POST /x HTTP/1.0\r\n\r\n": b"HTTP/1.1 501 ",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": b"HTTP/1.1 501 ",
    b"SSH-2.0-OpenSSH_9.2\r\n": b"SSH-2.0-groupchat\r\n",
    b"NICK alice\r\nUSER alice 0 * :Alice\r\n": b"ERROR :",
    b"CAP LS 302\r\n": b"ERROR :",
    b"PASS secret\r\n": b"ERROR :",
}
"""The first bytes of clients without a door, and the beginning of their answer."""


class DoorTest(SynchronousTestCase):
    def test_declarations(self) -> None:
        """A door is what the interface says; no opening begins another one, and none is a nickname."""
        openings = [opening for door in DOORS for opening in door.openings]
        for door in DOORS:
            verifyObject(IDoor, door)
        for opening in openings:
            self.assertEqual([other for other in openings if other.startswith(opening)], [opening])
            self.assertRegex(opening, rb"[^A-Za-z0-9_.-]|^SSH-\d")
        front = Front(cast(Any, None), (), "", False)
        for interface in (IHalfCloseableProtocol, IHandshakeListener):
            verifyObject(interface, front)

    def test_every_cut(self) -> None:
        """The same bytes come to the same door and give the same lines, cut in pieces of every size."""
        for visit_class, hellos in ((Visit, HELLOS), (TlsVisit, HELLOS)):
            for hello, calls in hellos.items():
                for size in range(1, len(hello) + 1) if visit_class is Visit else (1, 2, 5, 100, 1000):
                    visit = visit_class(Port(), size)
                    visit.send(hello)
                    self.assertEqual(visit.session.calls, calls, (hello, size))
                    self.assertEqual(cast(Any, visit.session.screen).secure, visit_class is TlsVisit)
                    is_program = hello.startswith(b"{")
                    self.assertEqual(visit.session.screen.style.door, "json" if is_program else "text")
                    # A program reads nothing but its answers; a person is greeted, before anything is taken.
                    self.assertTrue(visit.read().startswith(b"" if is_program else b"? "))

    def test_program_is_not_greeted(self) -> None:
        """A program that speaks first is sent neither greeting nor prompt, nor an end of its line."""
        for visit in (Visit(Port()), TlsVisit(Port())):
            visit.send(b'{"do":"ping"}\n')
            self.assertEqual(visit.read(), b"")

    @settings(deadline=None)
    @given(st.binary(max_size=LONGEST) | st.sampled_from(sorted(HELLOS) + sorted(STRANGERS)), st.binary(max_size=512),
           st.data())  # fmt: skip
    def test_anything(self, begin: bytes, rest: bytes, data: st.DataObject) -> None:
        """Any bytes, in any pieces, lead to one door or a clean end; never more is kept than the longest opening."""
        visit = Visit(Port())
        stream = begin + rest
        expected = door_of(DOORS, stream) or default_of(DOORS)
        while stream:
            size = data.draw(st.integers(1, len(stream)))
            visit.send(stream[:size])
            stream = stream[size:]
            if isinstance(visit.server, Front):
                self.assertLess(len(visit.server._received), LONGEST)
        if not isinstance(visit.transport.protocol, Tunnel):
            visit.port.clock.pump(SILENCE)
            self.assertNotIsInstance(visit.server, Front)
            self.assertEqual(isinstance(visit.server, Conversation), expected.name in ("text", "json", "telnet"))
        visit.transport.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((visit.port.reception.connections, visit.port.clock.getDelayedCalls()), (0, []))


class RequiredTest(SynchronousTestCase):
    port_settings = SETTINGS.replaced(tls_required=True)

    def test_plain(self) -> None:
        """If TLS is required, a plain peer is told so in its own form and closed; a silent one too."""
        for hello in (b"alice\n", b"\xff\xfb\x1f", b""):
            visit = Visit(Port(self.port_settings))
            visit.send(hello)
            visit.port.clock.pump(SILENCE)
            self.assertRegex(visit.read(), rb"\A!! tls-required: .*--tls.*\r\n\Z")
            self.assertTrue(visit.transport.disconnecting)
            self.assertEqual(visit.port.sessions, [])
        program = Visit(Port(self.port_settings))
        program.send(b'{"do":"ping"}\n')
        told = [json.loads(line) for line in program.read().splitlines()]
        self.assertEqual(
            [(one["event"], one["code"]) for one in told], [("refused", "tls-required"), ("closing", "tls-required")]
        )

    def test_encrypted(self) -> None:
        """TLS and UNIX sockets are let in."""
        for visit in (TlsVisit(Port(self.port_settings)), Visit(Port(self.port_settings), address=None)):
            visit.send(b"alice\n")
            self.assertEqual(visit.session.calls, ["alice"])


class Recorder(StringTransport):
    """A transport that keeps each piece as it was written."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.pieces.append(data)
        super().write(data)


class NewDoorTest(ServerTests):
    """A door that nothing else knows of."""

    def setUp(self) -> None:
        super().setUp()
        self.factory = ChatFactory(self.reception, (*DOORS, frames_door.DOOR))
        frames_door.STYLE.rendered = 0

    def come(self, nick: str, size: int = 1000) -> Any:
        """Connect a client with frames, whose bytes come in pieces of this size."""
        transport: Any = Recorder()
        transport.protocol = self.factory.buildProtocol(None)
        transport.protocol.makeConnection(transport)
        data = frames_door.frame(nick)
        for start in range(0, len(data), size):
            transport.protocol.dataReceived(data[start : start + size])
        self.clock.advance(0)
        return transport

    def test_interfaces(self) -> None:
        """It is a door with a style and a screen, as all others."""
        verifyObject(IDoor, frames_door.DOOR)
        verifyObject(IStyle, frames_door.STYLE)
        verifyObject(IScreen, self.come("alice").protocol)

    def test_talk(self) -> None:
        """Its clients talk with those of all other doors, however its bytes are cut."""
        (bob,) = self.people("bob")
        for number, size in enumerate((1, 2, 3, 1000)):
            transport = self.come(f"alice{number}", size)
            bob.read()
            transport.clear()
            transport.protocol.dataReceived(frames_door.frame("hi"))
            self.clock.advance(0)
            self.assertIn(f"alice{number}: hi\n", bob.read())
            bob.send("hello")
            self.assertIn(frames_door.frame("Said hello"), transport.value())

    def test_bytes_are_made_once(self) -> None:
        """A line is put into a frame once, and all members of a view are handed the very same bytes."""
        (bob,) = self.people("bob")
        crowd = [self.come(f"alice{number}") for number in range(5)]
        self.clock.advance(1)
        for transport in crowd:
            transport.pieces.clear()
        frames_door.STYLE.rendered = 0
        bob.send("one", "two")
        self.assertEqual(frames_door.STYLE.rendered, 2)
        pieces = crowd[0].pieces
        self.assertEqual(b"".join(pieces), frames_door.frame("Said one") + frames_door.frame("Said two"))
        for transport in crowd:
            self.assertEqual([id(piece) for piece in transport.pieces], [id(piece) for piece in pieces])

    def test_held_and_closed(self) -> None:
        """Holding, and the reason of an end, work without a line of its own."""
        transport = self.come("alice")
        transport.protocol.hold(Hold.FLOOD)
        transport.protocol.dataReceived(frames_door.frame("later"))
        self.assertEqual(transport.producerState, "paused")
        transport.clear()
        transport.protocol.close("kicked")
        self.assertEqual(transport.value(), frames_door.frame("Closing kicked"))
