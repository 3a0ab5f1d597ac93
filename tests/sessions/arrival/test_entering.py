"""Entering: what somebody is shown first and what they read from then on; whom a new connection replaces."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.hall.hall import FEATURES
from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import (
    Departed,
    Entered,
    Joined,
    Left,
    Replayed,
    Told,
    Welcomed,
    Whispered,
)
from groupchat.sessions.session import State
from groupchat.verbs.visiting import COUNTED
from tests.fakes import HeldJournal, SlowJournal
from tests.house import House
from tests.people import account, member, operator
from tests.sessions.arrival.coming import PASSWORD, back, entered, said


class ReplayTests(SynchronousTestCase):
    def test_earlier_messages(self) -> None:
        """Somebody who comes in is shown the last 20 messages of the lobby, between two lines."""
        house = House()
        (alice,) = house.come("alice")
        alice.type(*map(str, range(30)))
        peer = house.connect().type("bob")
        welcome, entered, company, replayed = peer.answers
        assert isinstance(welcome, Welcomed)
        self.assertEqual(entered, Entered("lobby", ""))
        self.assertEqual(company, Told(("With you in lobby: alice.",)))
        assert isinstance(replayed, Replayed)
        self.assertEqual(welcome.head, 30)
        self.assertEqual([post.id for post in replayed.posts], list(range(11, 31)))
        self.assertEqual(replayed.heading, "20 earlier messages:")
        self.assertEqual(peer.events, [])

    def test_company(self) -> None:
        """People are told who came last; the others are counted, and not themselves, nor a person twice."""
        house = House()
        for number in range(8):
            house.come(f"nick{number}")
        peer = house.connect().type("alice")
        told = "With you in lobby: nick7, nick6, nick5, nick4, nick3 and 3 others."
        self.assertIn(Told((told,)), peer.answers)
        peer.type("/join dev")
        self.assertEqual([answer for answer in peer.answers if isinstance(answer, Told)], [Told((told,))])
        (bob,) = house.come("bob")
        bob.take()
        bob.type("/join dev")
        self.assertIn(Told(("With you in dev: alice.",)), bob.answers)
        bot = house.connect("json").offer("bot")
        self.assertFalse([answer for answer in bot.answers if isinstance(answer, Told)], "programs have the list")

    def test_crowd(self) -> None:
        """In a crowd not everybody is counted for somebody who comes in: many may do so at once."""
        house = House()
        for number in range(COUNTED + 5):
            house.come(f"nick{number}")
        (told,) = (answer for answer in house.connect().type("alice").answers if isinstance(answer, Told))
        self.assertTrue(told.lines[0].endswith(f"nick{COUNTED} and more than {COUNTED - 6} others."), told)

    def test_nothing_earlier(self) -> None:
        """In an empty room there are only the welcome and the membership."""
        peer = House().connect().type("alice")
        self.assertEqual([type(answer) for answer in peer.answers], [Welcomed, Entered])

    def test_join_is_seen(self) -> None:
        """The others see a join once; people are told of their own membership instead."""
        house = House()
        (alice,) = house.come("alice")
        bob = house.connect().type("bob")
        self.assertEqual(alice.events, [Joined("lobby", "bob", house.now())])
        self.assertEqual(bob.events, [])

    def test_posts_during_the_read(self) -> None:
        """What is posted while the earlier messages are read is neither lost nor doubled."""
        for late in (False, True):
            journal = SlowJournal(MemoryJournal(), late=late)
            house = House(journal)
            (alice,) = house.come("alice")
            said(alice, "one", "two")
            journal.slow = True
            bob = house.connect().type("bob")
            said(alice, "three", "four")
            journal.answer_all()
            said(alice, "five")
            (replayed,) = (answer for answer in bob.answers if isinstance(answer, Replayed))
            self.assertEqual([*(post.id for post in replayed.posts), *bob.ids], [1, 2, 3, 4, 5])


class SinceTests(SynchronousTestCase):
    @given(st.integers(0, 40), st.integers(1, 30))
    def test_every_number(self, since: int, page: int) -> None:
        """ "since" gives everything after that number in the rooms, each once, in order, and then what follows."""
        house = House(page_posts=page)
        alice, elsewhere = house.come("alice", "elsewhere")
        elsewhere.type("/join dev", "/leave lobby")
        bot = house.connect("json").offer("bot")
        expected = []
        for number in range(1, 31):
            peer = elsewhere if number % 7 == 0 else bot if number % 5 == 0 else alice
            peer.say(str(number))
            if peer is not elsewhere and number > since:
                expected.append(number)
        house.hall.stream.recent.floor = 20  # the older ones come from the journal
        again = house.connect("json").offer("bot", token=bot.token, since=since)
        alice.say("live")
        self.assertEqual(again.ids, [*expected, 31])

    def test_head(self) -> None:
        """ "since": "head" shows nothing of what was, and everything from now on."""
        house = House()
        (alice,) = house.come("alice")
        said(alice, "one", "two")
        bot = house.connect("json").offer("bot", since="head")
        said(alice, "three")
        self.assertEqual((bot.ids, [type(answer) for answer in bot.answers]), ([3], [Welcomed, Entered]))

    def test_private(self) -> None:
        """Private messages that came while a client was away are shown too; those of others never."""
        house = House()
        alice, carol = house.come("alice", "carol")
        bot = house.connect("json").offer("bot")
        said(alice, "one")
        alice.type("/msg carol secret")
        bot.vanish()
        house.come("bot")  # a guest who takes the nickname
        alice.type("/msg bot for the guest")
        back = house.connect("json").offer("robot", token=bot.token, since=0)
        self.assertEqual(back.ids, [1])
        carol.type("/msg robot psst")
        self.assertEqual(back.ids, [1, 4])

    def test_own_posts_in_flight(self) -> None:
        """What the dead connection had sent, and got no number for, is shown to the new one."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        bot = house.connect("json").offer("bot")
        journal.commit()
        bot.say("in flight")
        bot.vanish()
        again = house.connect("json").offer("bot", token=bot.token, since=0)
        while journal.pending:
            journal.commit()
        self.assertEqual(again.texts, ["in flight"])


class WelcomeTests(SynchronousTestCase):
    def test_order(self) -> None:
        """The welcome comes first, then the memberships, the earlier messages, and what was missed."""
        house = House()
        account(house.hall, "alice")
        (bob,) = house.come("bob")
        bob.type("hello", "/msg alice psst")
        alice = back(house, "alice")
        kinds = [type(answer) for answer in alice.answers][-5:]
        self.assertEqual(kinds, [Welcomed, Entered, Told, Replayed, Replayed])

    def test_server(self) -> None:
        """The welcome says what the server is, and what a client can rely on."""
        house = House(name="Example")
        house.hall.version = "9.9"
        (welcome, *_) = house.connect("json").offer("bot", ref=1).answers
        assert isinstance(welcome, Welcomed)
        self.assertEqual((welcome.version, welcome.name, welcome.features), ("9.9", "Example", FEATURES))
        self.assertLessEqual(
            {"rooms", "quiet", "entered", "closing", "barrier", "type-room", "lines", "replies", "search"},
            set(FEATURES),
        )

    def test_account(self) -> None:
        """The welcome says whose account it is; a guest has none."""
        house = House()
        account(house.hall, "Alice")
        for nick, password, name in (("alice", PASSWORD, "Alice"), ("bot", None, "")):
            (welcome, *_) = house.connect("json").offer(nick, password=password).answers
            assert isinstance(welcome, Welcomed)
            self.assertEqual(welcome.account, name)

    def test_people(self) -> None:
        """The membership says who is in the room, the newcomer included, with what there is to know."""
        house = House()
        boss = operator(house, "boss")
        (alice,) = house.come("alice")
        boss.screen.secure = True
        alice.type("/away")
        bot = house.connect("json").offer("bot")
        self.assertEqual(
            bot.answers[1],
            Entered(
                "lobby",
                "",
                (
                    {"nick": "boss", "account": "boss", "operator": True, "secure": True},
                    {"nick": "alice", "away": True},
                    {"nick": "bot"},
                ),
            ),
        )


class ReplacedTests(SynchronousTestCase):
    def test_fewer_rooms(self) -> None:
        """People in a room that the new connection is not in see the person leave it; nobody else sees anything."""
        house = House()
        alice, carol = house.come("alice", "carol")
        carol.type("/join dev", "/leave lobby")
        bot = house.connect("json").offer("bot", rooms=("lobby", "dev"))
        alice.take(), carol.take()
        again = house.connect("json").offer("bot", token=bot.token, rooms=("dev",))
        self.assertEqual(alice.take(), [Left("lobby", "bot", house.now(), "", False)])
        self.assertEqual(carol.take(), [])
        quiet = house.connect("json").offer("bot", token=again.token, quiet=True)
        self.assertEqual(carol.take(), [Left("dev", "bot", house.now(), "", False)])
        self.assertEqual(quiet.connection.person.rooms, ())

    def test_empty_room(self) -> None:
        """A room without messages that the replaced connection was alone in is forgotten."""
        house = House()
        bot = house.connect("json").offer("bot", rooms=("dev",))
        house.connect("json").offer("bot", token=bot.token, rooms=("lobby",))
        self.assertIsNone(house.hall.rooms.find("dev"))

    def test_replaced(self) -> None:
        """The connection that is replaced is told so with its own code, which is that of its closing too."""
        house = House()
        bot = house.connect("json").offer("bot")
        house.connect("json").offer("bot", token=bot.token, since="head")
        self.assertEqual(bot.codes, ["replaced"])
        self.assertEqual(bot.screen.codes, ["replaced"])
        self.assertFalse([answer for answer in bot.answers if isinstance(answer, Departed)])

    def test_twice_at_once(self) -> None:
        """Of two connections that come back at once with one token, the later one stays."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        bot = house.connect("json").offer("bot")
        journal.slow = True
        first = house.connect("json").offer("bot", token=bot.token)
        second = house.connect("json").offer("bot", token=bot.token)
        journal.answer_all()
        states = {peer.session.state for peer in (first, second)}
        self.assertIn(State.CHATTING, states)
        self.assertEqual(len(house.hall.rooms.open("lobby").members), 1)


class ConnectionsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        account(self.house.hall, "alice")
        self.laptop, self.phone = back(self.house, "alice"), back(self.house, "alice")
        (self.bob,) = self.house.come("bob")
        self.laptop.take()
        self.phone.take()

    def test_one_person(self) -> None:
        """Several connections of an account are one person: one entry in lists, one join, one leave."""
        self.assertIs(self.laptop.connection.person, self.phone.connection.person)
        self.bob.type("/list")
        self.assertEqual([item["nick"] for item in self.bob.answers[-1].items], ["alice", "bob"])  # type: ignore[attr-defined]
        self.bob.take()
        third = back(self.house, "alice")
        self.laptop.vanish()
        third.type("/exit")
        self.assertEqual(self.bob.take(), [])
        self.phone.type("/exit")
        self.assertEqual(self.bob.take(), [Left("lobby", "alice", self.house.now(), "", True)])
        self.assertIsNone(self.house.hall.roster.find("alice"))

    def test_what_one_says(self) -> None:
        """What one connection says the others see; it does not come back to where it was said."""
        self.laptop.type("hello", "/me waves", "/msg bob psst")
        self.assertEqual([post.id for post in self.phone.events], [1, 2, 3])  # type: ignore[attr-defined]
        self.assertEqual(self.laptop.texts, [])

    def test_private(self) -> None:
        """Private messages reach every connection."""
        self.bob.type("/msg alice psst")
        for peer in (self.laptop, self.phone):
            self.assertEqual([type(event) for event in peer.take()], [Whispered])

    def test_rooms(self) -> None:
        """Each connection is in rooms of its own; a person leaves a room when the last connection does."""
        self.bob.type("/join dev")
        self.laptop.type("/join dev")
        self.phone.type("/join dev")
        self.bob.take()
        self.laptop.type("/leave dev")
        self.assertEqual(self.bob.take(), [])
        self.phone.type("/leave dev")
        self.assertEqual(self.bob.take(), [Left("dev", "alice", self.house.now())])

    def test_another_connection(self) -> None:
        """Another connection of a person comes into the rooms where they are."""
        self.phone.type("/join dev")
        third = back(self.house, "alice", "json")
        self.assertIn(third.connection.current, ("lobby", "dev"))
        self.assertEqual(entered(third), list(third.connection.rooms))

    def test_slow_connection(self) -> None:
        """A connection that catches up is shown what the others of the same account said meanwhile."""
        self.phone.screen.fill()
        self.laptop.type("one", "two")
        self.phone.screen.drain()
        self.phone.type("three")
        self.assertEqual(self.phone.texts, ["one", "two"])
        self.assertEqual(self.laptop.texts, ["three"])


class MissedTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House(replay_posts=1)
        alice = member(self.house, "alice")
        (self.bob,) = self.house.come("bob")
        self.bob.type("before")
        alice.vanish()
        self.house.pass_time(61)

    def test_private(self) -> None:
        """Private messages to an account that is away are kept, and shown once when it comes back."""
        self.bob.type("/msg alice one", "/msg alice two")
        self.assertEqual(self.bob.told[-1], "alice is not here now, and will see it when they come back.")
        alice = back(self.house, "alice")
        (shown,) = (answer for answer in alice.answers if isinstance(answer, Replayed) and "away" in answer.heading)
        self.assertEqual(shown.heading, "2 messages while you were away:")
        self.assertEqual([post.text for post in shown.posts], ["one", "two"])  # type: ignore[attr-defined]
        alice.vanish()
        again = back(self.house, "alice")
        self.assertNotIn("away", "".join(a.heading for a in again.answers if isinstance(a, Replayed)))

    def test_private_after_restart(self) -> None:
        """They are kept over a restart, and a program gets them as it gets others."""
        self.bob.type("/msg alice one")
        self.house.hall = self.house.reopened()
        bot = back(self.house, "alice", "json")
        (shown,) = (a for a in bot.answers if isinstance(a, Replayed) and "away" in a.heading)
        self.assertEqual([post.text for post in shown.posts], ["one"])  # type: ignore[attr-defined]

    def test_private_to_a_guest(self) -> None:
        """For a guest who is not here nothing is kept, and the sender is told so."""
        self.bob.type("/msg carol hi")
        self.assertEqual(self.bob.codes, ["no-such-nick"])
