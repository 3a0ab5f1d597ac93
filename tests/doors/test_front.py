"""A connection until its door is known."""

from ssl import SSLWantReadError
from typing import Any, cast

from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.front import Front
from groupchat.doors.openings import DOORS
from groupchat.doors.reception import SILENCE_S
from groupchat.model.errors import Banned
from groupchat.sessions.session import State
from tests.doors.connections import HERE, Port, Strings, TlsVisit, Visit, stock_tls
from tests.doors.fakes import TURN_S
from tests.doors.wire.test_sockets import Informed

SILENCE = (SILENCE_S + 0.1, TURN_S)
"""A silence that runs out, and the turn in which that is seen to."""
LONGEST = max(len(opening) for door in DOORS for opening in door.openings)
REQUEST = b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n"


class Distant(Strings):
    """A transport above a socket."""

    def __init__(self, socket: Informed) -> None:
        super().__init__()
        self._socket = socket

    def getHandle(self) -> Informed:
        return self._socket


class SilenceTest(SynchronousTestCase):
    def test_greeting(self) -> None:
        """A peer that waits is greeted after a quarter of a second, and not before; in TLS, after its handshake."""
        for visit in (Visit(Port()), TlsVisit(Port())):
            visit.port.clock.advance(SILENCE_S - 0.01)
            self.assertEqual(visit.read(), b"")
            visit.port.clock.pump([SILENCE_S / 5 + 0.01, TURN_S])
            self.assertEqual(visit.read(), b"? ")
            self.assertEqual(visit.session.screen.style.door, "text")

    def test_far(self) -> None:
        """A peer far away is given time for its first words to come, also when they are lost once."""
        with Informed(0, 0, 0, 0, 300_000) as one:
            visit = Visit(Port(), transport=Distant(one))
            visit.port.clock.pump([SILENCE_S + 1.1, TURN_S])
            self.assertEqual(visit.read(), b"")
            visit.port.clock.pump([0.2, TURN_S])
            self.assertEqual(visit.read(), b"? ")

    def test_slow_handshake(self) -> None:
        """A TLS handshake that takes longer does not count as silence."""
        visit = TlsVisit(Port(), begin=False)
        try:
            visit.tls.do_handshake()
        except OSError:
            visit.exchange()
        visit.port.clock.pump([0.1] * 50)
        self.assertIsInstance(visit.server, Front)
        visit.establish()
        visit.send(b"alice\n")
        self.assertEqual(visit.session.calls, ["alice"])

    def test_unfinished_opening(self) -> None:
        """An opening that is not finished in time is the beginning of a person's line."""
        visit = Visit(Port())
        visit.send(b"GE")
        visit.port.clock.pump(SILENCE)
        visit.send(b"T some sleep\n")
        self.assertEqual((visit.read(), visit.session.calls), (b"? ", ["GET some sleep"]))

    def test_late_program(self) -> None:
        """A program that begins late was greeted, and is still a program."""
        visit = Visit(Port(state=State.NAMELESS))
        visit.port.clock.pump(SILENCE)
        visit.send(b'{"do":"say","text":"hi"}\n')
        self.assertEqual((visit.read(), visit.session.screen.style.door), (b"? \r\n", "json"))
        self.assertEqual(visit.session.calls, [("do", "say", {"text": "hi"}, None, None)])

    def test_late_server(self) -> None:
        """A program that began in time is not greeted because the server was kept from reading."""
        visit = Visit(Port())
        visit.port.clock.advance(10)  # the timer comes first in a turn, and then what was sent ten seconds ago
        visit.send(b'{"do":"say","text":"hi"}\n')
        visit.port.clock.pump([TURN_S] * 3)
        self.assertEqual((visit.read(), visit.session.screen.style.door), (b"", "json"))

    def test_one_timer(self) -> None:
        """All waiting peers share one timer; at most a hundred are greeted in a turn."""
        port = Port()
        visits = [Visit(port) for _ in range(150)]
        self.assertEqual(len(port.clock.getDelayedCalls()), 2)  # this one, and that of the nicknames
        port.clock.pump(SILENCE)
        self.assertEqual(len(port.sessions), 100)
        port.clock.pump([0.01, TURN_S])
        self.assertEqual([visit.read() for visit in visits], [b"? "] * 150)

    def test_half_closed(self) -> None:
        """A peer that sends a little and closes its half has said it; one that sends nothing is greeted."""
        for sent, calls in ((b"", ["ended"]), (b"G", ["G", "ended"]), (b"GET", ["GET", "ended"])):
            visit = Visit(Port())
            visit.send(sent)
            visit.transport.protocol.readConnectionLost()
            self.assertEqual((visit.read(), visit.session.calls), (b"? ", calls))
        visit = Visit(Port())
        visit.send(REQUEST)
        visit.transport.protocol.readConnectionLost()
        self.assertTrue(visit.transport.disconnecting)


class BanTest(SynchronousTestCase):
    """The address is banned after the connection was accepted."""

    def ban(self, port: Port) -> None:
        """Ban every address."""

        def check(address: str) -> None:
            raise Banned(f"Your address, {address}, is banned.")

        port.reception.check_address = check

    def test_before_a_word(self) -> None:
        """Whatever the peer begins with, or if it only waits, it is told so in its own way, and has no session."""
        why = b"Your address, 192.0.2.1, is banned."
        for hello, begins, ends in (
            (b"alice\n", b"!! banned: " + why, b"\r\n"),
            (b"", b"!! banned: " + why, b"\r\n"),
            (b'{"do":"nick","nick":"bob"}\n', b'{"event":"refused","code":"banned","text":"' + why, b"}\r\n"),
            (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 403 Forbidden\r\n", b"\r\n\r\nbanned: " + why + b"\n"),
        ):
            visit = Visit(Port())
            self.ban(visit.port)
            visit.send(hello)
            visit.port.clock.pump(SILENCE)
            told = visit.read()
            self.assertTrue(told.startswith(begins) and told.endswith(ends), told)
            self.assertEqual((visit.port.sessions, visit.transport.disconnecting), ([], True))
            self.assertEqual(visit.port.reception.turned_away["banned"], 1)

    def test_in_a_handshake(self) -> None:
        """So it is when the ban comes during a TLS handshake, or just after it; what it is told is encrypted."""
        for begin in (False, True):
            visit = TlsVisit(Port(), begin=begin)
            if not begin:
                self.assertRaises(SSLWantReadError, visit.tls.do_handshake)
                visit.exchange()
            self.ban(visit.port)
            if not begin:
                visit.establish()
            visit.send(b"alice\n")
            self.assertEqual(visit.read(), b"!! banned: Your address, 192.0.2.1, is banned.\r\n")
            self.assertEqual(visit.port.sessions, [])


class LifeTest(SynchronousTestCase):
    def test_nothing_remains(self) -> None:
        """A connection that is gone is counted nowhere and leaves no timer, whatever it came to."""
        for hello in (b"", b"G", b"alice\n", b"{}\n", REQUEST, b"\x16", b"\x16\x03", b"\x16\x03\x01junk" * 100):
            visit = Visit(Port(state=State.NAMELESS))
            visit.send(hello)
            self.assertEqual(visit.port.reception.connections, 1)
            self.assertEqual(visit.port.turnstile.connections("192.0.2.1"), 1)
            visit.transport.protocol.connectionLost(Failure(ConnectionDone()))
            self.assertEqual(visit.port.reception.connections, 0)
            self.assertEqual(visit.port.turnstile.connections("192.0.2.1"), 0)
            self.assertEqual(visit.port.clock.getDelayedCalls(), [])
        tls = TlsVisit(Port(state=State.NAMELESS))
        tls.send(b"alice\n")
        tls.transport.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((tls.port.reception.connections, tls.port.clock.getDelayedCalls()), (0, []))

    def test_deadline_runs_from_connecting(self) -> None:
        """The time for a nickname includes that for TLS; a handshake that never ends is dropped at its end."""
        stuck = Visit(Port(state=State.NAMELESS))
        stuck.send(b"\x16\x03\x01")
        stuck.port.clock.pump([1] * 29)
        self.assertFalse(stuck.transport.disconnected)
        stuck.port.clock.pump([1] * 2)
        self.assertTrue(stuck.transport.disconnected)
        slow = TlsVisit(Port(state=State.NAMELESS), begin=False)
        slow.port.clock.advance(0.1)
        try:
            slow.tls.do_handshake()
        except OSError:
            slow.exchange()
        slow.port.clock.pump([1] * 20)
        slow.establish()
        slow.port.clock.pump([1] * 9)
        self.assertEqual(slow.session.calls, [])
        slow.port.clock.pump([1] * 2)
        self.assertEqual(slow.session.calls, [("hangup", "handshake-timeout")])

    def test_end_within_handshake(self) -> None:
        """A peer that ends before TLS is established is gone without a session."""
        visit = Visit(Port())
        visit.send(b"\x16\x03\x01")
        visit.transport.protocol.readConnectionLost()
        self.assertEqual((visit.transport.disconnecting, visit.port.sessions), (True, []))

    def test_endpoints_with_tls(self) -> None:
        """If an endpoint has put TLS round everything already, the first bytes within choose."""
        port = Port()
        visit = TlsVisit(port, begin=False)
        wrapped = stock_tls(port.factory)
        visit.transport = cast(Any, StringTransport())
        visit.transport.protocol = wrapped.buildProtocol(HERE)
        visit.transport.protocol.makeConnection(visit.transport)
        visit.establish()
        visit.send(b'{"do":"say","text":"hi"}\n')
        self.assertEqual(visit.session.calls, [("do", "say", {"text": "hi"}, None, None)])
