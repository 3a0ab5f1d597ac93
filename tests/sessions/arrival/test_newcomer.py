"""Who comes in: somebody with the token of an earlier connection."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import digest_of
from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import (
    Done,
    Edited,
    Joined,
    Renamed,
    Said,
    Welcomed,
)
from groupchat.sessions.session import State
from tests.fakes import HeldJournal, SlowJournal
from tests.house import House, Peer
from tests.sessions.arrival.coming import said
from tests.verbs.cases import TypingCase


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
