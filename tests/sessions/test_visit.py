"""Visits: how they are counted, and what does not depend on the protocol they come by."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.errors import Flooding, NotJoined
from groupchat.sessions.visit import Visits
from groupchat.sessions.visitor import Credentials
from tests.fakes import FakeScreen
from tests.house import House
from tests.people import member, operator


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


class EndTest(SynchronousTestCase):
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


class WatchingTest(SynchronousTestCase):
    """Somebody who follows a room is in no list there, so nobody could put them out: they go when they may not come."""

    def setUp(self) -> None:
        self.house = House()
        self.olga = operator(self.house, "olga", "json")
        member(self.house, "mia")
        self.olga.do("join", room="vault").do("lock", room="vault")

    def watch(self) -> FakeScreen:
        """Let mia follow the vault."""
        screen = FakeScreen(self.house.clock, "json", True)
        visit = Visits(self.house.hall).begin(screen)
        self.successResultOf(visit.come(Credentials("mia", "correct horse")))
        visit.watch(screen, "vault", None)
        self.olga.say("secret")
        self.assertFalse(screen.closed)
        return screen

    def check_cut_off(self, verb: str, **fields: str) -> None:
        """Check that the one who follows is cut off by an order."""
        screen = self.watch()
        self.olga.do(verb, **fields)
        self.assertTrue(screen.closed)

    def test_uninvited(self) -> None:
        self.olga.do("invite", nick="mia", room="vault")
        self.check_cut_off("uninvite", nick="mia", room="vault")

    def test_no_operator_any_more(self) -> None:
        self.olga.do("op", nick="mia", room="vault")
        self.check_cut_off("deop", nick="mia", room="vault")

    def test_demoted(self) -> None:
        self.olga.do("promote", name="mia")
        self.check_cut_off("demote", name="mia")

    def test_others_go_on(self) -> None:
        """Whoever may still come in goes on reading."""
        self.olga.do("invite", nick="mia", room="vault").do("op", nick="mia", room="vault")
        screen = self.watch()
        self.olga.do("deop", nick="mia", room="vault")
        self.assertFalse(screen.closed)
