"""Nicknames: claimed in one place, with one winner, and released exactly once."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.interfaces.identity import IRoster
from groupchat.journals.memory import MemoryJournal
from groupchat.model.errors import NickTaken
from groupchat.model.events import AuthorId, Renamed
from groupchat.state.accounts import Accounts
from groupchat.state.people import Person
from groupchat.state.roster import Roster
from tests.fakes import SlowJournal
from tests.house import House


class RosterTests(SynchronousTestCase):
    def test_interface(self) -> None:
        """The roster in memory is what the core asks of a roster."""
        self.assertTrue(verifyObject(IRoster, Roster(Accounts())))

    def test_one_holder(self) -> None:
        """A nickname has one holder; only who holds it can give it back."""
        roster = Roster(Accounts())
        alice, other = (Person("alice", "alice", AuthorId(number), 0) for number in (1, 2))
        roster.claim(alice)
        roster.claim(alice)
        self.assertRaises(NickTaken, roster.claim, other)
        roster.release(other)
        self.assertIs(roster.find("alice"), alice)
        roster.release(alice)
        roster.release(alice)
        self.assertIsNone(roster.find("alice"))
        roster.claim(other)
        self.assertEqual((len(roster), list(roster)), (1, [other]))

    @given(st.lists(st.tuples(st.sampled_from(["claim", "rename", "release"]), st.integers(0, 3), st.integers(0, 2))))
    def test_any_order(self, calls: list[tuple[str, int, int]]) -> None:
        """In whatever order people claim, rename and release, a nickname has at most one holder, who keeps it."""
        roster = Roster(Accounts())
        people = [Person(str(number), str(number), AuthorId(number), 0) for number in range(4)]
        holders = dict[str, Person]()
        for call, number, name in calls:
            person, key = people[number], str(name)
            is_here = holders.get(person.key) is person
            if call == "release":
                roster.release(person)
                if is_here:
                    del holders[person.key]
            elif call == "rename" and is_here:
                if holders.setdefault(key, person) is not person:
                    self.assertRaises(NickTaken, roster.rename, person, key, key)
                elif key != person.key:
                    del holders[person.key]
                    roster.rename(person, key, key)
            elif not is_here:
                person.nick = person.key = key
                if holders.setdefault(key, person) is person:
                    roster.claim(person)
                else:
                    self.assertRaises(NickTaken, roster.claim, person)
            for known in ("0", "1", "2"):
                self.assertIs(roster.find(known), holders.get(known))
                self.assertEqual(roster.is_free(known), known not in holders)
            self.assertEqual({person.author for person in roster}, {person.author for person in holders.values()})
            for person in people:
                here = holders.get(person.key) is person
                self.assertIs(roster.of(person.author), person if here else None)


class ClaimTests(SynchronousTestCase):
    def test_letter_case(self) -> None:
        """Nicknames that differ in case only are the same; one's own can be spelt anew."""
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
        """Who is lost while coming in frees the nickname, is never in the hall, and nobody sees it."""
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
        """Who is just coming in while the server stops does not come in."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        journal.slow = True
        peer = house.connect().type("alice")
        self.successResultOf(house.hall.stop("The server stops."))
        journal.answer_all()
        self.assertEqual((peer.answers, peer.screen.closed), ([], True))
        self.assertEqual(len(house.hall.roster), 0)


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
