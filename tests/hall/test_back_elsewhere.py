"""Somebody who comes back at one node, and at once at another: they are in the rooms that they were told of."""

from twisted.trial.unittest import SynchronousTestCase

from tests.hall.hall_programs import Program
from tests.hall.halls import Halls


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
