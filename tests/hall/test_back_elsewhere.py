"""Somebody who comes back at one node, and at once at another: they are in the rooms that they were told of."""

from twisted.trial.unittest import SynchronousTestCase

from tests.hall.hall_programs import Program
from tests.hall.halls import OWNER, Halls


class BackElsewhereTest(SynchronousTestCase):
    """Three halls on one log."""

    def setUp(self) -> None:
        self.halls = Halls()
        self.addCleanup(self.halls.close)
        self.anna = self.halls.programs["anna"] = Program("anna", self.halls.truth)

    def rooms_at(self, site: int) -> list[tuple[str, ...]]:
        """Return the rooms of anna's connections, as a node knows them."""
        people = [person for person in self.halls.sites[site].hall.roster if person.key == "anna"]
        return [one.rooms for person in people for one in person.connections]

    def test_between_claim_and_rooms(self) -> None:
        """A node that has let somebody in, and could not tell yet into which rooms, changes nothing about these."""
        first, second, third = self.halls.sites
        self.anna.connect(first)
        self.halls.pass_time(1)
        self.assertEqual(set(self.anna.rooms), {"lobby", "dev"})
        self.anna.lost()
        self.halls.pass_time(1)
        self.assertEqual(self.rooms_at(2), [])
        second.log.delay = 0.5
        self.anna.connect(second)
        while not self.rooms_at(2):
            self.halls.pass_time(0.125)
        self.assertEqual(self.rooms_at(2), [()])
        second.log.cut = True
        self.anna.lost()
        self.anna.connect(third)
        self.halls.pass_time(1)
        self.assertTrue(self.anna.is_in)
        self.assertEqual(set(self.anna.rooms), {"lobby", "dev"})
        self.halls.heal()
        self.halls.judge()

    def come_to(self, site: int) -> None:
        self.anna.connect(self.halls.sites[site])
        self.halls.pass_time(1)
        self.assertTrue(self.anna.is_in)

    def kept_late(self, end: str) -> None:
        """Let the first node keep something of anna when she has been at the second, and is gone from there."""
        first, second, _ = self.halls.sites
        self.come_to(0)
        first.log.cut = True
        self.anna.ask("join", room="ops")
        self.anna.ask("ignore", nick=OWNER)
        self.halls.pass_time(0.5)
        self.anna.lost()  # she cannot be told any more that she has moved
        self.come_to(1)
        self.assertEqual(set(self.anna.rooms), {"lobby", "dev"})
        self.anna.ask("leave", room="dev")
        self.halls.pass_time(0.5)
        self.assertEqual(set(self.anna.rooms), {"lobby"})
        if end == "lost":
            self.anna.lost()
        else:
            self.halls.kill(second)
            self.halls.shared.expire(second.name)
        self.halls.pass_time(4)
        self.assertEqual(self.rooms_at(2), [])
        before = {**self.halls.sites[2].inner._sessions}
        first.log.cut = False
        self.halls.pass_time(3)
        self.assertTrue(first.is_open)
        self.assertEqual(self.halls.sites[2].inner._sessions, before)
        self.come_to(2)
        self.assertEqual(set(self.anna.rooms), {"lobby"})
        self.halls.heal()
        self.halls.judge()

    def test_kept_late(self) -> None:
        """What the first of two nodes still had on its way changes nothing when the second has been left, too."""
        self.kept_late("lost")

    def test_kept_later_than_the_end(self) -> None:
        """The same if the second node has died."""
        self.kept_late("killed")
