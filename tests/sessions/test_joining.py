"""Coming in: rooms, quiet programs, tokens, what is shown first, and that nothing is lost or doubled between."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import digest_of
from groupchat.hall.hall import FEATURES
from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import (
    Departed,
    Done,
    Edited,
    Entered,
    Joined,
    Left,
    Renamed,
    Replayed,
    Said,
    Told,
    Welcomed,
    Whispered,
)
from groupchat.sessions.session import State
from groupchat.verbs.visiting import COUNTED
from tests.fakes import HeldJournal, SlowJournal
from tests.house import House, Peer
from tests.people import account, member, operator
from tests.verbs.cases import TypingCase

PASSWORD = "correct horse"


def said(peer: Peer, *texts: str) -> None:
    for text in texts:
        peer.say(text)


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


class ClaimTests(SynchronousTestCase):
    def test_letter_case(self) -> None:
        """Nicknames that differ in case only are the same; a person can spell their own anew."""
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
        """A connection lost while coming in frees the nickname, is never in the hall, and nobody sees it."""
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
        """Somebody who is just coming in while the server stops does not come in."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        journal.slow = True
        peer = house.connect().type("alice")
        self.successResultOf(house.hall.stop("The server stops."))
        journal.answer_all()
        self.assertEqual((peer.answers, peer.screen.closed), ([], True))
        self.assertEqual(len(house.hall.roster), 0)


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

    def test_stays(self) -> None:
        """Twice a day the session of a connection that stays is persisted, so that its token goes on working."""
        house = House()
        bot = house.connect("json").offer("bot")
        written, rooms = [], set()
        for _ in range(48):
            house.clock.advance(3600)
            house.hall.renew(3600)
            house.turn()
            stored = self.successResultOf(house.journal.recall(digest_of(bot.token)))
            assert stored is not None
            written.append(stored.seen)
            rooms.add(stored.rooms)
            self.assertLess(house.now() - stored.seen, 43200)
        self.assertEqual(len(set(written)), 5)
        self.assertEqual(rooms, {("lobby",)})

    def test_takes_nickname_back(self) -> None:
        """A token takes the nickname back from its own dead connection; nobody sees a leave or a join."""
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
        self.assertEqual(back.connection.person.author, bot.connection.person.author)

    def test_old_connection_ends_while_coming_in(self) -> None:
        """When the old connection ends while the client comes back, the nickname is still its own afterwards."""
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
        self.assertIs(house.hall.roster.of(again.connection.person.author), again.connection.person)
        again.vanish()
        self.assertEqual(len(house.hall.roster), 0)

    def test_nickname_is_taken_while_coming_in(self) -> None:
        """When somebody takes the nickname after the old connection has ended, the client is refused."""
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
        self.assertIs(house.hall.roster.find("bot"), other.connection.person)

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
        """When somebody takes the wished nickname meanwhile, the client keeps the old one, and is told which."""
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
        welcome = again.answers[0]
        assert isinstance(welcome, Welcomed)
        self.assertEqual((welcome.nick, welcome.room, welcome.rooms), ("bot", "dev", ("lobby", "dev")))
        self.assertEqual((welcome.head, welcome.token, welcome.position), (2, bot.token, 2))

    def test_taken_over(self) -> None:
        """A client that comes back before its old connection ended is told how far that one had read."""
        house = House()
        (alice,) = house.come("alice")
        bot = house.connect("json").offer("bot")
        said(alice, "one", "two")
        again = house.connect("json").offer("bot", token=bot.token, since="head")
        welcome = again.answers[0]
        assert isinstance(welcome, Welcomed)
        self.assertEqual((welcome.head, welcome.position), (2, 2))

    def test_lost_while_behind(self) -> None:
        """A client lost while it took nothing is told how far it had read, not how far the others had."""
        house = House()
        (alice,) = house.come("alice")
        bot = house.connect("json").offer("bot")
        said(alice, "one", "two")
        bot.screen.fill()
        said(alice, "three", "four")
        bot.vanish()
        again = house.connect("json").offer("bot", token=bot.token, since="head")
        welcome = again.answers[0]
        assert isinstance(welcome, Welcomed)
        self.assertEqual((welcome.head, welcome.position), (4, 2))


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


class AuthorshipTests(SynchronousTestCase):
    def test_edit_after_resuming(self) -> None:
        """What was said before a lost connection can be edited after it, by number or as the last message."""
        house = House()
        (alice,) = house.come("alice")
        bot = house.connect("json").offer("bot")
        said(bot, "one", "two")
        bot.vanish()
        again = house.connect("json").offer("bot", token=bot.token, since="head")
        again.do("edit", id=1, text="uno").do("edit", text="due")
        self.assertEqual([e.text for e in alice.events if isinstance(e, Edited)], ["uno", "due"])
        self.assertEqual([type(answer) for answer in again.answers[2:]], [Done, Done])

    def test_departed_guest(self) -> None:
        """A guest who takes a departed guest's nickname can neither edit nor delete what the other said."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.type("mine")
        bob.vanish()
        (thief,) = house.come("bob")
        thief.type("/edit #1 stolen", "/delete #1", "/delete", "/edit stolen", "s/mine/stolen/")
        self.assertEqual(thief.codes, ["not-yours", "not-yours", *["no-such-message"] * 3])
        self.assertEqual([type(event) for event in alice.events if not isinstance(event, Joined)][:1], [Said])
        self.assertFalse([event for event in alice.events if isinstance(event, Edited)])


def back(house: House, nick: str, door: str = "text") -> Peer:
    """Return somebody who logs in, and what they were shown then."""
    peer = house.connect(door)
    return peer.offer(nick, password=PASSWORD) if door == "json" else peer.type(nick, PASSWORD)


def entered(peer: Peer) -> list[str]:
    """Return the rooms somebody was told to be in, in order."""
    return [answer.room for answer in peer.answers if isinstance(answer, Entered)]


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


class RoomsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House(rooms_max=3)
        (self.alice,) = self.house.come("alice")

    def test_named(self) -> None:
        """A claim names the rooms to be in, in any spelling, each once; the last is the current one."""
        self.alice.type("/join dev", "/topic code")
        self.alice.take()
        bot = self.house.connect("json").offer("bot", rooms=("#Ops", "dev", "ops", "DEV"))
        self.assertEqual(bot.connection.rooms, ("ops", "dev"))
        self.assertEqual(entered(bot), ["ops", "dev"])
        (welcome, _, last) = bot.answers
        assert isinstance(welcome, Welcomed)
        self.assertEqual((welcome.rooms, welcome.room), (("ops", "dev"), "dev"))
        self.assertEqual(last, Entered("dev", "code", ({"nick": "alice"}, {"nick": "bot"})))
        self.assertEqual(self.alice.take(), [Joined("dev", "bot", self.house.now())])

    def test_none(self) -> None:
        """An empty array means no room: the program is in every list of people, and in no room's."""
        bot = self.house.connect("json").offer("bot", rooms=())
        self.assertEqual((bot.connection.rooms, bot.connection.current, entered(bot)), ((), "", []))
        self.assertEqual(self.alice.take(), [])
        bot.say("hi").do("list")
        self.assertEqual(bot.codes, ["not-in-room"] * 2)
        self.alice.type("/msg bob hi", "/msg bot hi")
        self.assertEqual([event.text for event in bot.events if isinstance(event, Whispered)], ["hi"])
        bot.do("join", room="lobby")
        self.assertEqual(entered(bot), ["lobby"])

    def test_not_named(self) -> None:
        """Without the field the lobby is meant, or the rooms of before."""
        bot = self.house.connect("json").offer("bot")
        self.assertEqual(entered(bot), ["lobby"])
        bot.do("join", room="dev").do("join", room="ops").do("switch", room="dev")
        again = self.house.connect("json").offer("bot", token=bot.token)
        self.assertEqual((again.connection.rooms, again.connection.current), (("lobby", "dev", "ops"), "dev"))
        self.assertEqual(entered(again), ["lobby", "ops", "dev"])

    def test_named_with_token(self) -> None:
        """A client that resumes and names rooms is in these, and leaves the others, which is shown."""
        bot = self.house.connect("json").offer("bot", rooms=("lobby", "dev"))
        bot.vanish()
        self.alice.take()
        again = self.house.connect("json").offer("bot", token=bot.token, rooms=("dev",))
        self.assertEqual(again.connection.rooms, ("dev",))
        self.assertEqual(self.alice.take(), [])

    def test_wrong(self) -> None:
        """A name that is none, or more rooms than allowed, are refused, and nobody is in."""
        bot = self.house.connect("json")
        bot.offer("bot", rooms=("no such",), ref=1).offer("bot", rooms=("a", "b", "c", "d"), ref=2)
        self.assertEqual(bot.codes, ["room-invalid", "bad-arguments"])
        self.assertIs(bot.session.state, State.NAMELESS)
        self.assertEqual(len(self.house.hall.roster), 1)
        bot.offer("bot", rooms=("a", "b", "c"))
        self.assertEqual(len(bot.connection.rooms), 3)

    def test_locked(self) -> None:
        """Of the rooms named, locked and banned ones are left out; the last of the others is current."""
        boss = operator(self.house, "boss", "json")
        boss.do("lock", room="dev").do("ban", whom="bot", room="ops")
        bot = self.house.connect("json").offer("bot", rooms=("lobby", "news", "ops", "dev"[:3]))
        self.assertEqual(bot.codes, ["bad-arguments"])
        bot.offer("bot", rooms=("news", "ops", "dev"))
        self.assertEqual((bot.connection.rooms, bot.connection.current), (("news",), "news"))

    def test_all_locked(self) -> None:
        """When none of the rooms named can be entered, the claim is refused with the reason."""
        boss = operator(self.house, "boss", "json")
        boss.do("lock", room="dev").do("ban", whom="bot", room="ops")
        bot = self.house.connect("json").offer("bot", rooms=("ops", "dev"), ref=1).offer("bot", rooms=("ops",), ref=2)
        self.assertEqual(bot.codes, ["room-locked", "banned"])
        self.assertIs(bot.session.state, State.NAMELESS)

    def test_locked_and_invited(self) -> None:
        """An account that is invited enters a locked room it names; so does the room's operator."""
        boss = operator(self.house, "boss", "json")
        account(self.house.hall, "dora")
        account(self.house.hall, "rita")
        boss.do("lock", room="dev").do("invite", nick="dora", room="dev").do("op", nick="rita", room="dev")
        for nick in ("dora", "rita"):
            peer = self.house.connect("json").offer(nick, password=PASSWORD, rooms=("dev",))
            self.assertEqual(entered(peer), ["dev"], nick)

    def test_locked_meanwhile(self) -> None:
        """A room that is locked while the earlier messages are read is not entered."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        boss = operator(house, "boss", "json")
        journal.slow = True
        bot = house.connect("json").offer("bot", rooms=("lobby", "dev"))
        boss.do("lock", room="dev")
        journal.answer_all()
        self.assertEqual((bot.connection.rooms, entered(bot)), (("lobby",), ["lobby"]))

    def test_locked_on_resuming(self) -> None:
        """A room that was locked while a client was away is not entered again; with no other left, the lobby is."""
        boss = operator(self.house, "boss", "json")
        bot = self.house.connect("json").offer("bot", rooms=("dev",))
        bot.vanish()
        boss.do("lock", room="dev")
        again = self.house.connect("json").offer("bot", token=bot.token)
        self.assertEqual(entered(again), ["lobby"])

    def test_earlier_messages(self) -> None:
        """The earlier messages are those of the current room only."""
        self.alice.type("/join dev", "there", "/switch lobby", "here")
        bot = self.house.connect("json").offer("bot", rooms=("lobby", "dev"))
        (replayed,) = (answer for answer in bot.answers if isinstance(answer, Replayed))
        self.assertEqual([post.room for post in replayed.posts], ["dev"])


class QuietTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.boss = operator(self.house, "boss", "json")
        (self.alice,) = self.house.come("alice")
        self.bot = self.house.connect("json").offer("bot", quiet=True, ref=1)

    def test_welcome(self) -> None:
        """A quiet program is welcomed to no room, and nobody sees it come or go."""
        (welcome,) = self.bot.answers
        assert isinstance(welcome, Welcomed)
        self.assertEqual((welcome.room, welcome.rooms), ("", ()))
        self.bot.vanish()
        self.assertEqual(self.alice.take(), [])
        self.assertEqual(len(self.house.hall.roster), 2)

    def test_reads_no_room(self) -> None:
        """It reads no room, by no request, as nobody is told of it; for its own words and private ones it may ask."""
        self.alice.say("a secret")
        self.bot.say("mine", room="lobby")
        for verb, fields in (
            ("history", {"room": "lobby"}),
            ("history", {"room": "lobby", "before": 9}),
            ("search", {"text": "in:lobby secret"}),
            ("last", {"nick": "alice", "room": "lobby"}),
            ("files", {"room": "lobby"}),
        ):
            self.bot.take()
            self.bot.do(verb, **fields)
            self.assertEqual((self.bot.codes, self.bot.texts), (["not-in-room"], []), verb)
        self.bot.take()
        self.bot.do("last", room="lobby").do("history").do("search", text="secret").do("goto", id=1)
        found = [
            getattr(post, "text", "") for one in self.bot.answers if isinstance(one, Replayed) for post in one.posts
        ]
        self.assertEqual((found, self.bot.codes), (["mine"], ["no-such-message"]))

    def test_in_no_list(self) -> None:
        """It is in no room's list and in none of the counts of rooms."""
        self.bot.say("hi", room="lobby")
        self.alice.take()
        self.alice.type("/list", "/rooms")
        people, rooms = (answer.items for answer in self.alice.answers[-2:])  # type: ignore[attr-defined]
        self.assertEqual([item["nick"] for item in people], ["alice", "boss"])
        self.assertEqual([(item["room"], item["people"]) for item in rooms], [("lobby", 2)])

    def test_says(self) -> None:
        """It says things in open rooms that it names, with a number and its nickname, and stays in none."""
        self.bot.take()
        self.bot.do("say", text="hi", room="lobby", ref=1).do("me", text="waves", room="#LOBBY", ref=2)
        self.assertEqual([(event.nick, event.text) for event in self.alice.events], [("bot", "hi"), ("bot", "waves")])  # type: ignore[attr-defined]
        self.assertEqual(self.bot.refs(), [("Done", 1), ("Done", 2)])
        self.assertEqual(self.bot.connection.rooms, ())

    def test_reads_nothing(self) -> None:
        """It is shown nothing that others say or do in rooms."""
        self.bot.say("hi", room="lobby")
        self.bot.take()
        self.alice.type("hello", "/me waves", "/topic x", "/nick anna", "/away", "/exit")
        self.assertEqual(self.bot.take(), [])

    def test_must_name(self) -> None:
        """Without a room nothing is said anywhere."""
        self.bot.say("hi")
        self.assertEqual(self.bot.codes, ["not-in-room"])
        self.assertEqual(self.alice.texts, [])

    def test_closed_rooms(self) -> None:
        """It says nothing in rooms it could not join: locked ones, and those it is banned from or muted in."""
        self.boss.do("lock", room="dev").do("ban", whom="bot", room="ops").do("mute", nick="bot", room="news")
        for room in ("dev", "ops", "news"):
            self.bot.say("hi", room=room)
        self.assertEqual(self.bot.codes, ["room-locked", "banned", "muted"])
        self.boss.do("invite", nick="bot", room="dev")
        self.bot.take()
        self.bot.say("hi", room="dev")
        self.assertEqual(self.bot.codes, [])

    def test_goes_nowhere(self) -> None:
        """It joins, leaves and switches to no room, and types in none."""
        self.bot.do("join", room="lobby").do("leave", room="lobby").do("switch", room="lobby")
        self.bot.do("typing", room="lobby").do("leave").do("list")
        self.assertEqual(self.bot.codes, ["not-allowed", *["not-in-room"] * 5])
        self.assertFalse(self.flushLoggedErrors())

    def test_own_words(self) -> None:
        """It changes and deletes what it said."""
        self.bot.say("teh", room="lobby")
        self.bot.do("edit", text="the", room="lobby").do("delete", id=1)
        self.assertEqual([type(event).__name__ for event in self.alice.events], ["Said", "Edited", "Deleted"])

    def test_cut_off(self) -> None:
        """A kick from the server cuts it off; nobody sees it leave a room."""
        self.boss.do("kick", nick="bot")
        self.assertTrue(self.bot.screen.closed)
        self.assertFalse([event for event in self.alice.events if isinstance(event, Left)])

    def test_rooms(self) -> None:
        """A quiet program that names rooms reads them, as a program; one that names none is in none."""
        for rooms in ((), ("lobby",)):
            bot = self.house.connect("json").offer("bat", quiet=True, rooms=rooms)
            self.assertEqual((bot.connection.rooms, bot.connection.program), (rooms, True))
            bot.vanish()

    def test_account(self) -> None:
        """A quiet program of an account beside a person: the person's rooms and messages stay as they are."""
        account(self.house.hall, "dora")
        dora = back(self.house, "dora")
        dora.take(), self.alice.take()
        quiet = self.house.connect("json").offer("dora", password=PASSWORD, quiet=True)
        self.assertEqual(self.alice.take(), [])
        self.assertEqual([type(answer) for answer in quiet.answers], [Welcomed])
        quiet.say("posted", room="lobby")
        self.assertEqual(dora.texts, ["posted"])
        quiet.vanish()
        self.assertEqual(self.alice.take()[1:], [])
        self.assertEqual(dora.connection.rooms, ("lobby",))

    def test_missed_messages_stay(self) -> None:
        """What an account missed is kept for a connection that reads."""
        account(self.house.hall, "dora")
        self.alice.type("/msg dora psst")
        quiet = self.house.connect("json").offer("dora", password=PASSWORD, quiet=True)
        self.assertEqual([type(answer) for answer in quiet.answers], [Welcomed])
        quiet.vanish()
        dora = back(self.house, "dora")
        headings = [answer.heading for answer in dora.answers if isinstance(answer, Replayed)]
        self.assertEqual(headings, ["1 message while you were away:"])

    def test_missed_messages_are_shown(self) -> None:
        """A quiet program that is connected all the time does not keep its account from reading what it missed."""
        account(self.house.hall, "dora")
        self.house.connect("json").offer("dora", password=PASSWORD, quiet=True)
        self.alice.type("/msg dora psst")
        dora = back(self.house, "dora")
        headings = [answer.heading for answer in dora.answers if isinstance(answer, Replayed)]
        self.assertEqual(headings, ["1 message while you were away:"])


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


class LockedTests(TypingCase):
    def test_resuming(self) -> None:
        """A program that resumes is not let into a room that was locked meanwhile; without any it is in the lobby."""
        bot = self.house.connect("json").offer("bot")
        bot.do("join", room="dev").do("leave", room="lobby")
        bot.vanish()
        self.rita.type("/join dev", "/lock dev")
        back = self.house.connect("json").offer("bot", token=bot.token)
        self.assertEqual(back.connection.rooms, ("lobby",))
        self.rita.type("/unlock dev", "/switch lobby")
        self.olga.type("/op rita")
        self.rita.type("/ban bot")
        self.assertEqual(back.connection.rooms, ())
        again = self.house.connect("json").offer("bot", token=back.token or bot.token)
        self.assertEqual((again.codes, again.connection.rooms), ([], ()))
