"""Everybody is told that the server stops, and waited for."""

from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from groupchat.config.settings import Settings
from groupchat.daemon.farewell import DRAIN_STEP_S, RESTARTING, Farewell
from groupchat.doors.reception import Reception
from groupchat.journals.memory import MemoryJournal
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import Announced, Refused, Told
from tests.fakes import HeldJournal
from tests.house import House

STEPS = 1 / DRAIN_STEP_S


class FarewellTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.clock: Clock = self.house.clock
        self.reception = Reception(cast(Any, self.house.connect), Settings(), self.clock)
        self.reception.connections = 1
        self.farewell = Farewell(self.clock, self.reception)
        (self.alice,) = self.house.come("alice")

    def say(self, tell: bool = True) -> "Deferred[None]":
        return self.farewell.say(self.house.hall, tell, self.clock.seconds() + 5)

    def wait(self, seconds: float) -> None:
        self.clock.pump([DRAIN_STEP_S] * round(seconds * STEPS))

    def test_told(self) -> None:
        """Everybody is told, and their connections are closed; the farewell is over when these are gone."""
        self.farewell.words = RESTARTING
        said = self.say()
        self.wait(1)
        self.assertIn(RESTARTING, [event.text for event in self.alice.take() if isinstance(event, Announced)])
        self.assertTrue(self.alice.screen.closed)
        self.assertNoResult(said)
        self.reception.connections = 0
        self.wait(DRAIN_STEP_S)
        self.successResultOf(said)

    def test_stuck_disk(self) -> None:
        """While the disk takes nothing, the goodbye waits behind what was said; at last all are told without that."""
        house = House(HeldJournal(MemoryJournal()))
        (alice,) = house.come("alice")
        alice.type("last words")
        program = house.connect("json").offer("bot")
        program.take()
        program.say("asked again elsewhere", key="k")
        said = Farewell(house.clock, self.reception).say(house.hall, True, house.clock.seconds() + 4)
        house.clock.pump([DRAIN_STEP_S] * round(2.8 * STEPS))
        self.assertFalse(alice.screen.closed)
        house.clock.pump([DRAIN_STEP_S] * round(0.4 * STEPS))
        self.assertTrue(alice.screen.closed)
        self.assertIn(
            ("The server is stopping.",), [answer.lines for answer in alice.answers if isinstance(answer, Told)]
        )
        self.assertEqual(alice.codes, ["journal-unavailable"])
        self.assertIn(JournalUnavailable.NOT_KNOWN, next(one.text for one in alice.answers if isinstance(one, Refused)))
        self.assertEqual((program.codes, program.screen.closed), ([], True))
        self.reception.connections = 0
        house.clock.pump([DRAIN_STEP_S] * 2)
        self.successResultOf(said)

    def test_known_already(self) -> None:
        """When people know why, they are not told again, but their connections are closed."""
        said = self.say(tell=False)
        self.assertTrue(self.alice.screen.closed)
        self.assertEqual([event for event in self.alice.take() if isinstance(event, Announced)], [])
        self.reception.connections = 0
        self.wait(DRAIN_STEP_S)
        self.successResultOf(said)

    def test_limit(self) -> None:
        """A connection that does not close is waited for until the time is over."""
        said = self.say()
        self.wait(4.8)
        self.assertNoResult(said)
        self.wait(0.5)
        self.successResultOf(said)

    def test_undelivered(self) -> None:
        """Connections that did not receive everything are counted in the log; when all have, there is no line."""
        observer = EventLoggingObserver()
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.say()
        self.wait(6)
        told = [formatEvent(event) for event in observer if "delivered" in formatEvent(event)]
        self.assertEqual(told, ["Not everything was delivered to 1 connection"])
        observer._events.clear()
        self.reception.connections = 0
        self.successResultOf(self.say(tell=False))
        self.assertEqual([event for event in observer if "delivered" in formatEvent(event)], [])

    def test_hurry(self) -> None:
        """In a hurry nobody is waited for."""
        said = self.say()
        self.wait(0.2)
        self.farewell.hurry()
        self.wait(DRAIN_STEP_S)
        self.successResultOf(said)
