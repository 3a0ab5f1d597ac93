"""How joins and leaves are announced; crowds are in tests/hall/people/test_crowds.py."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Joined, Left, Renamed
from groupchat.state.people import Connection
from tests.benchmarks.counting import counted
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

    def test_kept_back_until_they_are_due(self) -> None:
        """What was kept back is announced by the first sweep in which the room is out of debt, and then no more."""
        bob, now = self.bob.connection, self.house.now()
        joined = [Joined("lobby", nick, now) for nick in ("dan", "carol", "erin")]
        for event in joined:
            self.announce(event, bob)
        self.assertEqual(self.alice.take(), joined[:1])  # told to two people: one second of debt
        self.doorways.sweep()
        self.assertEqual(self.alice.take(), [])
        self.house.pass_time(1)
        self.assertEqual(self.alice.take(), joined[1:])
        self.house.pass_time(10)
        self.assertEqual(self.alice.take(), [])

    def test_new_settings_hold_for_what_was_kept_back(self) -> None:
        """What was kept back for minutes is announced at once when so many notices are allowed."""
        joined = [Joined("lobby", nick, self.house.now()) for nick in ("dan", "carol")]
        self.announce(joined[0], self.bob.connection)
        self.doorways._doorways["lobby"].bucket.spend(self.house.clock.seconds(), 1000)
        self.announce(joined[1], self.bob.connection)
        self.house.pass_time(10)
        self.assertEqual(self.alice.take(), joined[:1])
        self.doorways.settings = replace(self.doorways.settings, notice_rate=1000)
        self.house.pass_time(1)
        self.assertEqual(self.alice.take(), joined[1:])


class ManyRoomsTests(SynchronousTestCase):
    """A room costs something while there is something to tell of it."""

    def setUp(self) -> None:
        self.house = House(notice_burst=1, notice_rate=1)
        self.doorways = self.house.hall.attendance.doorways
        self.alice, self.bob = self.house.come("alice", "bob")
        self.rooms = [self.house.hall.rooms.open(f"room{number}") for number in range(200)]
        for room in self.rooms:
            room.add(self.bob.connection)

    def announce(self, nick: str) -> None:
        """Let somebody join every room."""
        for room in self.rooms:
            self.doorways.announce(room, Joined(room.name, nick, self.house.now()), self.bob.connection)

    def test_sweep(self) -> None:
        """A sweep does not look at rooms about which everything was told, nor at those that are not due yet."""
        self.house.pass_time(10)
        few = counted(self.doorways.sweep).calls
        self.announce("carol")
        self.announce("dan")
        self.announce("erin")
        self.assertEqual(len(self.doorways._kept_back["erin"]), len(self.rooms))
        self.assertLessEqual(counted(self.doorways.sweep).calls, few + 10)
        self.house.pass_time(10)
        self.assertLessEqual(counted(self.doorways.sweep).calls, few + 10)
        self.assertEqual((self.doorways._doorways, self.doorways._due, self.doorways._kept_back), ({}, [], {}))

    def test_rename(self) -> None:
        """A new nickname is announced without a look at rooms in which nothing is kept back about the old one."""
        for nick in ("bea", "carol", "dan"):
            self.announce(nick)
        self.doorways.announce(self.rooms[0], Joined("room0", "erin", self.house.now()), self.bob.connection)
        renamed = Renamed("room0", "erin", self.house.now(), "erica")
        found = self.doorways.gather(lambda: self.doorways.rename(renamed, ("room0",))())
        self.assertEqual([getattr(notice.event, "nick", "") for notice in found], ["dan", "erin"])
        renamed = Renamed("room1", "frank", self.house.now(), "frances")
        self.assertLess(counted(lambda: self.doorways.rename(renamed, ("room1",))).calls, 10)
