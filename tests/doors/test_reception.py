"""The state that connections share."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.doors.reception import CLOSING_S, SLOWEST, Reception
from groupchat.interfaces.entrances import IBacklog, IDeadlines, IReception
from groupchat.limits.turnstile import Turnstile
from groupchat.model.errors import Banned, ServerFull, TooManyConnections
from groupchat.sessions.session import State
from tests.doors.connections import Port, Visit
from tests.doors.fakes import SETTINGS, FakeSession
from tests.doors.wire.test_sockets import Above, Informed

ADDRESS = "192.0.2.1"


class Waiting:
    """A transport for whose peer much waits."""

    dataBuffer = bytes(100 * SLOWEST)


class Party:
    """A connection that writes down what happens to it."""

    address = ADDRESS
    transport: Any = None

    def __init__(self, has_session: bool = True) -> None:
        self.has_session = has_session
        self.happened: list[str] = []

    def handshake_expired(self) -> None:
        self.happened.append("expired")

    def abort(self) -> None:
        self.happened.append("aborted")

    def take_turn(self) -> None:
        self.happened.append("turn")


class ReceptionTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.turnstile = Turnstile(live=2, new=1000)
        self.reception = Reception(FakeSession, SETTINGS.replaced(connections=3), self.clock, self.turnstile)

    def come(self, address: str = ADDRESS) -> Party:
        """Admit a connection."""
        self.reception.admit(address)
        party = Party()
        party.address = address
        self.reception.arrived(party)
        return party

    def test_interfaces(self) -> None:
        """It is what connections take it for, and so are its parts."""
        verifyObject(IReception, self.reception)
        verifyObject(IBacklog, self.reception.backlog)
        for deadlines in (self.reception.handshakes, self.reception.closings, self.reception.silences):
            verifyObject(IDeadlines, deadlines)

    def test_counted(self) -> None:
        """A connection is counted while it exists, for its address too."""
        first, second = self.come(), self.come()
        self.assertRaises(TooManyConnections, self.reception.admit, ADDRESS)
        self.reception.departed(first)
        self.assertEqual((self.reception.connections, self.turnstile.connections(ADDRESS)), (1, 1))
        self.reception.departed(second)
        self.assertEqual((self.reception.connections, self.turnstile.connections(ADDRESS)), (0, 0))

    def test_full(self) -> None:
        """There is an upper limit for all addresses together."""
        for number in range(3):
            self.come(f"192.0.2.{number}")
        self.assertRaises(ServerFull, self.reception.admit, "192.0.2.9")

    def test_banned(self) -> None:
        """A banned address is refused before anything is counted."""

        def check(address: str) -> None:
            raise Banned("No.")

        self.reception.check_address = check
        self.assertRaises(Banned, self.reception.admit, ADDRESS)
        self.assertEqual(self.turnstile.connections(ADDRESS), 0)

    def test_exempt(self) -> None:
        """The turnstile says which addresses are exempt; without one none is."""
        self.assertFalse(self.reception.exempts(""))  # a UNIX socket
        self.assertFalse(self.reception.exempts(ADDRESS))
        self.assertFalse(Reception(FakeSession, SETTINGS, self.clock).exempts(""))

    def test_handshake(self) -> None:
        """A connection's time for a nickname runs out, unless it departs before."""
        late, gone = self.come(), self.come()
        self.reception.departed(gone)
        self.clock.pump([1] * 31)
        self.clock.advance(0)
        self.assertEqual((late.happened, gone.happened), (["expired"], []))

    def test_closing(self) -> None:
        """A peer that does not read its last lines in time is dropped."""
        party = self.come()
        self.reception.closings.set(party)
        self.clock.pump([1] * round(CLOSING_S + 1))
        self.assertEqual(party.happened, ["aborted"])

    def test_closing_takes_long(self) -> None:
        """A peer that goes on reading what waits for it is not dropped; one that stops, or only pretends, is."""
        for taken, dropped in ((SLOWEST, False), (SLOWEST - 1, True)):
            party: Any = self.come()
            party.transport = waiting = Waiting()
            self.reception.handshakes.cancel(party)
            self.reception.closings.set(party)
            for _ in range(5):
                self.clock.pump([1] * round(CLOSING_S + 1))
                waiting.dataBuffer = waiting.dataBuffer[taken:]
            self.assertEqual(party.happened == ["aborted"], dropped)
            self.reception.departed(party)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_closing_in_an_outage(self) -> None:
        """A peer whose network is out has its time again and again: it is told when it is back."""
        party: Any = self.come()
        self.reception.handshakes.cancel(party)
        with Informed(9, 0, 90_000, 90_000) as silent:
            party.transport = Above(silent)
            self.reception.closings.set(party)
            self.clock.pump([1] * round(10 * CLOSING_S))
            self.assertEqual(party.happened, [])
        party.transport = None
        self.clock.pump([1] * round(CLOSING_S + 1))
        self.assertEqual(party.happened, ["aborted"])

    def test_turns(self) -> None:
        """All that wait have one timer; each gets its turn once, in order of waiting."""
        parties: list[Any] = [Party(), Party()]
        for party in parties:
            self.reception.wait_for_turn(party)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(0)
        self.clock.advance(0)
        self.assertEqual([party.happened for party in parties], [["turn"], ["turn"]])

    def test_follow(self) -> None:
        """New settings are followed: for deadlines, the backlog and the turnstile."""
        settings = SETTINGS.replaced(handshake_timeout_s=5, outbound_total_bytes=2**20, address_live=1)
        self.reception.follow(settings)
        self.assertIs(self.reception.settings, settings)
        self.assertEqual((self.reception.handshakes.seconds, self.reception.backlog.limit), (5, 2**20))
        self.come()
        self.assertRaises(TooManyConnections, self.reception.admit, ADDRESS)
        self.reception.follow(settings.replaced(private_live=1))
        self.come("10.0.0.1")
        self.assertRaises(TooManyConnections, self.reception.admit, "10.0.0.1")

    def test_stop(self) -> None:
        """Only connections without a session are dropped, wherever they stand."""
        parties = [Party(has_session) for has_session in (True, False, True, False)]
        for party in parties[:2]:
            self.reception.handshakes.set(party)
        for party in parties[2:]:
            self.reception.closings.set(party)
        self.reception.stop()
        self.assertEqual([party.happened for party in parties], [[], ["aborted"], [], ["aborted"]])


class StopTest(SynchronousTestCase):
    def test_stop(self) -> None:
        """A silent peer, one within TLS and one that was turned away are dropped; a person is left to the hall."""
        port = Port(state=State.NAMELESS)
        silent, hello, browser, person = (Visit(port) for _ in range(4))
        hello.send(b"\x16\x03\x01")
        browser.send(b"GET / HTTP/1.1\r\n\r\n")
        person.send(b"alice\n")
        port.reception.stop()
        dropped = [visit.transport.disconnected for visit in (silent, hello, browser, person)]
        self.assertEqual(dropped, [True, True, True, False])
