"""How a batch reaches everybody: rendered once per style, one write per member."""

import sys
import tracemalloc
from types import FrameType

from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.fanout import Batch, Shown
from groupchat.delivery.queue import EVERYWHERE
from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import (
    Acted,
    Announced,
    AuthorId,
    AwayChanged,
    Deleted,
    Done,
    Edited,
    Left,
    Post,
    Renamed,
    Said,
    TopicChanged,
    Whispered,
)
from groupchat.model.preferences import Preferences
from groupchat.state.people import Ignored, View
from tests.delivery.send_path import NOW, SendPath, ids, screen
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
        """Somebody who posts in a batch sees the others' posts and the numbers of their own, in journal order."""
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
        """Somebody who writes to somebody away is told so once."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.type("/away lunch")
        alice.type("/msg bob one", "/msg bob two")
        self.assertEqual([text for text in alice.told if text], ["bob is away: lunch."])
        bob.type("/back", "/back")
        self.assertEqual(bob.codes, ["bad-arguments"])


class IgnoreTests(SynchronousTestCase):
    def test_ignore(self) -> None:
        """A person sees nothing of people they ignore, in rooms and privately; others do, and so does the author."""
        house = House()
        alice, bob, carol = house.come("alice", "bob", "carol")
        alice.type("/ignore BOB")
        alice.take()
        bob.type("hello", "/msg alice psst", "/nick robert", "/me waves", "/edit hallo")
        carol.type("hi")
        bob.vanish()
        self.assertEqual([event.nick for event in alice.events], ["carol"])  # type: ignore[attr-defined]
        self.assertEqual(sum(isinstance(event, Post) for event in carol.events), 3)

    def test_programs_keep_exact_lists(self) -> None:
        """A program is shown nothing that ignored people say, but who comes, goes and is renamed all the same."""
        house = House()
        (bot,) = house.come("bot", door="json")
        (bob,) = house.come("bob")
        bot.do("ignore", nick="bob")
        bot.take()
        bob.type("hello", "/msg bot psst", "/nick robert", "/away")
        bob.vanish()
        self.assertEqual([type(event) for event in bot.events], [Renamed, AwayChanged, Left])

    def test_while_catching_up(self) -> None:
        """Somebody who was slow does not see them later either."""
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
        """Ignoring can be ended; nobody can ignore themselves."""
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
        """Somebody who switches rooms sees the marks change with it."""
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


class FanoutTests(SynchronousTestCase):
    """Crowds: connections that see the same things in the same way."""

    def setUp(self) -> None:
        self.path = SendPath()
        self.fanout = self.path.fanout
        self.alice, self.bob, self.dora = (
            self.path.connect("alice"), self.path.connect("bob"), self.path.connect("dora", "dev")
        )  # fmt: skip

    def deliver(self, *items: Shown) -> None:
        """Hand over a batch."""
        self.fanout.deliver(items)

    def said(self, number: int, room: str = "lobby", author: int = 99) -> Shown:
        """Something said by somebody."""
        return Shown(Said(number, room, "x", NOW, "words"), (room,), AuthorId(author))

    def test_crowds(self) -> None:
        """Connections with one view are one crowd; a crowd is gone with its last connection."""
        self.assertEqual(sorted(len(crowd) for crowd in self.fanout._crowds.values()), [1, 2])
        for connection in (self.alice, self.bob):
            self.fanout.remove(connection)
        self.assertEqual(len(self.fanout._crowds), 1)

    def test_cost_of_other_rooms(self) -> None:
        """Where many are in rooms of their own, a batch costs what is for each room, not all rooms for each thing."""
        count = 60
        readers = [self.path.connect(f"reader{number}", f"room{number}") for number in range(count)]
        calls = 0

        def called(frame: FrameType, event: str, argument: object) -> None:
            nonlocal calls
            calls += event == "call"

        known = sys.getprofile()
        sys.setprofile(called)
        try:
            self.deliver(*(self.said(number + 1, f"room{number}") for number in range(count)))
        finally:
            sys.setprofile(known)
        self.assertEqual([ids(reader) for reader in readers], [[number + 1] for number in range(count)])
        self.assertEqual((ids(self.alice), ids(self.dora)), ([], []))
        self.assertLess(calls, 40 * count)
        for reader in readers:
            self.fanout.remove(reader)
        self.assertEqual(set(self.fanout._views), {"lobby", "dev"})

    def test_cost_of_authors(self) -> None:
        """Where many speak, each in a room of their own, nothing is done for each author in each other's room."""
        costs: list[int] = []
        for count in (30, 120):
            speakers = [self.path.connect(f"speaker{count}{n}", f"room{count}{n}") for n in range(count)]
            shown = []
            for number, speaker in enumerate(speakers, 1):
                shown.append(self.said(number, speaker.current, speaker.person.author))
                shown[-1].origin, shown[-1].answer = speaker, Done(number)
            calls = 0

            def called(frame: FrameType, event: str, argument: object) -> None:
                nonlocal calls
                calls += event in ("call", "c_call")

            known = sys.getprofile()
            sys.setprofile(called)
            try:
                self.deliver(*shown)
            finally:
                sys.setprofile(known)
            costs.append(calls)
        self.assertLess(costs[1], 5 * costs[0])

    def test_add_again(self) -> None:
        """A connection whose view has changed moves to another crowd, and is shown things once."""
        self.bob.rooms, self.bob.current = ("dev",), "dev"
        self.fanout.add(self.bob)
        self.fanout.add(self.bob)
        self.deliver(self.said(1), self.said(2, "dev"))
        self.assertEqual([ids(one) for one in (self.alice, self.bob, self.dora)], [[1], [2], [2]])

    def test_remove(self) -> None:
        """A connection that is removed is shown nothing, but for answers to what it posted."""
        self.fanout.remove(self.bob)
        self.fanout.remove(self.bob)
        mine = self.said(1)
        mine.origin, mine.answer, mine.ref = self.bob, Done(1), "r"
        self.deliver(mine, self.said(2))
        self.assertEqual(screen(self.bob).shown, [(Done(1), "r")])
        self.assertFalse(self.bob.live)

    def test_nothing_to_show(self) -> None:
        """Nobody is written to who is shown nothing."""
        self.deliver(self.said(1, "ops"))
        self.assertEqual([screen(one).writes for one in (self.alice, self.bob, self.dora)], [0, 0, 0])

    def test_figures(self) -> None:
        """Writes and bytes are counted, those of crowds and those of one connection."""
        self.assertEqual((self.fanout.deliveries, self.fanout.bytes), (0, 0))
        self.deliver(self.said(1))
        crowd = self.fanout.bytes
        self.assertEqual((self.fanout.deliveries, crowd > 0, crowd % 2), (2, True, 0), "two are written the same")
        mine = self.said(2, "ops")
        mine.origin, mine.answer = self.bob, Done(2)
        self.deliver(mine)
        self.assertEqual(self.fanout.deliveries, 3)
        self.assertGreater(self.fanout.bytes, crowd)

    def test_everywhere(self) -> None:
        """What is for everybody is not marked with a room; what is for other rooms than the current one is."""
        self.alice.rooms = ("dev", "lobby")
        self.fanout.add(self.alice)
        self.deliver(Shown(Announced("Soon.", NOW), EVERYWHERE), self.said(1, "dev"), self.said(2))
        self.assertEqual([mark for _, mark in screen(self.alice).shown], [False, True, False])

    def test_ignored(self) -> None:
        """Of an ignored author a person is shown nothing, until they end it; others are not concerned."""
        person, author = self.alice.person, AuthorId(99)
        person.ignored = {author: Ignored("x")}
        self.fanout.ignore(person, author)
        self.deliver(self.said(1), self.said(2, author=98))
        person.ignored = {}
        for _ in range(2):
            self.fanout.unignore(person, author)
        self.deliver(self.said(3))
        self.assertEqual((ids(self.alice), ids(self.bob)), ([2, 3], [1, 2, 3]))
        self.assertEqual(self.fanout._ignorers, {})

    def test_two_ignore_one(self) -> None:
        """That one person ends ignoring somebody does not end it for another."""
        author = AuthorId(99)
        for connection in (self.alice, self.bob):
            connection.person.ignored = {author: Ignored("x")}
            self.fanout.ignore(connection.person, author)
        self.fanout.unignore(self.alice.person, author)
        self.alice.person.ignored = {}
        self.deliver(self.said(1))
        self.assertEqual((ids(self.alice), ids(self.bob)), ([1], []))

    def test_private(self) -> None:
        """What is private is shown to the connections of the two that are live, and to nobody else."""
        whisper = Shown(
            Whispered(1, "", "alice", NOW, "bob", "psst"), (), self.alice.person.author, self.bob.person.author
        )
        self.fanout.remove(self.bob)
        self.deliver(whisper)
        self.assertEqual([ids(one) for one in (self.alice, self.bob, self.dora)], [[1], [], []])
        self.fanout.add(self.bob)
        self.deliver(whisper)
        self.assertEqual(ids(self.bob), [1])

    def test_full_while_it_is_delivered(self) -> None:
        """A connection that is removed by the write of another one has this batch all the same."""
        screen(self.alice).room = 1
        self.deliver(self.said(1))
        self.assertEqual((ids(self.alice), ids(self.bob)), ([1], [1]))


class BatchTests(SynchronousTestCase):
    def test_rendered_once(self) -> None:
        """A batch is rendered once for each style and mark, however many views ask for it."""
        style = FakeStyle("json", Preferences())
        batch = Batch([Shown(Said(1, "lobby", "x", NOW, "words"), ("lobby",))])
        views = [View(style, rooms, rooms[-1]) for rooms in (("lobby",), ("dev", "lobby"), ("lobby", "dev"))]
        pieces = [batch.shared(view) for view in (*views, *views)]
        self.assertEqual(style.renders, 2)
        self.assertEqual(pieces[0], pieces[1])
        self.assertNotEqual(pieces[0], pieces[2])
        self.assertEqual(batch.shared(View(style, ("ops",), "ops")), b"")

    def test_several_rooms(self) -> None:
        """Of a batch for several rooms each view gets its own, and nothing where the others' would stand."""
        style = FakeStyle("json", Preferences())
        batch = Batch([Shown(Said(n, room, "x", NOW, "words"), (room,)) for n, room in ((1, "lobby"), (2, "dev"))])
        lobby, dev = (batch.shared(View(style, (room,), room)) for room in ("lobby", "dev"))
        both = batch.shared(View(style, ("lobby", "dev"), "dev"))
        self.assertTrue(lobby and dev and lobby != dev)
        self.assertEqual(both, batch.lines(style, True)[0] + dev)
        self.assertEqual(batch.shared(View(style, ("dev", "lobby"), "dev")), both)
        self.assertEqual(batch.shared(View(style, ("ops",), "ops")), b"")

    def test_memory_for_many_rooms(self) -> None:
        """Where each of many people is told of another room, a batch takes no memory for what they are not told."""

        def peak(count: int) -> int:
            style = FakeStyle("json", Preferences())
            rooms = [f"room{number}" for number in range(count)]
            batch = Batch([Shown(Said(n, room, "x", NOW, "words"), (room,)) for n, room in enumerate(rooms)])
            batch.lines(style, False)
            tracemalloc.start()
            try:
                for room in rooms:
                    self.assertTrue(batch.shared(View(style, (room,), room)))
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        self.assertLess(peak(1000), 20 * peak(100))
