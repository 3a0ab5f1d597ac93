"""Rooms as a visitor reads them."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.errors import NoSuchRoom
from groupchat.sessions.visit import Visits
from groupchat.sessions.visitor import Credentials
from tests.fakes import FakeScreen
from tests.house import House
from tests.people import operator


class RoomTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.olga = operator(self.house, "olga")
        self.olga.type("/join vault", "/topic plans", "words", "/lock", "/leave", "/join old", "old words", "/leave")

    def read(self, room: str) -> "Deferred[Any]":
        """Ask for the posts of a room, as somebody without a nickname."""
        visit = Visits(self.house.hall).begin(FakeScreen(self.house.clock, "json", True))
        self.successResultOf(visit.come(Credentials()))
        return visit.rooms.read(room, None, None, None)

    def test_locked(self) -> None:
        """A locked room is answered as one that does not exist."""
        refusals = [self.failureResultOf(self.read(room), NoSuchRoom).value for room in ("vault", "attic")]
        self.assertEqual(str(refusals[0]).replace("vault", "attic"), str(refusals[1]))

    def test_forgotten(self) -> None:
        """What was said in a room that is not listed any more can be read."""
        self.house.clock.advance(31 * 86400)
        self.house.hall.sweep()
        self.assertIsNone(self.house.hall.rooms.find("old"))
        self.assertEqual([post.text for post in self.successResultOf(self.read("old"))], ["old words"])
