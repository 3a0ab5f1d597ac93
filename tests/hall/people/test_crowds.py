"""Crowds: how little it costs when many people come or go at once."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.lines.text_style import text_style
from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import Joined, Left, ManyJoined, ManyLeft
from groupchat.model.preferences import Preferences
from tests.fakes import HeldJournal
from tests.house import House, Peer


class CrowdTests(SynchronousTestCase):
    def hold(self) -> tuple[HeldJournal, House]:
        journal = HeldJournal(MemoryJournal())
        return journal, House(journal)

    def test_five(self) -> None:
        """Five who come in one batch are shown one by one; nobody is told of their own coming."""
        journal, house = self.hold()
        (alice,) = house.come("alice")
        alice.say("hold")
        peers = [house.connect().type(f"peer{number}") for number in range(5)]
        self.assertEqual(alice.events, [])
        journal.commit()
        self.assertEqual([type(event) for event in alice.events], [Joined] * 5)
        for peer in peers:
            nicks = [event.nick for event in peer.events if isinstance(event, Joined)]
            self.assertNotIn(peer.connection.person.nick, nicks)

    def test_six(self) -> None:
        """More than five become one line, where the last of them stands."""
        journal, house = self.hold()
        alice, bob = house.come("alice", "bob")
        alice.say("hold")
        peers = [house.connect().type(f"peer{number}") for number in range(6)]
        bob.say("after")
        journal.commit()
        journal.commit()
        now = house.now()
        self.assertEqual(alice.events[0], ManyJoined("lobby", tuple(f"peer{n}" for n in range(6)), now))
        self.assertEqual(alice.texts, ["after"])
        alice.say("hold")
        for peer in peers:
            peer.vanish()
        journal.commit()
        self.assertEqual(
            alice.events[-1], ManyLeft("lobby", tuple(f"peer{n}" for n in range(6)), now, "connection lost", True)
        )

    def test_six_exits(self) -> None:
        """Each of many who exit in one batch is bidden goodbye."""
        journal, house = self.hold()
        (alice,) = house.come("alice")
        peers = house.come(*(f"peer{number}" for number in range(8)))
        alice.say("hold")
        for peer in peers:
            peer.type("/exit")
        journal.commit()
        self.assertEqual([peer.told for peer in peers], [[f"Goodbye, peer{number}."] for number in range(8)])
        self.assertTrue(all(peer.screen.closed for peer in peers))

    def test_budget(self) -> None:
        """Notices beyond the room's budget wait for a later sweep, and then are all told of in one line."""
        house = House(notice_burst=20, notice_rate=10)
        (alice,) = house.come("alice")
        house.come(*(f"peer{number}" for number in range(20)))
        told = len(alice.take())
        self.assertLess(told, 10)
        self.assertTrue(house.hall.attendance.doorways._doorways["lobby"].waiting)
        house.pass_time(5)
        (many,) = alice.take()
        assert isinstance(many, ManyJoined)
        self.assertEqual(len(many.nicks) + told, 20)
        self.assertEqual(house.hall.attendance.doorways._doorways["lobby"].waiting, [])

    def test_order_after_gathering(self) -> None:
        """While notices of a room wait, later ones wait behind them: nobody leaves before they have come."""
        house = House(notice_burst=2, notice_rate=1)
        (alice,) = house.come("alice")
        peers = house.come("bob", "carol", "dave")
        alice.take()
        peers[-1].vanish()
        house.pass_time(60)
        events = [(type(event), event.nick) for event in alice.events if isinstance(event, Joined | Left)]
        self.assertEqual(events[-2:], [(Joined, "dave"), (Left, "dave")])

    def test_proportional(self) -> None:
        """What n people who come at once are sent in all grows as n does, not as its square."""
        style = text_style(Preferences(), "UTC")
        sizes = []
        for count in (500, 1000, 2000):
            house = House()
            peers: list[Peer] = [house.connect().type(f"peer{number}") for number in range(count)]
            house.pass_time(10)
            known: dict[int, int] = {}
            total = 0
            for peer in peers:
                for event in peer.events:
                    if id(event) not in known:
                        known[id(event)] = len(style.render([event], [house.now()], False)[0])
                    total += known[id(event)]
            sizes.append(total / count)
        self.assertLess(max(sizes[1:]) / sizes[0], 1.5, sizes)
