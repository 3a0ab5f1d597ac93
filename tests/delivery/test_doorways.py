"""How joins and leaves are announced; crowds are in tests/hall/people/test_crowds.py."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Joined, Left, Renamed
from groupchat.state.people import Connection
from tests.house import House


class DoorwaysTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House(notice_burst=1, notice_rate=1)
        self.doorways = self.house.hall.attendance.doorways
        self.alice, self.bob = self.house.come("alice", "bob")
        self.house.pass_time(10)
        self.alice.take()
        self.lobby = self.house.hall.rooms.open("lobby")

    def announce(self, event: Joined | Left, connection: Connection) -> None:
        """Announce something about the lobby."""
        self.doorways.announce(self.lobby, event, connection)

    def test_gathered(self) -> None:
        """What a function announces is gathered in order, and shown to nobody; afterwards notices are posted again."""
        bob, now = self.bob.connection, self.house.now()
        joined = [Joined("lobby", nick, now) for nick in ("carol", "dan")]

        def announce() -> None:
            for event in joined[:1]:
                self.announce(event, bob)

        self.assertEqual([notice.event for notice in self.doorways.gather(announce)], joined[:1])
        self.assertEqual(self.alice.events, [])
        self.house.pass_time(10)
        self.announce(joined[1], bob)
        self.assertEqual(self.alice.events, joined[1:])

    def test_gathered_until_it_fails(self) -> None:
        """When the function fails, notices are posted again."""

        def fail() -> None:
            raise ValueError("a mistake")

        self.assertRaises(ValueError, self.doorways.gather, fail)
        joined = Joined("lobby", "carol", self.house.now())
        self.announce(joined, self.bob.connection)
        self.assertEqual(self.alice.events, [joined])

    def test_renamed_after_what_was_kept_back(self) -> None:
        """A new nickname is announced after the joins that were kept back, also when both are gathered."""
        bob, now = self.bob.connection, self.house.now()
        self.announce(Joined("lobby", "dan", now), bob)
        self.announce(Joined("lobby", "carol", now), bob)
        renamed = Renamed("lobby", "carol", now, "caroline")
        found = self.doorways.gather(lambda: self.doorways.rename(renamed, ("lobby",))())
        self.assertEqual([notice.event for notice in found], [Joined("lobby", "carol", now)])
