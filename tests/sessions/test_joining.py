"""Coming in: tokens, what one is shown first, and that nothing is lost or doubled between."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import Done, Edited, Joined, Renamed, Replayed, Said, Welcomed
from groupchat.sessions.session import State
from groupchat.state.accounts import digest_of
from tests.fakes import HeldJournal, SlowJournal
from tests.house import House, Peer


def said(peer: Peer, *texts: str) -> None:
    for text in texts:
        peer.say(text)


class ReplayTests(SynchronousTestCase):
    def test_earlier_messages(self) -> None:
        """Who comes in is shown the last 20 messages of the lobby, between two lines."""
        house = House()
        (alice,) = house.come("alice")
        alice.type(*map(str, range(30)))
        peer = house.connect().type("bob")
        welcome, replayed = peer.answers
        assert isinstance(welcome, Welcomed)
        assert isinstance(replayed, Replayed)
        self.assertEqual(welcome.head, 30)
        self.assertEqual([post.id for post in replayed.posts], list(range(11, 31)))
        self.assertEqual(replayed.heading, "20 earlier messages:")
        self.assertEqual(peer.events, [])

    def test_nothing_earlier(self) -> None:
        """In an empty room there is only the welcome."""
        peer = House().connect().type("alice")
        self.assertEqual([type(answer) for answer in peer.answers], [Welcomed])

    def test_join_is_seen(self) -> None:
        """The others see a join once; nobody is told of their own."""
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


class TokenTests(SynchronousTestCase):
    def test_token_is_given_to_programs(self) -> None:
        """A program is given a token that nobody can guess; a person at a keyboard is not."""
        house = House()
        bots = [house.connect("json").offer(nick) for nick in ("bot", "dot")]
        self.assertGreaterEqual(len(bots[0].token), 22)
        self.assertNotEqual(bots[0].token, bots[1].token)
        self.assertEqual(house.connect().type("alice").token, "")

    def test_wrong_token(self) -> None:
        """A wrong token is refused; the connection is kept, and comes in without it."""
        house = House()
        bot = house.connect("json").offer("bot", token="forged", ref=1)
        self.assertEqual(bot.codes, ["token-invalid"])
        self.assertEqual(bot.refs()[0], ("Refused", 1))
        self.assertIs(bot.session.state, State.NAMELESS)
        bot.offer("bot", ref=2)
        self.assertEqual(bot.refs()[0], ("Welcomed", 2))

    def test_who_stays(self) -> None:
        """Of who stays for long it is written twice a day that they are here, so that their token goes on working."""
        house = House()
        bot = house.connect("json").offer("bot")
        written, rooms = [], set()
        for _ in range(48):
            house.clock.advance(3600)
            house.hall.attendance.renew(3600)
            house.turn()
            stored = self.successResultOf(house.journal.recall(digest_of(bot.token)))
            assert stored is not None
            written.append(stored.seen)
            rooms.add(stored.rooms)
            self.assertLess(house.now() - stored.seen, 43200)
        self.assertEqual(len(set(written)), 5)
        self.assertEqual(rooms, {("lobby",)})

    def test_takes_nickname_back(self) -> None:
        """A token takes the nickname back from one's own dead connection; nobody sees a leave or a join."""
        house = House()
        (alice,) = house.come("alice")
        bot = house.connect("json").offer("bot")
        alice.take()
        again = house.connect("json").offer("bot", token=bot.token, since="head")
        self.assertEqual(alice.take(), [])
        self.assertTrue(bot.screen.closed)
        self.assertEqual((len(house.hall.roster), len(house.hall.rooms.open("lobby").members)), (2, 2))
        bot.session.lost("connection lost")
        self.assertEqual(alice.take(), [])
        again.say("back")
        self.assertEqual(alice.texts, ["back"])
        again.vanish()
        self.assertEqual(len(house.hall.roster), 1)

    def test_without_token(self) -> None:
        """Without the token the nickname of a dead connection stays taken."""
        house = House()
        house.come("bot", door="json")
        self.assertEqual(house.connect("json").offer("bot").codes, ["nick-taken"])

    def test_token_of_another(self) -> None:
        """A token gives its own person, not whoever has the nickname now."""
        house = House()
        bot = house.connect("json").offer("bot")
        bot.vanish()
        house.come("bot")
        back = house.connect("json").offer("bot", token=bot.token)
        self.assertEqual(back.codes, ["nick-taken"])
        back.offer("robot", token=bot.token)
        self.assertEqual(back.member.person.author, bot.member.person.author)

    def test_old_connection_ends_while_coming_in(self) -> None:
        """When the old connection ends while one comes back, the nickname is still one's own afterwards."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        bot = house.connect("json").offer("bot")
        journal.slow = True
        again = house.connect("json").offer("bot", token=bot.token)
        journal.answer()  # who the token is
        bot.vanish()
        journal.answer_all()
        self.assertIs(again.session.state, State.CHATTING)
        self.assertIs(house.hall.roster.find("bot"), again.connection.person)
        self.assertIs(house.hall.people[again.connection.person.author], again.connection.person)
        again.vanish()
        self.assertEqual((len(house.hall.roster), house.hall.people), (0, {}))

    def test_nickname_is_taken_while_coming_in(self) -> None:
        """When somebody takes the nickname after the old connection has ended, one is refused."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        bot = house.connect("json").offer("bot")
        journal.slow = True
        again = house.connect("json").offer("bot", token=bot.token)
        journal.answer()
        bot.vanish()
        other = house.connect("json").offer("bot", since="head")
        journal.answer_all()
        self.assertEqual(again.codes, ["nick-taken"])
        self.assertIs(again.session.state, State.NAMELESS)
        self.assertIs(house.hall.roster.find("bot"), other.member.person)

    def test_new_nickname_with_a_token(self) -> None:
        """A token together with a new nickname renames the person."""
        house = House()
        (alice,) = house.come("alice")
        bot = house.connect("json").offer("bot")
        alice.take()
        again = house.connect("json").offer("robot", token=bot.token, since="head")
        self.assertEqual([type(event) for event in alice.take()], [Renamed])
        self.assertEqual(again.answers[0].nick, "robot")  # type: ignore[attr-defined]

    def test_new_nickname_is_taken_while_coming_in(self) -> None:
        """When somebody takes the wished nickname meanwhile, one comes in with the old one, and is told which."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        bot = house.connect("json").offer("bot")
        journal.slow = True
        again = house.connect("json").offer("robot", token=bot.token)
        journal.answer()
        house.connect("json").offer("robot", since="head")
        journal.answer_all()
        self.assertEqual(again.answers[0].nick, "bot")  # type: ignore[attr-defined]
        journal.slow = False
        said(house.come("alice")[0], "hello")
        self.assertEqual(again.texts[-1], "hello")

    def test_at_once(self) -> None:
        """A token works from the moment it was given out, before its session is on disk."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        bot = house.connect("json").offer("bot")
        again = house.connect("json").offer("bot", token=bot.token, since="head")
        bot.vanish()
        while journal.pending:
            journal.commit()
        self.assertEqual(again.codes, [])
        self.assertEqual(again.connection.person.nick, "bot")

    def test_after_restart(self) -> None:
        """A token works after a restart too, and gives back the rooms, the current one, and the place."""
        house = House()
        (alice,) = house.come("alice")
        bot = house.connect("json").offer("bot")
        bot.do("join", room="dev")
        said(alice, "one", "two")
        house.hall.stop("The server stops.")
        hall = house.reopened()
        again = Peer(hall, house.clock, "json").offer("bot", token=bot.token, since="head")
        self.assertEqual(again.connection.rooms, ("lobby", "dev"))
        self.assertEqual(again.answers[0], Welcomed("bot", "dev", 2, bot.token, 2))

    def test_lost_while_behind(self) -> None:
        """Who was lost while it took nothing is told how far it had read, not how far the others had."""
        house = House()
        (alice,) = house.come("alice")
        bot = house.connect("json").offer("bot")
        said(alice, "one", "two")
        bot.screen.fill()
        said(alice, "three", "four")
        bot.vanish()
        again = house.connect("json").offer("bot", token=bot.token, since="head")
        self.assertEqual(again.answers[0], Welcomed("bot", "lobby", 4, bot.token, 2))


class SinceTests(SynchronousTestCase):
    @given(st.integers(0, 40), st.integers(1, 30))
    def test_every_number(self, since: int, page: int) -> None:
        """ "since" gives everything after that number in one's rooms, each once, in order, and then what follows."""
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
        self.assertEqual((bot.ids, [type(answer) for answer in bot.answers]), ([3], [Welcomed]))

    def test_private(self) -> None:
        """Private messages that came while one was away are shown too; those of others never."""
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
        """What one's dead connection had sent, and no number was told for, is shown to the new one."""
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


class AuthorshipTests(SynchronousTestCase):
    def test_edit_after_resuming(self) -> None:
        """What one said before a lost connection one may edit after it, by number or as the last one."""
        house = House()
        (alice,) = house.come("alice")
        bot = house.connect("json").offer("bot")
        said(bot, "one", "two")
        bot.vanish()
        again = house.connect("json").offer("bot", token=bot.token, since="head")
        again.do("edit", id=1, text="uno").do("edit", text="due")
        self.assertEqual([e.text for e in alice.events if isinstance(e, Edited)], ["uno", "due"])
        self.assertEqual([type(answer) for answer in again.answers[1:]], [Done, Done])

    def test_departed_guest(self) -> None:
        """A guest who takes a departed guest's nickname can neither edit nor delete what that one said."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.type("mine")
        bob.vanish()
        (thief,) = house.come("bob")
        thief.type("/edit #1 stolen", "/delete #1", "/delete", "/edit stolen", "s/mine/stolen/")
        self.assertEqual(thief.codes, ["not-yours", "not-yours", *["no-such-message"] * 3])
        self.assertEqual([type(event) for event in alice.events if not isinstance(event, Joined)][:1], [Said])
        self.assertFalse([event for event in alice.events if isinstance(event, Edited)])
