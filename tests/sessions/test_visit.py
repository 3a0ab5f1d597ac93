"""Visits: how they are counted, and what does not depend on the protocol they come by."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model import names
from groupchat.model.errors import Flooding, NotJoined
from groupchat.sessions.visit import BUCKETS_KEPT, Credentials, Visits, guest_author
from tests.fakes import FakeScreen
from tests.house import House


class ChargeTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House(flood_burst=4, flood_rate=2.0, flood_patience_s=10)
        self.visits = Visits(self.house.hall)

    def charge(self, who: object, cost: float = 1.0) -> "Deferred[None]":
        return self.visits.charge(who, cost)

    def test_turns(self) -> None:
        """Who asks for too much waits, in the order they asked; others do not."""
        waiting = [self.charge("a") for _ in range(8)]
        self.assertEqual([one.called for one in waiting], [True] * 4 + [False] * 4)
        self.assertTrue(self.charge("b").called)
        for turn in range(4, 8):
            self.house.clock.advance(0.5)
            self.assertEqual([one.called for one in waiting].count(True), turn + 1)

    def test_patience(self) -> None:
        """Nobody waits longer than a flood is borne; what is refused is not charged, so it says when to come."""
        for _ in range(4 + 20):
            self.charge("a")
        for _ in range(50):
            refusal = self.assertRaises(Flooding, self.charge, "a")
            self.assertEqual(refusal.wait, 10.5)
        self.house.clock.advance(10.5)
        self.assertTrue(self.charge("a").called)

    def test_forgotten(self) -> None:
        """Who has not asked for long is forgotten, and whoever asks too much is not."""
        for number in range(BUCKETS_KEPT - 1):
            self.charge(number)
        self.charge("flood", 20)
        self.house.clock.advance(5)
        self.charge("one more")
        self.assertFalse(self.charge("flood").called)
        self.assertLess(len(self.visits._buckets), 4)
        self.assertEqual([], [number for number in range(5) if number in self.visits._buckets])


class GuestTest(SynchronousTestCase):
    def test_author(self) -> None:
        """A guest's author follows from the nickname alone, however that is written, and the journal can keep it."""
        alike = {guest_author(names.key(nick)) for nick in ("ci", "CI", "Ci")}
        self.assertEqual(len(alike), 1)
        found = {guest_author(f"n{number}") for number in range(1000)}
        self.assertEqual(len(found), 1000)
        self.assertTrue(all(0 <= author < 2**63 for author in found))

    def test_after_the_end(self) -> None:
        """A visit that was ended does nothing more, and ends once."""
        house = House()
        visit = Visits(house.hall).begin(FakeScreen(house.clock, "json", True))
        self.successResultOf(visit.come(Credentials("ci")))
        visit.end()
        visit.end()
        visit.hangup()
        visit.close()
        self.failureResultOf(visit.do("say", {"text": "x", "room": "lobby"}), NotJoined)
        self.assertEqual((len(house.hall.sessions), house.hall.stream.delivered), (0, 0))
