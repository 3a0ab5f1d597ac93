"""What goes wrong: counted, and told to everybody no more often than need be."""

from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.hall.health import TROUBLE_S, Health
from groupchat.model.errors import BadArguments, Muted
from groupchat.model.events import AuthorId, Refused
from groupchat.state.people import Connection, Person
from tests.fakes import FakeScreen

FULL, WELL = "The disk is full.", "Messages can be posted again."


class HealthTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.told: list[str] = []
        self.broken: list[Failure] = []
        self.health = Health(self.clock, self.told.append)
        self.health.on_broken = self.broken.append

    def lose(self) -> None:
        """Let the journal fail for good."""
        self.health.broken(Failure(ValueError("I/O error")))
        self.flushLoggedErrors(ValueError)

    def test_refuse(self) -> None:
        """A refusal is told to one connection with its ref, and counted by its code."""
        screen = FakeScreen(self.clock, "json")
        connection = Connection(Person("alice", "alice", AuthorId(1), 0.0), screen, 0.0)
        self.health.refuse(connection, BadArguments("No."), "r")
        for _ in range(2):
            self.health.refuse(connection, Muted("Hush."))
        self.assertEqual(screen.shown[0], (Refused("bad-arguments", "No."), "r"))
        self.assertEqual(self.health.refusals, {"bad-arguments": 1, "muted": 2})

    def test_trouble(self) -> None:
        """Everybody is told of a trouble, and when it is over."""
        self.health.report(FULL)
        self.health.report("")
        self.assertEqual(self.told, [FULL, WELL])

    def test_well(self) -> None:
        """That all is well is no news when nobody was told otherwise."""
        self.health.report("")
        self.assertEqual(self.told, [])

    def test_comes_and_goes(self) -> None:
        """Trouble that comes and goes is told once a minute; of one that was not told, not the end either."""
        for _ in range(3):
            self.health.report(FULL)
            self.health.report("")
        self.assertEqual(self.told, [FULL, WELL])
        self.clock.advance(TROUBLE_S - 1)
        self.health.report(FULL)
        self.assertEqual(len(self.told), 2)
        self.clock.advance(1)
        self.health.report(FULL)
        self.health.report("")
        self.assertEqual(self.told, [FULL, WELL] * 2)

    def test_stays(self) -> None:
        """Of trouble that comes back within the minute and stays, everybody is told when that is over; once."""
        self.health.report(FULL)
        self.clock.advance(10)
        self.health.report("")
        self.clock.advance(10)
        self.health.report(FULL)
        for _ in range(3600):
            self.clock.advance(1)
            self.health.sweep()
            self.assertEqual(len(self.told), 2 + (self.clock.seconds() >= TROUBLE_S))
        self.assertEqual(self.told, [FULL, WELL, FULL])
        self.health.report("")
        self.assertEqual(self.told[-1], WELL)

    def test_over_meanwhile(self) -> None:
        """Of trouble that is over when it could be told, nobody is told."""
        for _ in range(2):
            self.health.report(FULL)
            self.health.report("")
        self.clock.advance(TROUBLE_S)
        self.health.sweep()
        self.assertEqual(self.told, [FULL, WELL])

    def test_stopped(self) -> None:
        """That nothing can be posted any more is told at once, and nothing after it."""
        self.health.report(FULL)
        for _ in range(2):
            self.health.stopped("It is over.")
        self.health.report("It is over.")
        self.health.report("")
        self.clock.advance(TROUBLE_S)
        self.health.report(FULL)
        self.health.sweep()
        self.assertEqual(self.told, [FULL, "It is over."])

    def test_broken(self) -> None:
        """A journal that cannot be trusted is reported once, and logged."""
        self.health.broken(Failure(ValueError("I/O error")))
        self.health.broken(Failure(ValueError("again")))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual([failure.getErrorMessage() for failure in self.broken], ["I/O error"])

    def test_trouble_when_broken(self) -> None:
        """When it is broken the server stops, and says so itself: nobody is told of trouble then."""
        self.lose()
        self.health.report(FULL)
        self.assertEqual(self.told, [])

    def test_nobody_asks(self) -> None:
        """A journal may break although nobody asked to be called."""
        health = Health(self.clock, self.told.append)
        health.broken(Failure(ValueError("I/O error")))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
