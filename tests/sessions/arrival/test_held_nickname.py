"""The nickname of somebody who comes in: held by one of them, and free again if they fail."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from tests.fakes import SlowJournal
from tests.house import House


class ClaimTests(SynchronousTestCase):
    def test_letter_case(self) -> None:
        """Nicknames that differ in case only are the same; a person can spell their own anew."""
        house = House()
        (alice,) = house.come("Alice")
        self.assertEqual(house.connect().type("aLICE").codes, ["nick-taken"])
        alice.type("/nick ALICE")
        self.assertEqual(alice.connection.person.nick, "ALICE")
        self.assertEqual(house.connect().type("alice").codes, ["nick-taken"])

    def test_200_claim_one_name(self) -> None:
        """Of 200 who claim one nickname at the same time, one wins, and the others stay nameless."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        journal.slow = True
        peers = [house.connect().type("alice") for _ in range(200)]
        journal.answer_all()
        winners = [peer for peer in peers if peer.session.connection is not None]
        self.assertEqual(winners, peers[:1])
        self.assertEqual([peer.codes for peer in peers[1:]], [["nick-taken"]] * 199)
        peers[0].vanish()
        self.assertEqual(len(house.hall.roster), 0)

    def test_lost_while_claiming(self) -> None:
        """A connection lost while coming in frees the nickname, is never in the hall, and nobody sees it."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        (bob,) = house.come("bob")
        journal.slow = True
        peer = house.connect().type("alice")
        self.assertEqual(house.connect().type("alice").codes, ["nick-taken"])
        peer.vanish()
        journal.answer_all()
        self.assertEqual(bob.take(), [])
        self.assertEqual([person.nick for person in house.hall.roster], ["bob"])
        self.assertEqual(len(house.hall.rooms.open("lobby").members), 1)

    def test_stopped_while_claiming(self) -> None:
        """Somebody who is just coming in while the server stops does not come in."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        journal.slow = True
        peer = house.connect().type("alice")
        self.successResultOf(house.hall.stop("The server stops."))
        journal.answer_all()
        self.assertEqual((peer.answers, peer.screen.closed), ([], True))
        self.assertEqual(len(house.hall.roster), 0)
