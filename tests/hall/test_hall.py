"""The hall as a whole: opening, announcing, stopping."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import Announced, Said
from tests.fakes import HeldJournal
from tests.house import House


class HallTests(SynchronousTestCase):
    def test_lobby(self) -> None:
        """There is a lobby in an empty hall."""
        self.assertEqual(House().hall.rooms.names(), ("lobby",))

    def test_announce(self) -> None:
        """An announcement reaches everybody once, whichever rooms they are in."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("/join dev")
        bob.type("/leave")
        for peer in (alice, bob):
            peer.take()
        house.hall.announce("Soon.")
        for peer in (alice, bob):
            self.assertEqual(peer.take(), [Announced("Soon.", house.now())])

    def test_stop(self) -> None:
        """Who stops the hall waits until all is written; everybody is told, nobody is seen to leave, all are closed."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        alice, bob = house.come("alice", "bob")
        nameless = house.connect()
        alice.type("last words")
        stopped = house.hall.stop("The server stops.")
        self.assertNoResult(stopped)
        self.assertFalse(bob.screen.closed)
        journal.commit()
        self.successResultOf(stopped)
        self.assertEqual([type(event) for event in bob.events], [Said, Announced])
        self.assertTrue(all(peer.screen.closed for peer in (alice, bob, nameless)))
