"""Coming in: into which rooms, and as a program that is in none."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import (
    Entered,
    Joined,
    Left,
    Replayed,
    Welcomed,
    Whispered,
)
from groupchat.sessions.session import State
from tests.fakes import SlowJournal
from tests.house import House
from tests.people import account, operator
from tests.sessions.arrival.coming import PASSWORD, back, entered


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
