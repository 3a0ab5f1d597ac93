"""Crowds: how little it costs when many people come or go at once."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.lines.text_style import text_style
from groupchat.interfaces.screens import Rendered
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
        self.assertEqual(house.hall.attendance.doorways._kept_back, {})

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


class ActiveTests(SynchronousTestCase):
    """People with text who want to know of active people only, as all do who have chosen nothing."""

    def setUp(self) -> None:
        self.house = House(notice_burst=100_000)
        self.alice, self.bob = self.house.come("alice", "bob")
        self.style = text_style(Preferences(joins="active"), "UTC")
        self.lines: list[str] = []
        self.prefer(self.alice, self.lines)

    def prefer(self, peer: Peer, lines: list[str]) -> None:
        """Show somebody text, whose lines are gathered without their times."""

        def note(rendered: Rendered) -> None:
            lines.extend(line.partition("] ")[2] for line in rendered.decode().splitlines() if line.startswith("["))

        peer.screen.style = self.style
        peer.screen.write = note  # type: ignore[method-assign]
        self.house.hall.readers.review(peer.connection)

    def read(self) -> list[str]:
        lines = self.lines.copy()
        self.lines.clear()
        return lines

    def crowd(self) -> list[Peer]:
        """Let eight come and speak."""
        peers = self.house.come(*(f"peer{n}" for n in range(8)))
        for peer in peers:
            peer.say("hello")
        self.house.pass_time(5)
        self.read()
        return peers

    def test_few(self) -> None:
        """In a small room everybody is told of at once."""
        (carol,) = self.house.come("carol")
        carol.vanish()
        self.assertEqual(self.read(), ["* carol joined lobby", "* carol left lobby (connection lost)"])

    def test_many_leave(self) -> None:
        """24 who leave, each by themselves, are one line, in which those are named who spoke lately."""
        peers = self.house.come(*(f"peer{n}" for n in range(24)))
        peers[7].say("hello")
        self.house.pass_time(5)
        self.read()
        for peer in peers:
            peer.vanish()
        self.assertEqual(self.read(), [])
        self.house.pass_time(3)
        self.assertEqual(self.read(), ["* peer7 and 23 others left lobby (connection lost)"])
        self.house.pass_time(10)
        self.assertEqual(self.read(), [])

    def test_before_what_follows(self) -> None:
        """Who comes into a full room is told of when they speak, before what they say."""
        self.crowd()
        carol, _ = self.house.come("carol", "dan")
        carol.say("words")
        self.house.pass_time(5)
        joined, said = self.read()
        self.assertEqual(joined, "* carol and 1 other joined lobby")
        self.assertTrue(said.endswith("carol: words"))

    def test_silent(self) -> None:
        """Who comes into a full room, says nothing and goes is not told of."""
        self.crowd()
        (carol,) = self.house.come("carol")
        self.house.pass_time(5)
        carol.vanish()
        self.house.pass_time(5)
        self.assertEqual(self.read(), [])

    def test_nobody_is_told_of_themselves(self) -> None:
        """Nobody is told that they came, nor of those they ignore; others are, once."""
        for peer in self.crowd():
            peer.vanish()
        self.house.pass_time(5)
        self.read()
        self.house.come(*(f"quiet{n}" for n in range(6)))
        self.house.pass_time(5)
        self.read()
        first, *_ = self.house.come(*(f"peer{n}" for n in range(8)))
        lines: list[str] = []
        self.prefer(first, lines)
        self.alice.type("/ignore peer1")
        self.read()
        self.house.pass_time(3)
        self.assertEqual(lines, ["* peer1, peer2, peer3 and 4 others joined lobby"])
        self.assertEqual(self.read(), ["* peer0, peer2, peer3 and 4 others joined lobby"])

    def test_elsewhere(self) -> None:
        """What happens in a room is told to those who are there only."""
        peers = self.crowd()
        for peer in peers:
            peer.type("/join dev")
            peer.say("hello")
        self.house.pass_time(5)
        self.read()
        for peer in peers:
            peer.type("/leave dev")
        self.house.pass_time(5)
        self.assertEqual(self.read(), [])
