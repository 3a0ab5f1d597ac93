"""Requests that are overtaken by events: a lost connection, a demotion, another connection of the same person."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.errors import JournalUnavailable, Kicked
from groupchat.model.events import Answer, Departed, Done, Entered, Left, Refused
from tests.fakes import HeldJournal
from tests.house import House
from tests.people import account, operator

PASSWORD = "correct horse"


class LoginTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.passwords = self.house.passwords

    def test_lost_during_a_login_after_a_registration(self) -> None:
        """A connection that registers, logs in elsewhere, and is lost meanwhile leaves nobody behind."""
        account(self.house.hall, "zed", password=PASSWORD)
        bot = self.house.connect("json").offer("bot")
        self.passwords.held = True
        bot.do("register", password=PASSWORD).do("login", name="zed", password=PASSWORD).do("last")
        for _ in range(2):
            if self.passwords.waiting:
                self.passwords.answer()
            self.house.turn()
        bot.vanish()
        while self.passwords.waiting:
            self.passwords.answer()
            self.house.turn()
        self.assertEqual(([person.nick for person in self.house.hall.roster], len(self.house.hall.sessions)), ([], 0))

    def test_in_order(self) -> None:
        """What follows a registration in one write is carried out when the account is there."""
        bot = self.house.connect("json").offer("bot")
        bot.take()
        bot.do("register", ref=1, password=PASSWORD).do("logout", ref=2)
        for _ in range(4):
            self.house.turn()
        self.assertEqual([ref for _, ref in bot.refs() if ref], [1, 2])
        self.assertEqual(bot.codes, [])

    def test_replaced_during_a_login(self) -> None:
        """Nobody comes in on a connection that was replaced while its login was checked."""
        account(self.house.hall, "zed", password=PASSWORD)
        bot = self.house.connect("json").offer("bot")
        self.passwords.held = True
        bot.do("login", name="zed", password=PASSWORD)
        again = self.house.connect("json").offer("bot", token=bot.token)
        self.passwords.answer()
        self.house.turn()
        self.assertEqual([person.nick for person in self.house.hall.roster], ["bot"])
        self.assertIs(self.house.hall.roster.of(again.connection.person.author), again.connection.person)

    def test_logout_is_told(self) -> None:
        """A program that logs out is told that it is in no room any more."""
        account(self.house.hall, "zed", password=PASSWORD)
        bot = self.house.connect("json").offer("zed", password=PASSWORD, rooms=("dev", "lobby"))
        bot.take()
        bot.do("logout")
        departed = [event.room for event in bot.answers if isinstance(event, Departed)]
        self.assertEqual(departed, ["dev", "lobby"])


class PutOutTests(SynchronousTestCase):
    """Whoever is put out while something is on its way is told of each line, before the end and why."""

    def setUp(self) -> None:
        self.journal = HeldJournal(MemoryJournal())
        self.house = House(self.journal)
        self.olga = operator(self.house, "olga")
        self.bob, self.program = self.house.connect().type("bob"), self.house.connect("json").offer("bot")
        self.land()
        for peer in (self.olga, self.bob, self.program):
            peer.take()

    def land(self) -> None:
        """Let everything be stored."""
        while self.journal.pending:
            self.journal.commit()
            self.house.turn()

    def test_each_line(self) -> None:
        """They are told by their words; others, and programs that find out by themselves, are told nothing."""
        self.bob.type("first", "x" * 100)
        self.house.turn()
        self.bob.type("/msg olga third")
        self.program.say("mine", key="k")
        for peer in (self.bob, self.program):
            peer.session.hangup(Kicked("Out."))
        told = [answer for answer in self.bob.answers if isinstance(answer, Refused)]
        self.assertEqual([one.code for one in told], ["journal-unavailable"] * 3 + ["kicked"])
        for one, words in zip(told, ("first", "x" * 60 + "…", "third"), strict=False):
            self.assertEqual(one.text, f"{JournalUnavailable.NOT_KNOWN} It was: {words}")
        self.assertEqual((self.program.codes, self.olga.codes), (["kicked"], []))

    def test_by_a_kick(self) -> None:
        """What was stored before the kick is no doubt; only what came after it is."""
        self.program.say("something on its way")
        self.bob.type("before")
        self.olga.type("/kick bob")
        self.journal.commit()
        self.house.turn()
        self.assertEqual(len(self.journal.pending[-1]), 2)
        self.bob.type("after")
        while not self.bob.screen.closed:
            self.journal.commit()
            self.house.turn()
        told = [answer for answer in self.bob.answers if isinstance(answer, Refused)]
        self.assertEqual([one.code for one in told], ["journal-unavailable", "kicked"])
        self.assertIn("It was: after", told[0].text)


class DemotionTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.first, self.second = operator(self.house, "olga"), operator(self.house, "omar", door="json")

    def test_adduser_and_setpassword(self) -> None:
        """An operator who is demoted while a password is hashed makes no account, and sets no password."""
        kept = account(self.house.hall, "zed", password=PASSWORD)
        self.house.passwords.held = True
        for name, fields in (("adduser", {"name": "evil"}), ("setpassword", {"name": "zed"})):
            self.second.do(name, password="another one", **fields)
            self.first.type("/demote omar")
            self.house.passwords.answer()
            self.house.turn()
            self.assertEqual(self.second.codes[-1], "not-allowed", name)
            self.first.type("/promote omar")
            self.house.turn()
        self.assertIsNone(self.house.hall.accounts.find("evil"))
        self.assertEqual(self.house.hall.accounts.find("zed"), kept)
        self.assertFalse(self.house.hall.moderation.is_operator(kept))


class PresenceTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        (self.bot,) = self.house.come("bot", door="json")

    def test_no_leave_of_oneself(self) -> None:
        """A client that comes back is not shown that its earlier connection left."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        alice = house.connect("json").offer("alice")
        rob = house.connect("json").offer("rob")
        while journal.pending:
            journal.commit()
        alice.say("in flight")
        rob.vanish()
        again = house.connect("json").offer("rob", token=rob.token, since="head")
        while journal.pending:
            journal.commit()
            house.turn()
        self.assertIn("rob", [event.nick for event in alice.events if isinstance(event, Left)])
        self.assertEqual([event for event in again.events if isinstance(event, Left)], [])

    def test_joins_on_again(self) -> None:
        """A program that turned joins off and on again is told who is there now."""
        self.bot.do("set", name="joins", value="off")
        self.house.come("alice")
        self.bot.take()
        self.bot.do("set", name="joins", value="on")
        (entered,) = [event for event in self.bot.answers if isinstance(event, Entered)]
        self.assertEqual([person["nick"] for person in entered.people or ()], ["bot", "alice"])

    def test_no_room_stays_no_room(self) -> None:
        """A client that was in no room resumes in none."""
        token = self.house.connect("json").offer("rob", rooms=()).token
        again = self.house.connect("json").offer("rob", token=token)
        self.assertEqual(again.connection.rooms, ())

    def test_own_nickname(self) -> None:
        """The answer to a new nickname has it as a field."""
        self.bot.do("nick", nick="robot", ref=1)
        (done,) = [event for event in self.bot.answers if isinstance(event, Done)]
        self.assertEqual(done.fields, {"nick": "robot"})

    def test_pings_before_the_end(self) -> None:
        """Pings of a connection that is catching up are answered although it leaves before it has caught up."""
        self.bot.screen.fill()
        (alice,) = self.house.come("alice")
        alice.type("hello")
        self.bot.session.do("ping", {}, 1)
        self.bot.session.do("exit", {}, 2)
        self.house.turn()
        refs = [ref for event, ref in self.bot.screen.shown if isinstance(event, Answer) and ref is not None]
        self.assertEqual(refs, [1, 2])
