"""What a peer sends first chooses its door, however it is cut, plain and through TLS."""

import json
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IHandshakeListener
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.doors.front import Front, default_of, door_of
from groupchat.doors.openings import DOORS
from groupchat.doors.other_protocols import Stranger
from groupchat.doors.reception import CLOSING_S, SILENCE_S
from groupchat.doors.wire.conversation import DISCARDED_LIMIT, Conversation
from groupchat.doors.wire.tls import Tunnel
from groupchat.interfaces.entrances import IDoor
from groupchat.interfaces.screens import Hold
from groupchat.sessions.session import State
from tests.doors.fakes import SETTINGS
from tests.doors.test_line import TURN_S
from tests.doors.visits import HERE, Place, TlsVisit, Visit, certificates

SILENCE = (SILENCE_S + 0.1, TURN_S)
"""A silence that runs out, and the turn in which that is seen to."""
LONGEST = max(len(opening) for door in DOORS for opening in door.openings)
REQUEST = b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n"
HELLOS: dict[bytes, list[Any]] = {
    b'{"do":"say","text":"hi"}\n': [("say", "hi", None, None, "")],
    b"alice\nhello\n": ["alice", "hello"],
    b"\xff\xfb\x1falice\r\0": ["alice"],
    b"Gandalf\nGET\n": ["Gandalf", "GET"],
    b"GET\n": ["GET"],
    b"NICK\r\nUSER\r\n": ["NICK", "USER"],
    b"SSH\n": ["SSH"],
    b"\n": [""],
}
"""What a peer begins with, and what its session is then called with."""
STRANGERS = {
    REQUEST: b"HTTP/1.1 501 ",
    b"POST /x HTTP/1.0\r\n\r\n": b"HTTP/1.1 501 ",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": b"HTTP/1.1 501 ",
    b"SSH-2.0-OpenSSH_9.2\r\n": b"SSH-2.0-groupchat\r\n",
    b"NICK alice\r\nUSER alice 0 * :Alice\r\n": b"ERROR :",
    b"CAP LS 302\r\n": b"ERROR :",
    b"PASS secret\r\n": b"ERROR :",
}
"""What those begin with who have no door, and how their answer begins."""


class DoorTests(SynchronousTestCase):
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
                    visit = visit_class(Place(), size)
                    visit.send(hello)
                    self.assertEqual(visit.session.calls, calls, (hello, size))
                    self.assertEqual(cast(Any, visit.session.screen).secure, visit_class is TlsVisit)
                    is_program = hello.startswith(b"{")
                    self.assertEqual(visit.session.door, "json" if is_program else "text")
                    # A program reads nothing but its answers; a person is greeted, before anything is taken.
                    self.assertTrue(visit.read().startswith(b"" if is_program else b"? "))

    def test_program_is_not_greeted(self) -> None:
        """A program that speaks first is sent neither greeting nor prompt, nor an end of its line."""
        for visit in (Visit(Place()), TlsVisit(Place())):
            visit.send(b'{"do":"ping"}\n')
            self.assertEqual(visit.read(), b"")

    def test_strangers(self) -> None:
        """HTTP, SSH and IRC are answered in their own words, once, and the connection ends without a session."""
        for visit_class in (Visit, TlsVisit):
            for hello, answer in STRANGERS.items():
                for size in (1, 3, 1000):
                    visit = visit_class(Place(), size)
                    visit.send(hello)
                    heard = visit.read()
                    self.assertTrue(heard.startswith(answer), heard)
                    self.assertEqual(heard.count(answer), 1)
                    self.assertEqual(visit.place.sessions, [])
                    self.assertIsInstance(visit.server, Stranger)
                    if visit_class is Visit:
                        self.assertTrue(visit.transport.disconnecting)

    def test_web_answer(self) -> None:
        """A browser reads how to join; a HEAD request has no body, but its length."""
        visit = Visit(Place())
        visit.send(REQUEST)
        head, _, body = visit.read().partition(b"\r\n\r\n")
        self.assertIn(f"Content-Length: {len(body)}\r\n".encode(), head + b"\r\n")
        self.assertIn(f"nc HOST {visit.transport.getHost().port}\n".encode(), body)
        visit = Visit(Place())
        visit.send(REQUEST.replace(b"GET", b"HEAD"))
        self.assertEqual(visit.read(), head + b"\r\n\r\n")

    def test_ssh_answer(self) -> None:
        """An SSH client is sent a well-formed packet that disconnects it, with a reason."""
        visit = Visit(Place())
        visit.send(b"SSH-2.0-x\r\n")
        packet = visit.read().removeprefix(b"SSH-2.0-groupchat\r\n")
        length, padding = int.from_bytes(packet[:4]), packet[4]
        self.assertEqual((length, len(packet) % 8), (len(packet) - 4, 0))
        self.assertGreaterEqual(padding, 4)
        payload = packet[5:-padding]
        self.assertEqual((payload[0], int.from_bytes(payload[1:5])), (1, 7))
        end = 9 + int.from_bytes(payload[5:9])
        self.assertIn(b"chat", payload[9:end])
        self.assertEqual(payload[end:], bytes(4))

    @settings(deadline=None)
    @given(st.binary(max_size=LONGEST) | st.sampled_from(sorted(HELLOS) + sorted(STRANGERS)), st.binary(max_size=512),
           st.data())  # fmt: skip
    def test_anything(self, begin: bytes, rest: bytes, data: st.DataObject) -> None:
        """Whatever comes, in whatever pieces: one door or a clean end, and never more kept than the longest opening."""
        visit = Visit(Place())
        stream = begin + rest
        expected = door_of(DOORS, stream) or default_of(DOORS)
        while stream:
            size = data.draw(st.integers(1, len(stream)))
            visit.send(stream[:size])
            stream = stream[size:]
            if isinstance(visit.server, Front):
                self.assertLess(len(visit.server._received), LONGEST)
        if not isinstance(visit.transport.protocol, Tunnel):
            visit.place.clock.pump(SILENCE)
            self.assertNotIsInstance(visit.server, Front)
            self.assertEqual(isinstance(visit.server, Conversation), expected.name in ("text", "json", "telnet"))
        visit.transport.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((visit.place.reception.connections, visit.place.clock.getDelayedCalls()), (0, []))

    def test_nothing_like_tls(self) -> None:
        """What begins as TLS and goes on as none of it is ended, without a word of ours and without a session."""
        visit = Visit(Place())
        visit.send(b"\x16\x03\x01" + b"x" * 509)
        self.assertTrue(visit.transport.disconnecting)
        self.assertEqual(visit.place.sessions, [])

    def test_languages(self) -> None:
        """A client that says in TLS what it can speak comes in, whatever it is; of HTTP only version 1.1 is."""
        for languages, spoken in ((["h2", "http/1.1"], "http/1.1"), (["h2"], None), (["irc"], None)):
            visit = TlsVisit(Place(), languages=languages)
            self.assertEqual(visit.tls.selected_alpn_protocol(), spoken)
            visit.send(b"alice\n")
            self.assertEqual(visit.session.calls, ["alice"])

    def test_tls_within_tls(self) -> None:
        """Within TLS there is no other."""
        visit = TlsVisit(Place())
        visit.send(b"\x16\x03\x01\x00\xc8")
        self.assertIsInstance(visit.server, Stranger)
        self.assertEqual(visit.read(), b"")

    def test_without_certificate(self) -> None:
        """A TLS client is let go where there is no TLS."""
        place = Place()
        place.reception.tunnels = None
        visit = Visit(place)
        visit.send(b"\x16\x03")
        self.assertTrue(visit.transport.disconnecting)
        self.assertEqual((visit.read(), place.sessions), (b"", []))


class SilenceTests(SynchronousTestCase):
    def test_greeting(self) -> None:
        """Who waits is greeted after a quarter of a second, and not before; through TLS, from its handshake on."""
        for visit in (Visit(Place()), TlsVisit(Place())):
            visit.place.clock.advance(SILENCE_S - 0.01)
            self.assertEqual(visit.read(), b"")
            visit.place.clock.pump([SILENCE_S / 5 + 0.01, TURN_S])
            self.assertEqual(visit.read(), b"? ")
            self.assertEqual(visit.session.door, "text")

    def test_slow_handshake(self) -> None:
        """A TLS handshake that takes longer than that is no silence."""
        visit = TlsVisit(Place(), begin=False)
        try:
            visit.tls.do_handshake()
        except OSError:
            visit.exchange()
        visit.place.clock.pump([0.1] * 50)
        self.assertIsInstance(visit.server, Front)
        visit.establish()
        visit.send(b"alice\n")
        self.assertEqual(visit.session.calls, ["alice"])

    def test_unfinished_opening(self) -> None:
        """An opening that is not finished in time is the begin of a person's line."""
        visit = Visit(Place())
        visit.send(b"GE")
        visit.place.clock.pump(SILENCE)
        visit.send(b"T some sleep\n")
        self.assertEqual((visit.read(), visit.session.calls), (b"? ", ["GET some sleep"]))

    def test_late_program(self) -> None:
        """A program that begins late was greeted, and is a program all the same."""
        visit = Visit(Place(state=State.NAMELESS))
        visit.place.clock.pump(SILENCE)
        visit.send(b'{"do":"say","text":"hi"}\n')
        self.assertEqual((visit.read(), visit.session.door), (b"? \r\n", "json"))
        self.assertEqual(visit.session.calls, [("say", "hi", None, None, "")])

    def test_late_server(self) -> None:
        """A program that began in time is not greeted because the server was kept from reading."""
        visit = Visit(Place())
        visit.place.clock.advance(10)  # the timer comes first in a turn, and then what was sent ten seconds ago
        visit.send(b'{"do":"say","text":"hi"}\n')
        visit.place.clock.pump([TURN_S] * 3)
        self.assertEqual((visit.read(), visit.session.door), (b"", "json"))

    def test_one_timer(self) -> None:
        """A hundred who wait share one timer; they are greeted at most a hundred in a turn."""
        place = Place()
        visits = [Visit(place) for _ in range(150)]
        self.assertEqual(len(place.clock.getDelayedCalls()), 2)  # this one, and that of the nicknames
        place.clock.pump(SILENCE)
        self.assertEqual(len(place.sessions), 100)
        place.clock.pump([0.01, TURN_S])
        self.assertEqual([visit.read() for visit in visits], [b"? "] * 150)

    def test_half_closed(self) -> None:
        """Who sends a little, and closes its half, has said it; who sends nothing is greeted."""
        for sent, calls in ((b"", ["ended"]), (b"G", ["G", "ended"]), (b"GET", ["GET", "ended"])):
            visit = Visit(Place())
            visit.send(sent)
            visit.transport.protocol.readConnectionLost()
            self.assertEqual((visit.read(), visit.session.calls), (b"? ", calls))
        visit = Visit(Place())
        visit.send(REQUEST)
        visit.transport.protocol.readConnectionLost()
        self.assertTrue(visit.transport.disconnecting)


class LifeTests(SynchronousTestCase):
    def test_nothing_remains(self) -> None:
        """Whatever a connection came to, when it is gone it is counted nowhere, and no timer is left."""
        for hello in (b"", b"G", b"alice\n", b"{}\n", REQUEST, b"\x16", b"\x16\x03", b"\x16\x03\x01junk" * 100):
            visit = Visit(Place(state=State.NAMELESS))
            visit.send(hello)
            self.assertEqual(visit.place.reception.connections, 1)
            self.assertEqual(visit.place.turnstile.connections("192.0.2.1"), 1)
            visit.transport.protocol.connectionLost(Failure(ConnectionDone()))
            self.assertEqual(visit.place.reception.connections, 0)
            self.assertEqual(visit.place.turnstile.connections("192.0.2.1"), 0)
            self.assertEqual(visit.place.clock.getDelayedCalls(), [])
        tls = TlsVisit(Place(state=State.NAMELESS))
        tls.send(b"alice\n")
        tls.transport.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((tls.place.reception.connections, tls.place.clock.getDelayedCalls()), (0, []))

    def test_deadline_runs_from_connecting(self) -> None:
        """The time for a nickname includes that for TLS; a handshake that never ends is dropped at its end."""
        stuck = Visit(Place(state=State.NAMELESS))
        stuck.send(b"\x16\x03\x01")
        stuck.place.clock.pump([1] * 29)
        self.assertFalse(stuck.transport.disconnected)
        stuck.place.clock.pump([1] * 2)
        self.assertTrue(stuck.transport.disconnected)
        slow = TlsVisit(Place(state=State.NAMELESS), begin=False)
        slow.place.clock.advance(0.1)
        try:
            slow.tls.do_handshake()
        except OSError:
            slow.exchange()
        slow.place.clock.pump([1] * 20)
        slow.establish()
        slow.place.clock.pump([1] * 9)
        self.assertEqual(slow.session.calls, [])
        slow.place.clock.pump([1] * 2)
        self.assertEqual(slow.session.calls, [("hangup", "handshake-timeout")])

    def test_stop(self) -> None:
        """When the server stops, who has not begun or was turned away is dropped; all others are the hall's."""
        place = Place(state=State.NAMELESS)
        silent, hello, browser, person = (Visit(place) for _ in range(4))
        hello.send(b"\x16\x03\x01")
        browser.send(REQUEST)
        person.send(b"alice\n")
        place.reception.stop()
        dropped = [visit.transport.disconnected for visit in (silent, hello, browser, person)]
        self.assertEqual(dropped, [True, True, True, False])

    def test_strangers_are_not_kept(self) -> None:
        """A stranger that does not go, or sends without end, is dropped."""
        lazy, busy = Visit(Place()), Visit(Place())
        for visit in (lazy, busy):
            visit.send(REQUEST)
        lazy.place.clock.pump([1] * round(CLOSING_S + 1))
        busy.send(b"x" * (DISCARDED_LIMIT - len(REQUEST)))
        self.assertFalse(busy.transport.disconnected)
        busy.send(b"x")
        self.assertEqual((lazy.transport.disconnected, busy.transport.disconnected), (True, True))

    def test_turned_away_before_the_deadline(self) -> None:
        """Who was turned away has no time for a nickname any more that could end."""
        visit = Visit(Place(SETTINGS.replaced(handshake_timeout_s=1)))
        visit.send(REQUEST)
        visit.place.clock.pump([1] * 3)
        self.assertFalse(visit.transport.disconnected)

    def test_end_within_handshake(self) -> None:
        """A peer that ends before TLS is established is gone, and was nobody."""
        visit = Visit(Place())
        visit.send(b"\x16\x03\x01")
        visit.transport.protocol.readConnectionLost()
        self.assertEqual((visit.transport.disconnecting, visit.place.sessions), (True, []))

    def test_endpoints_with_tls(self) -> None:
        """Where an endpoint has put TLS round everything already, the first bytes within choose."""
        place = Place()
        visit = TlsVisit(place, begin=False)
        wrapped = TLSMemoryBIOFactory(certificates(), False, place.factory, place.clock)
        visit.transport = cast(Any, StringTransport())
        visit.transport.protocol = wrapped.buildProtocol(HERE)
        visit.transport.protocol.makeConnection(visit.transport)
        visit.establish()
        visit.send(b'{"do":"say","text":"hi"}\n')
        self.assertEqual(visit.session.calls, [("say", "hi", None, None, "")])


class TlsTests(SynchronousTestCase):
    def test_lines_that_wait_at_the_end(self) -> None:
        """Who sends lines through TLS and ends it has all of them taken, an unfinished one too."""
        visit = TlsVisit(Place())
        visit.send(b"alice\n")
        visit.server.hold(Hold.ANSWER)
        visit.send(b"one\ntwo\nthree")
        visit.end()
        self.assertEqual(visit.session.calls, ["alice"])
        visit.server.release(Hold.ANSWER)
        visit.place.clock.advance(0.1)
        self.assertEqual(visit.session.calls, ["alice", "one", "two", "three", "ended"])
        self.assertTrue(visit.transport.disconnecting)

    def test_cut_short(self) -> None:
        """An end without TLS's sign may be an attacker's: whole lines count, an unfinished one does not."""
        visit = TlsVisit(Place())
        visit.send(b"alice\n")
        visit.server.hold(Hold.ANSWER)
        visit.send(b"one\ndelete all of it, but n")
        visit.transport.protocol.readConnectionLost()
        visit.server.release(Hold.ANSWER)
        visit.place.clock.advance(0.1)
        self.assertEqual(visit.session.calls, ["alice", "one", "ended"])
        self.assertTrue(visit.transport.disconnecting)

    def test_cut_off(self) -> None:
        """Who is cut off through TLS reads why, and its end, even while it was not being read."""
        visit = TlsVisit(Place())
        visit.send(b"zero\n")
        visit.server.hold(Hold.FLOOD)
        visit.send(b"one\n")
        self.assertEqual(visit.transport.producerState, "paused")
        visit.server.close()
        self.assertEqual(visit.transport.producerState, "producing")
        self.assertEqual(visit.read(), b"? ")
        self.assertFalse(visit.transport.disconnecting)
        visit.end()
        self.assertTrue(visit.transport.disconnecting)

    def test_slow_reader(self) -> None:
        """Through TLS too the session learns that the peer does not read, and that it does again."""
        visit = TlsVisit(Place())
        visit.send(b"alice\n")
        visit.transport.producer.pauseProducing()
        visit.transport.producer.resumeProducing()
        self.assertEqual(visit.session.calls, ["alice", "paused", "drained"])

    def test_written_at_once(self) -> None:
        """What is written is on its way before write returns, and in order."""
        visit = TlsVisit(Place())
        visit.send(b"alice\n")
        visit.read()
        visit.server.write(b"x" * 100_000)
        visit.server.write(b"y")
        self.assertEqual(visit.read(), b"x" * 100_000 + b"y")

    def test_abort(self) -> None:
        """Who is dropped is dropped at once, and nothing more of it is taken."""
        visit = TlsVisit(Place())
        visit.send(b"alice\n")
        visit.server.abort()
        self.assertTrue(visit.transport.disconnected)
        visit.send(b"bob\n")
        self.assertEqual(visit.session.calls, ["alice"])


class RequiredTests(SynchronousTestCase):
    place_settings = SETTINGS.replaced(tls_required=True)

    def test_plain(self) -> None:
        """Where TLS is required, a plain peer is told so in its own form and let go; a silent one too."""
        for hello in (b"alice\n", b"\xff\xfb\x1f", b""):
            visit = Visit(Place(self.place_settings))
            visit.send(hello)
            visit.place.clock.pump(SILENCE)
            self.assertRegex(visit.read(), rb"\A!! tls-required: .*--tls.*\r\n\Z")
            self.assertTrue(visit.transport.disconnecting)
            self.assertEqual(visit.place.sessions, [])
        program = Visit(Place(self.place_settings))
        program.send(b'{"do":"ping"}\n')
        refused = json.loads(program.read())
        self.assertEqual((refused["event"], refused["code"]), ("refused", "tls-required"))

    def test_encrypted(self) -> None:
        """Through TLS, or a UNIX socket, one comes in."""
        for visit in (TlsVisit(Place(self.place_settings)), Visit(Place(self.place_settings), address=None)):
            visit.send(b"alice\n")
            self.assertEqual(visit.session.calls, ["alice"])
