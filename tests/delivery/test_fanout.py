"""How a batch reaches everybody: rendered once per style, one write per member."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import Acted, Deleted, Done, Edited, Post, Said, TopicChanged, Whispered
from groupchat.model.preferences import Preferences
from tests.fakes import FakeStyle, HeldJournal
from tests.house import House, Peer


class CountTests(SynchronousTestCase):
    def test_broadcast(self) -> None:
        """A batch to 1,000 members is rendered once for each style, and written once to each member."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        peers = house.come(*(f"text{number}" for number in range(500)))
        peers += house.come(*(f"json{number}" for number in range(500)), door="json")
        while journal.pending:
            journal.commit()
        styles = [FakeStyle.of(door) for door in ("text", "json")]
        for peer in peers[2:7]:
            peer.type("/set time off")  # a style of their own
        while journal.pending:
            journal.commit()
        styles.append(FakeStyle.of("text", Preferences(time="off")))
        renders = [style.renders for style in styles]
        writes = [peer.screen.writes for peer in peers]
        deliveries = house.hall.fanout.deliveries
        peers[0].say("first")
        for number in range(20):
            peers[0].say(str(number))
        journal.commit()
        journal.commit()
        self.assertEqual([style.renders - before for style, before in zip(styles, renders, strict=True)], [2, 2, 2])
        self.assertEqual({peer.screen.writes - before for peer, before in zip(peers, writes, strict=True)}, {2})
        self.assertEqual(house.hall.fanout.deliveries - deliveries, 2000)
        self.assertEqual({len(peer.ids) for peer in peers[1:]}, {21})

    def test_authors_have_bytes_of_their_own(self) -> None:
        """Who posts in a batch sees the others' posts and the numbers of their own, in journal order."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        alice, bob, carol = house.come("alice", "bob", "carol")
        alice.say("0", ref="0")
        alice.say("1", ref="1")
        bob.say("2", ref="2")
        alice.say("3", ref="3")
        for peer in (alice, bob, carol):
            peer.take()
        while journal.pending:
            journal.commit()
        self.assertEqual(carol.texts, ["0", "1", "2", "3"])
        numbers = [event.id for event, _ in bob.screen.shown if isinstance(event, Said | Done)]
        self.assertEqual(numbers, [1, 2, 3, 4])
        self.assertEqual((bob.texts, alice.texts), (["0", "1", "3"], ["2"]))

    def test_nothing_for_nobody(self) -> None:
        """Members of other rooms are not written to at all."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.type("/join dev", "/leave lobby")
        writes = bob.screen.writes
        alice.say("hello")
        self.assertEqual(bob.screen.writes, writes)


class PrivateTests(SynchronousTestCase):
    def test_whisper(self) -> None:
        """A private message reaches exactly the two, in the same form, though they share no room."""
        house = House()
        alice, bob, carol = house.come("alice", "bob", "carol")
        bob.type("/join dev", "/leave lobby")
        for peer in (alice, bob, carol):
            peer.take()
        alice.type("/msg BOB psst :)")
        whispered = Whispered(1, "", "alice", house.now(), "bob", "psst 😊")
        self.assertEqual((alice.events, bob.events, carol.take()), ([whispered], [whispered], []))
        bob.type("/r yes")
        self.assertEqual(alice.events[-1], Whispered(2, "", "bob", house.now(), "alice", "yes"))
        self.assertEqual(carol.take(), [])

    def test_program(self) -> None:
        """A program that whispers is told the number instead."""
        house = House()
        alice, bot = house.come("alice", "bot", door="json")
        bot.do("msg", ref=1, nick="alice", text="psst")
        self.assertEqual(bot.refs(), [("Done", 1)])
        self.assertEqual(alice.ids, [1])

    def test_to_oneself(self) -> None:
        """A private message to oneself is shown once."""
        (alice,) = House().come("alice")
        alice.type("/msg alice note")
        self.assertEqual(alice.ids, [1])

    def test_edits(self) -> None:
        """Changes of a private message are seen by the two only."""
        house = House()
        alice, bob, carol = house.come("alice", "bob", "carol")
        alice.type("/msg bob psst", "/edit #1 hush", "/delete #1")
        for peer in (alice, bob):
            self.assertEqual([type(event) for event in peer.events], [Whispered, Edited, Deleted])
        self.assertEqual(carol.take(), [])

    def test_nobody(self) -> None:
        """A private message to nobody is refused, and not stored."""
        house = House()
        (alice,) = house.come("alice")
        alice.type("/msg bob psst", "/r psst")
        self.assertEqual(alice.codes, ["no-such-nick"] * 2)
        self.assertEqual(house.journal.head, 0)

    def test_reply_to_who_left(self) -> None:
        """An answer never goes to somebody who has taken the nickname since; it follows a new nickname."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.type("/msg alice psst", "/nick robert")
        alice.type("/r one")
        self.assertEqual(bob.ids, [1, 2])
        bob.vanish()
        (other,) = house.come("robert")
        alice.type("/r two")
        self.assertEqual((alice.codes, other.ids), (["no-such-nick"], []))

    def test_away(self) -> None:
        """Who writes to somebody away is told so once."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.type("/away lunch")
        alice.type("/msg bob one", "/msg bob two")
        self.assertEqual([text for text in alice.told if text], ["bob is away: lunch."])
        bob.type("/back", "/back")
        self.assertEqual(bob.codes, ["bad-arguments"])


class IgnoreTests(SynchronousTestCase):
    def test_ignore(self) -> None:
        """Who ignores somebody sees nothing of them, in rooms and privately; others do, and so does the author."""
        house = House()
        alice, bob, carol = house.come("alice", "bob", "carol")
        alice.type("/ignore BOB")
        alice.take()
        bob.type("hello", "/msg alice psst", "/nick robert", "/me waves", "/edit hallo")
        carol.type("hi")
        bob.vanish()
        self.assertEqual([event.nick for event in alice.events], ["carol"])  # type: ignore[attr-defined]
        self.assertEqual(sum(isinstance(event, Post) for event in carol.events), 3)

    def test_while_catching_up(self) -> None:
        """Nor does one see them when one has been slow."""
        house = House()
        alice, bob, carol = house.come("alice", "bob", "carol")
        alice.type("/ignore bob")
        alice.screen.fill()
        bob.type("hello", "/msg alice psst")
        carol.type("hi")
        alice.screen.drain()
        self.assertEqual(alice.texts, ["hi"])
        alice.type("/history")
        self.assertEqual([post.nick for post in alice.answers[-1].posts], ["carol"])  # type: ignore[attr-defined]

    def test_unignore(self) -> None:
        """One may end ignoring; oneself one cannot ignore."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("/ignore bob", "/ignored", "/unignore BOB", "/unignore bob", "/ignore alice")
        self.assertEqual(alice.codes, ["no-such-nick", "bad-arguments"])
        bob.type("hello")
        self.assertEqual(alice.texts, ["hello"])


class RoomsTests(SynchronousTestCase):
    def shown(self, peer: Peer) -> list[tuple[int, bool]]:
        """The number of each post shown, and whether it was marked with its room."""
        return [(event.id, mark) for event, mark in peer.screen.shown if isinstance(event, Post)]

    def test_order_over_rooms(self) -> None:
        """Whatever rooms the posts of a batch are in, each member sees them in journal order."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        alice, bob, carol = house.come("alice", "bob", "carol")
        for peer in (alice, bob):
            peer.type("/join dev")
        for peer in (alice, bob, carol):
            peer.take()
        alice.say("0")
        for number in range(1, 20):
            alice.say(str(number), room=("lobby", "dev")[number % 2])
        while journal.pending:
            journal.commit()
        self.assertEqual(bob.ids, list(range(1, 21)))
        self.assertEqual(carol.ids, list(range(3, 21, 2)))

    def test_marks(self) -> None:
        """What is of another room than the current one is marked, live and when catching up; nothing else is."""
        house = House()
        alice, bob, carol = house.come("alice", "bob", "carol")
        for peer in (alice, bob):
            peer.type("/join dev")
        bob.take()
        for slow in (False, True):
            first = house.journal.head + 1
            if slow:
                bob.screen.fill()
            alice.say("there", room="lobby")
            alice.say("here", room="dev")
            alice.type("/msg bob psst")
            if slow:
                bob.screen.drain()
            self.assertEqual(self.shown(bob), [(first, True), (first + 1, False), (first + 2, False)])
            bob.take()
        self.assertEqual([mark for _, mark in self.shown(carol)], [False, False])

    def test_switch(self) -> None:
        """Who switches rooms sees the marks change with it."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.type("/join dev", "/switch lobby")
        bob.take()
        alice.say("hello")
        self.assertEqual(self.shown(bob), [(1, False)])
        bob.type("/s dev")
        alice.say("hello")
        self.assertEqual(self.shown(bob)[1:], [(2, True)])

    def test_events_of_a_room(self) -> None:
        """Deeds and topics are seen by who is in the room, the author's own as the style likes it."""
        house = House()
        alice, bob, carol = house.come("alice", "bob", "carol")
        for peer in (alice, bob):
            peer.type("/join dev")
            peer.take()
        carol.take()
        alice.type("/me waves", "/topic plans")
        self.assertEqual([type(event) for event in bob.events if isinstance(event, Post)], [Acted, TopicChanged])
        self.assertEqual([type(event) for event in alice.events if isinstance(event, Post)], [TopicChanged])
        self.assertEqual(carol.take(), [])
