"""Somebody who comes back at one node, and at once at another: they are in the rooms that they were told of."""

from typing import Any

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


class Choosing(Program):
    """A program that says into which rooms it comes.  ``wanted``: None: those of before."""

    wanted: list[str] | None = None

    def ask(self, do: str, **fields: Any) -> int:
        if do == "nick" and self.wanted is not None:
            fields["rooms"] = self.wanted
        return super().ask(do, **fields)


class SecondConnectionTest(SynchronousTestCase):
    """Somebody comes back by their token at a node where the account has another connection already."""

    def setUp(self) -> None:
        self.halls = Halls()
        self.addCleanup(self.halls.close)
        first, second, _ = self.halls.sites
        for name, site in (("first", first), ("second", second)):
            self.phone = self.halls.programs[name] = Choosing(f"{OWNER}'s {name}", self.halls.truth, OWNER)
            self.phone.connect(site)
            self.halls.pass_time(1)

    def judge(self, *rooms: str) -> None:
        """See that the phone is told of these rooms, also when it comes back after its node was killed."""
        first, _, third = self.halls.sites
        self.halls.pass_time(1)
        self.assertEqual(set(self.phone.rooms), {*rooms})
        self.halls.kill(first)
        self.halls.shared.expire(first.name)
        self.halls.pass_time(5)
        self.phone.wanted = None
        self.phone.connect(third)
        self.halls.pass_time(1)
        self.assertTrue(self.phone.is_in)
        self.assertEqual(set(self.phone.rooms), {*rooms})
        self.halls.heal()
        self.halls.judge()

    def test_after_the_other_node_said_so(self) -> None:
        """The session that this node keeps counts, although another one had the connection last."""
        self.phone.lost()
        self.halls.pass_time(1)
        self.phone.wanted, self.phone.before = ["dev"], None
        self.phone.connect(self.halls.sites[0])
        self.judge("dev")

    def test_before_the_other_node_knows(self) -> None:
        """The same if the other node believes the connection to be there still, and what it kept last comes first."""
        first, second, _ = self.halls.sites
        second.people.remove(self.phone)
        self.halls.ghosts.append((second.journal, self.phone.transport.protocol))
        self.phone.note_rooms()
        self.phone.wanted, self.phone.before = ["dev"], None
        self.phone.is_in, self.phone.rooms = False, {}
        self.phone.connect(first)
        self.judge("dev")
