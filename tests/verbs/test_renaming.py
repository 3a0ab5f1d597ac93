"""Taking another nickname: who is shown it, and when it is refused."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Renamed
from tests.house import House


class RenameTests(SynchronousTestCase):
    def test_rename(self) -> None:
        """A new nickname is seen by all, oneself too; the old one is free, and the new one taken."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("/nick Carol")
        renamed = Renamed("lobby", "alice", house.now(), "Carol")
        self.assertEqual((alice.events, bob.events), ([renamed], [renamed]))
        self.assertEqual(house.connect().type("carol").codes, ["nick-taken"])
        self.assertEqual(house.connect().type("alice").codes, [])

    def test_refused(self) -> None:
        """A refused new nickname leaves one the old one."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("/nick bob", "/nick ?", "/nick admin")
        self.assertEqual(alice.codes, ["nick-taken", "nick-invalid", "nick-reserved"])
        self.assertEqual((alice.connection.person.nick, bob.take()), ("alice", []))

    def test_two_shared_rooms(self) -> None:
        """Who shares two rooms with somebody sees the new nickname once; who shares none, never."""
        house = House()
        alice, bob, carol = house.come("alice", "bob", "carol")
        for peer in (alice, bob):
            peer.type("/join dev")
        carol.type("/join elsewhere", "/leave lobby")
        for peer in (bob, carol):
            peer.take()
        alice.type("/nick alicia")
        self.assertEqual([type(event) for event in bob.events], [Renamed])
        self.assertEqual(carol.events, [])

    def test_room_is_not_told(self) -> None:
        """Who shares one room with somebody does not learn from their new nickname in which others they are."""
        house = House()
        (alice,) = house.come("alice")
        (bot,) = house.come("bot", door="json")
        alice.type("/join secret", "/nick alicia")
        self.assertEqual(bot.take(), [Renamed("", "alice", house.now(), "alicia")])

    def test_nowhere(self) -> None:
        """Who is in no room is told of the new nickname too."""
        (alice,) = House().come("alice")
        alice.type("/leave", "/nick alicia")
        self.assertIn("alicia", alice.told[-1])
