"""Under attack the log has how often something happened, and not each time."""

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.limits.log_limits import LogLimits
from groupchat.sessions.session import State
from tests.doors.connections import Port, Visit
from tests.doors.fakes import SETTINGS
from tests.house import House


class LogLimitsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.observer = EventLoggingObserver()
        globalLogPublisher.addObserver(self.observer)
        self.addCleanup(globalLogPublisher.removeObserver, self.observer)

    def lines(self, pattern: str) -> list[str]:
        """The lines so far that contain this."""
        return [line for event in self.observer if pattern in (line := formatEvent(event))]

    def test_counted(self) -> None:
        """A limited number of lines of a kind is written, then the number of the rest, and counting begins again."""
        limits = LogLimits(3)
        self.assertEqual([limits.allows("storms") for _ in range(5)], [True] * 3 + [False] * 2)
        self.assertTrue(limits.allows("floods"))
        for _ in range(9):
            limits.sweep()
        self.assertEqual(self.lines("Left out"), [])
        limits.sweep()
        self.assertEqual(self.lines("Left out"), ["Left out 2 more lines about storms in 10 s"])
        self.assertTrue(limits.allows("storms"))
        for _ in range(20):
            limits.sweep()
        self.assertEqual(len(self.lines("Left out")), 1)

    def test_storm(self) -> None:
        """A thousand who come, chat and vanish leave a bounded log; what is no doing of theirs is all there."""
        house = House(log_lines=50)
        for number in range(1000):
            peer, *_ = house.come(f"guest{number}")
            peer.vanish()
            house.connect().session.hangup()
        for pattern in ("Connection opened", " joined from ", " left: "):
            self.assertEqual(len(self.lines(pattern)), 50, pattern)
        house.pass_time(10)
        self.assertEqual(
            sorted(self.lines("Left out")),
            [
                "Left out 1,950 more lines about connections in 10 s",
                "Left out 950 more lines about people who join in 10 s",
                "Left out 950 more lines about people who leave in 10 s",
            ],
        )

    def test_strangers(self) -> None:
        """Peers that break TLS off, or use it where there is none, again and again, leave a bounded log too."""
        port = Port(SETTINGS.replaced(log_lines=5), State.NAMELESS)
        lost = Failure(ConnectionDone())
        for _ in range(50):
            visit = Visit(port)
            visit.send(b"\x16\x03\x01\x00\xc8")
            visit.transport.protocol.connectionLost(lost)
            visit = Visit(port)
            port.clock.pump([0.1] * 4)
            visit.send(b"\x16\x03\x01\x00\xc8")
        self.assertEqual(len(self.lines("was not established")), 5)
        self.assertEqual(len(self.lines("came to a plain port")), 5)

    def test_followed(self) -> None:
        """A changed limit is followed."""
        house = House(log_lines=50)
        house.hall.follow(house.hall.settings.replaced(log_lines=1))
        for _ in range(3):
            house.connect()
        self.assertEqual(len(self.lines("Connection opened")), 1)
        self.assertIsInstance(house.clock, Clock)
