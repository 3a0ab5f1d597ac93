"""Who comes and goes: what the connection itself is told, and what others are told."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.errors import NickTaken
from groupchat.model.events import (
    Departed,
    Done,
    Entered,
    Event,
    Joined,
    Left,
    ManyJoined,
    ManyLeft,
    Refused,
    Renamed,
    Typing,
    Welcomed,
)
from groupchat.model.ranks import Rank
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import account, member, operator


def own(peer: Peer) -> list[Event]:
    """What a peer was told of its own membership since it was asked last."""
    return [event for event in peer.take() if isinstance(event, Welcomed | Entered | Departed)]


def rooms(events: list[Event]) -> list[str]:
    """The rooms of these, each with a sign: + entered, - departed."""
    signs = {Entered: "+", Departed: "-"}
    return [f"{signs[type(event)]}{event.room}" for event in events if isinstance(event, Entered | Departed)]


def others(peer: Peer) -> list[Event]:
    """What a peer was told of other people since it was asked last."""
    kinds = Joined | Left | ManyJoined | ManyLeft | Renamed
    return [event for event in peer.take() if isinstance(event, kinds)]


class AttendanceCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.hall = self.house.hall
        self.attendance = self.hall.attendance
        (self.watcher,) = self.house.come("watcher", door="json")

    def come(self, nick: str, **claim: Any) -> Peer:
        """Let a program come in; it remembers how."""
        return self.house.connect("json").offer(nick, **claim)

    @property
    def now(self) -> float:
        """The wall-clock time."""
        return self.house.now()


class EnteredTests(AttendanceCase):
    """A connection is told that it is in a room, on every path."""

    def test_coming_in(self) -> None:
        """After the welcome it is told of the lobby, with everybody there, itself too."""
        welcome, entered = own(self.come("bot"))
        assert isinstance(welcome, Welcomed)
        self.assertEqual((welcome.rooms, welcome.room), (("lobby",), "lobby"))
        self.assertEqual(entered, Entered("lobby", "", ({"nick": "watcher"}, {"nick": "bot"})))

    def test_rooms_asked_for(self) -> None:
        """After the welcome it is told of each room it asked for, the current one last."""
        welcome, *entered = own(self.come("bot", rooms=("dev", "ops")))
        assert isinstance(welcome, Welcomed)
        self.assertEqual((welcome.rooms, welcome.room, rooms(entered)), (("dev", "ops"), "ops", ["+dev", "+ops"]))

    def test_no_room(self) -> None:
        """In no room there is nothing to be told but the welcome; of a quiet program nobody is told anything."""
        for claim in ({"rooms": ()}, {"quiet": True}):
            bot = self.come("bot", **claim)
            self.assertEqual([type(event) for event in own(bot)], [Welcomed])
            bot.vanish()
        self.assertEqual(others(self.watcher), [])

    def test_joining(self) -> None:
        """On joining it is told of the room before it is shown anything there."""
        self.watcher.do("topic", text="tea", room="lobby").do("join", room="dev").do("topic", text="plans")
        bot = self.come("bot")
        bot.take()
        bot.do("join", room="dev")
        events = bot.take()
        self.assertEqual(events[0], Entered("dev", "plans", ({"nick": "watcher"}, {"nick": "bot"})))
        self.assertIsInstance(events[-1], Done)

    def test_resuming(self) -> None:
        """Somebody who comes back with a token, or takes over a living connection, is told of every room again."""
        bot = self.come("bot", rooms=("dev", "lobby"))
        token = bot.token
        for lost in (True, False):
            if lost:
                bot.vanish()
            bot = self.come("bot", token=token)
            self.assertEqual(rooms(own(bot)), ["+dev", "+lobby"])

    def test_after_a_restart(self) -> None:
        """So is who comes back after a restart."""
        token = self.come("bot", rooms=("dev", "lobby")).token
        self.house.hall = self.house.reopened()
        self.assertEqual(rooms(own(self.come("bot", token=token))), ["+dev", "+lobby"])

    def test_another_connection(self) -> None:
        """Another connection of an account is told of the rooms it comes into, which are those of the first."""
        account(self.hall, "alice")
        first = self.come("alice", password="correct horse")
        first.do("join", room="dev").do("switch", room="lobby")
        second = self.come("alice", password="correct horse")
        self.assertEqual(rooms(own(second)), ["+dev", "+lobby"])
        people = [person.nick for person in self.hall.rooms.open("lobby").people]
        self.assertEqual(people, ["watcher", "alice"])

    def test_logging_in(self) -> None:
        """Somebody who logs in while being here is told of the rooms anew, and again when the guest has left them."""
        account(self.hall, "alice")
        bot = self.come("bot")
        bot.take()
        bot.do("login", name="alice", password="correct horse")
        self.assertEqual(rooms(own(bot)), ["+lobby", "+lobby"])
        self.assertEqual([type(event) for event in others(self.watcher)], [Joined, Left, Joined])

    def test_without_joins(self) -> None:
        """Somebody who does not want to know of joins is not told who is there; who reads prose is told in words."""
        bot = self.come("bot").do("set", name="joins", value="off")
        bot.take()
        bot.do("join", room="dev")
        (text,) = self.house.come("alice")
        text.type("/join ops")
        for peer, room in ((bot, "dev"), (text, "ops")):
            (entered,) = own(peer)
            self.assertEqual(entered, Entered(room, "", None))

    def test_about_people(self) -> None:
        """Of each person is told the account, whether they keep order there, are away, and all encrypted."""
        olga = operator(self.house, "olga", "json")
        alice = member(self.house, "alice", "json")
        alice.screen.secure = True
        alice.do("away", text="tea")
        (entered,) = [event for event in own(self.come("bot")) if isinstance(event, Entered)]
        self.assertEqual(
            entered.people,
            (
                {"nick": "watcher"},
                {"nick": "olga", "account": "olga", "operator": True},
                {"nick": "alice", "account": "alice", "away": True, "words": "tea", "secure": True},
                {"nick": "bot"},
            ),
        )
        full = self.attendance.presence(olga.connection.person, "lobby")
        self.assertEqual(
            full,
            {
                "nick": "olga", "account": "olga", "operator": True, "away": False, "words": "", "secure": False,
                "program": False,
            },
        )  # fmt: skip

    def test_operators_of_a_room(self) -> None:
        """An operator of one room is shown as such there only."""
        alice = member(self.house, "alice", "json")
        operator(self.house, "olga").type("/op alice dev")
        person = alice.connection.person
        found = [self.attendance.presence(person, room)["operator"] for room in ("dev", "lobby")]
        self.assertEqual(found, [True, False])


class DepartedTests(AttendanceCase):
    """A connection is told that it is no longer in a room, why, and where its lines go now."""

    def setUp(self) -> None:
        super().setUp()
        self.olga = operator(self.house, "olga", "json")
        self.bot = self.come("bot").do("join", room="dev")
        for peer in (self.olga, self.watcher):
            peer.do("join", room="dev")
        for peer in (self.bot, self.olga, self.watcher):
            peer.take()

    def test_left(self) -> None:
        """Somebody who leaves is told so before the request is answered; the others see the reason."""
        self.bot.do("leave", room="dev", reason="bored")
        self.assertEqual(self.bot.take()[0], Departed("dev", "bored", "left", "lobby"))
        self.assertEqual(others(self.watcher), [Left("dev", "bot", self.now, "bored")])

    def test_left_the_last(self) -> None:
        """Somebody who leaves the last room has their lines go nowhere."""
        self.bot.do("leave", room="dev").do("leave", room="lobby")
        self.assertEqual(own(self.bot)[-1], Departed("lobby", "", "left", ""))

    def test_left_another(self) -> None:
        """Somebody who leaves a room that is not the current one stays where they are."""
        self.bot.do("leave", room="lobby")
        self.assertEqual(own(self.bot), [Departed("lobby", "", "left", "dev")])

    def test_kicked(self) -> None:
        """Somebody put out of a room is told by the code, on each connection; the others see them leave the room."""
        self.olga.do("kick", nick="bot", room="dev", reason="spam")
        (departed,) = own(self.bot)
        assert isinstance(departed, Departed)
        self.assertEqual((departed.room, departed.code, departed.current), ("dev", "kicked", "lobby"))
        self.assertFalse(self.bot.screen.closed)
        (left,) = others(self.watcher)
        assert isinstance(left, Left)
        self.assertEqual((left.room, left.nick, left.gone), ("dev", "bot", False))

    def test_banned(self) -> None:
        """Somebody who is banned from a room is told by the code too."""
        self.olga.do("ban", whom="bot", room="dev")
        (departed,) = own(self.bot)
        assert isinstance(departed, Departed)
        self.assertEqual((departed.code, departed.current), ("banned", "lobby"))

    def test_put_out_of_the_server(self) -> None:
        """Somebody who is put out of the server is told why it closes; the others see them leave the server."""
        self.olga.do("kick", nick="bot")
        self.assertEqual(self.bot.codes, ["kicked"])
        self.assertEqual(self.bot.screen.codes, ["kicked"])
        left = [event for event in others(self.watcher) if isinstance(event, Left)]
        self.assertEqual([(event.room, event.gone) for event in left], [("lobby", True), ("dev", True)])

    def test_gone(self) -> None:
        """A connection that is lost is told nothing more; the others see why, in each room."""
        self.bot.vanish()
        self.assertEqual(own(self.bot), [])
        left = [Left(room, "bot", self.now, "connection lost", True) for room in ("lobby", "dev")]
        self.assertEqual(others(self.watcher), left)

    def test_told_before_the_others(self) -> None:
        """The connection is told when its leaving is on disk; the others after what was said before."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        alice, bob = house.come("alice", "bob", door="json")
        while journal.pending:
            journal.commit()
        for peer in (alice, bob):
            peer.take()
        alice.say("last words")
        bob.do("leave", room="lobby")
        self.assertEqual((own(bob), alice.take()), ([], []))
        journal.commit()
        self.assertEqual((own(bob), [type(event) for event in alice.take()]), ([], [Done]))
        journal.commit()
        self.assertEqual(own(bob), [Departed("lobby", "", "left", "")])
        self.assertEqual([type(event) for event in alice.take()], [Left])


class PersonTests(AttendanceCase):
    """Others are told of a person, not of a connection."""

    def setUp(self) -> None:
        super().setUp()
        account(self.hall, "alice")
        self.first = self.come("alice", password="correct horse")
        self.second = self.come("alice", password="correct horse")

    def test_first_and_last(self) -> None:
        """The first connection joins, with the account; the last one leaves, and only it frees the nickname."""
        self.assertEqual(others(self.watcher), [Joined("lobby", "alice", self.now, "alice")])
        self.first.vanish()
        self.assertEqual(others(self.watcher), [])
        self.assertFalse(self.hall.roster.is_free("alice", "alice"))
        self.assertIsNotNone(self.hall.roster.find("alice"))
        self.second.vanish()
        self.assertEqual(others(self.watcher), [Left("lobby", "alice", self.now, "connection lost", True)])
        self.assertIsNone(self.hall.roster.find("alice"))

    def test_not_gone(self) -> None:
        """Somebody who leaves a room with one connection, and is on the server with another one, is not gone."""
        self.first.do("leave", room="lobby")
        self.assertEqual(others(self.watcher)[1:], [])
        self.second.vanish()
        self.assertEqual(others(self.watcher), [Left("lobby", "alice", self.now, "connection lost", False)])

    def test_same_room_on_both(self) -> None:
        """A room that both connections join is joined once, and left when both have left it."""
        self.watcher.do("join", room="dev")
        self.watcher.take()
        for peer in (self.first, self.second):
            peer.do("join", room="dev")
        self.assertEqual(others(self.watcher), [Joined("dev", "alice", self.now, "alice")])
        self.first.do("leave", room="dev")
        self.assertEqual(others(self.watcher), [])
        self.second.do("leave", room="dev")
        self.assertEqual(others(self.watcher), [Left("dev", "alice", self.now)])


class ReplaceTests(AttendanceCase):
    """A guest who comes back with a token replaces the old connection."""

    def setUp(self) -> None:
        super().setUp()
        self.bot = self.come("bot", rooms=("dev", "lobby"))
        self.watcher.do("join", room="dev")
        self.watcher.take()

    def test_nobody_notices(self) -> None:
        """The old connection is told that it is replaced, and closed; nobody else notices."""
        again = self.come("bot", token=self.bot.token)
        refused = [answer for answer in self.bot.answers if isinstance(answer, Refused)]
        self.assertEqual([answer.code for answer in refused], ["replaced"])
        self.assertIn("joined again from elsewhere", refused[0].text)
        self.assertEqual(self.bot.screen.codes, ["replaced"])
        self.assertEqual((others(self.watcher), again.connection.rooms), ([], ("dev", "lobby")))

    def test_late_end_of_the_old_one(self) -> None:
        """That the old connection is lost later does not put its person out."""
        self.come("bot", token=self.bot.token)
        self.bot.session.lost("connection lost")
        self.assertEqual(others(self.watcher), [])
        self.assertIsNotNone(self.hall.roster.find("bot"))

    def test_nothing_more_for_the_old_one(self) -> None:
        """The old connection is shown nothing more, is none of its person's, and holds no room."""
        old = self.bot.connection
        again = self.come("bot", token=self.bot.token)
        self.bot.take()
        self.watcher.say("hello", room="lobby")
        self.assertEqual((self.bot.take(), old.live, old.gone), ([], False, True))
        self.assertEqual(again.connection.person.connections, (again.connection,))
        self.assertEqual(list(self.hall.rooms.open("dev").members), [again.connection, self.watcher.connection][::-1])

    def test_other_rooms(self) -> None:
        """Somebody who comes back into other rooms is announced there, and leaves the old ones."""
        self.come("bot", token=self.bot.token, rooms=("ops", "lobby"))
        self.assertEqual(others(self.watcher), [Left("dev", "bot", self.now)])
        self.watcher.do("leave", room="dev")
        self.assertIsNone(self.hall.rooms.find("dev"))


class LeaveTests(AttendanceCase):
    def test_once(self) -> None:
        """A connection leaves once, however often it is told to."""
        bot = self.come("bot")
        self.watcher.take()
        for _ in range(2):
            self.attendance.leave(bot.connection, "bored")
        self.assertEqual(others(self.watcher), [Left("lobby", "bot", self.now, "bored", True)])

    def test_nothing_is_left(self) -> None:
        """Whom the person ignored is ignored by nobody any more, and what they typed is not announced later."""
        bot = self.come("bot").do("ignore", nick="watcher").do("typing")
        self.watcher.take()
        bot.vanish()
        self.house.pass_time(10)
        self.assertEqual([event for event in self.watcher.take() if isinstance(event, Typing)], [])
        self.assertEqual(self.hall.fanout._ignorers, {})
        self.assertEqual(self.attendance._known, {})

    def test_shown_nothing_more(self) -> None:
        """A connection that has left is shown nothing more, also when it was catching up."""
        for full in (False, True):
            bot = self.come("bot")
            connection = bot.connection
            if full:
                bot.screen.fill()
                self.assertIn(connection, self.attendance._known)
            self.attendance.leave(connection, "bored")
            bot.take()
            self.watcher.say("hello")
            bot.screen.drain()
            self.assertEqual((bot.take(), connection.live, connection.cursor), ([], False, None))
            self.assertEqual(self.attendance._known, {})

    def test_positions(self) -> None:
        """How far an account had read is noted when its connection leaves, and when it is remembered."""
        alice = member(self.house, "alice", "json")
        author = alice.connection.person.author
        for number, act in enumerate((lambda: self.hall.persistence.remember(alice.connection), alice.vanish), start=1):
            self.watcher.say("hello")
            act()
            position = self.hall.positions.find(author, "lobby")
            self.assertEqual(position and position.upto, number)

    def test_rooms_vanish(self) -> None:
        """A room without posts vanishes with the last one in it."""
        bot = self.come("bot", rooms=("dev", "lobby"))
        bot.vanish()
        self.assertEqual(self.hall.rooms.names(), ("lobby",))
        self.house.pass_time(3)
        self.assertEqual(set(self.attendance.doorways._doorways), set())


class RenameTests(AttendanceCase):
    def test_told(self) -> None:
        """A new nickname is told to people who share a room, with the room if it is the only one, and answered."""
        bot = self.come("bot")
        for peer in (bot, self.watcher):
            peer.take()
        self.attendance.rename(bot.connection, "Bob", "bob", Done(text="Yes."), "r")
        self.assertEqual(others(self.watcher), [Renamed("lobby", "bot", self.now, "Bob")])
        self.assertEqual(
            bot.screen.shown, [(Renamed("lobby", "bot", self.now, "Bob"), False), (Done(text="Yes."), "r")]
        )
        self.assertEqual(self.hall.roster.find("bob"), bot.connection.person)

    def test_several_rooms(self) -> None:
        """With several rooms none is named, and who shares two is told once."""
        bot = self.come("bot", rooms=("lobby", "dev"))
        self.watcher.do("join", room="dev")
        self.watcher.take()
        self.attendance.rename(bot.connection, "Bob", "bob")
        self.assertEqual(others(self.watcher), [Renamed("", "bot", self.now, "Bob")])

    def test_refused(self) -> None:
        """A nickname that is taken is refused, and nobody is told."""
        bot = self.come("bot")
        self.watcher.take()
        self.assertRaises(NickTaken, self.attendance.rename, bot.connection, "watcher", "watcher")
        self.assertEqual((others(self.watcher), bot.connection.person.nick), ([], "bot"))

    def test_moved_to_a_room_again(self) -> None:
        """A connection that enters a room it is in has it once, as the last and current one."""
        bot = self.come("bot", rooms=("dev", "lobby"))
        self.attendance.enter_room(bot.connection, "dev")
        self.assertEqual((bot.connection.rooms, bot.connection.current), (("lobby", "dev"), "dev"))
        self.assertEqual(bot.connection.view.rooms, ("lobby", "dev"))

    def test_shown_the_rooms_of_now(self) -> None:
        """After leaving a room a connection is shown nothing of it."""
        bot = self.come("bot", rooms=("dev", "lobby"))
        self.attendance.leave_room(bot.connection, "dev", "")
        self.assertEqual(bot.connection.view.rooms, ("lobby",))

    def test_after_a_join_that_was_kept_back(self) -> None:
        """Nobody is renamed before they have joined."""
        house = House(notice_burst=1, notice_rate=1)
        (watcher,) = house.come("watcher", door="json")
        bots = house.come("bot1", "bot2", door="json")
        watcher.take()
        bots[1].offer("bot3")
        self.assertEqual([type(event) for event in others(watcher)], [Joined, Renamed])


class SwitchTests(AttendanceCase):
    def test_switch(self) -> None:
        """Lines go to the room switched to; nobody is told, and the rooms stay in the order joined."""
        bot = self.come("bot", rooms=("dev", "lobby"))
        self.watcher.take()
        self.attendance.switch(bot.connection, "dev")
        self.assertEqual((bot.connection.current, bot.connection.rooms), ("dev", ("dev", "lobby")))
        self.assertEqual(bot.connection.view.current, "dev")
        self.assertEqual(others(self.watcher), [])


class CrowdTests(SynchronousTestCase):
    """Presence is exact, however many come and go at once."""

    def crowd(self, count: int) -> None:
        """So many come in one batch, and go in another one."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal, notice_burst=10**6)
        alice, *_ = house.come("alice", "bob", door="json")
        while journal.pending:
            journal.commit()
        alice.take()
        alice.say("hold")
        peers = [house.connect("json").offer(f"peer{number}") for number in range(count)]
        while journal.pending:
            journal.commit()
        nicks = tuple(f"peer{number}" for number in range(count))
        self.assertEqual(others(alice), [ManyJoined("lobby", nicks, house.now())])
        # Each knows everybody: from its own snapshot, and from what it is told of those who came later.
        for peer in peers:
            known: set[str] = set()
            for event in peer.take():
                if isinstance(event, Entered) and event.people is not None:
                    known = {person["nick"] for person in event.people}
                elif isinstance(event, ManyJoined):
                    known.update(event.nicks)
            self.assertEqual(known, {"alice", "bob", *nicks})
        alice.say("hold")
        for peer in peers:
            peer.vanish()
        while journal.pending:
            journal.commit()
        self.assertEqual(others(alice), [ManyLeft("lobby", nicks, house.now(), "connection lost", True)])

    def test_twelve(self) -> None:
        """Twelve who come, and go, are all named, and know each other."""
        self.crowd(12)

    def test_sixty(self) -> None:
        """Sixty are, too."""
        self.crowd(60)

    def test_one_by_one(self) -> None:
        """Twelve and sixty who come one after another know each other too."""
        for count in (12, 60):
            house = House(notice_burst=10**6)
            peers = [house.connect("json").offer(f"peer{number}") for number in range(count)]
            nicks = {f"peer{number}" for number in range(count)}
            for peer in peers:
                known: set[str] = set()
                for event in peer.take():
                    if isinstance(event, Entered) and event.people is not None:
                        known = {person["nick"] for person in event.people}
                    elif isinstance(event, Joined):
                        known.add(event.nick)
                self.assertEqual(known, nicks)

    def test_kept_back(self) -> None:
        """Joins beyond what a room of this size bears are told a little later, and nobody is forgotten."""
        house = House(notice_burst=20, notice_rate=10)
        (alice,) = house.come("alice", door="json")
        house.come(*(f"peer{number}" for number in range(60)), door="json")
        early = others(alice)
        self.assertLess(len(early), 12)
        house.pass_time(60)
        (many,) = others(alice)
        assert isinstance(many, ManyJoined)
        names = {event.nick for event in early if isinstance(event, Joined)} | set(many.nicks)
        self.assertEqual(names, {f"peer{number}" for number in range(60)})

    def test_kept_back_costs_too(self) -> None:
        """What was kept back and is told together costs as much as anything else: the next ones wait again."""
        house = House(notice_burst=4, notice_rate=4)
        (alice,) = house.come("alice", door="json")
        house.come(*(f"peer{number}" for number in range(6)), door="json")
        alice.take()
        house.pass_time(2)
        self.assertNotEqual(others(alice), [])
        house.come("late", door="json")
        self.assertEqual(others(alice), [])

    def test_new_settings(self) -> None:
        """A room that exists bears what the settings of now say."""
        house = House(notice_burst=1, notice_rate=1)
        (alice,) = house.come("alice", door="json")
        house.come("bob", "carol", door="json")
        alice.take()
        house.hall.attendance.settings = house.hall.settings.replaced(notice_burst=10**6, notice_rate=10**6)
        self.assertEqual(house.hall.attendance.settings.notice_burst, 10**6)
        house.pass_time(1)
        alice.take()
        house.come("dave", "erin", door="json")
        self.assertEqual(len(others(alice)), 2)


class SlowReaderTests(AttendanceCase):
    """A connection that misses notices is told of its rooms anew."""

    def setUp(self) -> None:
        super().setUp()
        self.bot = self.come("bot", rooms=("dev", "lobby"))
        self.bot.take()
        self.bot.screen.fill()

    def test_somebody_came(self) -> None:
        """When somebody came meanwhile it is told who is in that room, as soon as it is live."""
        self.come("carol")
        self.bot.screen.drain()
        (entered,) = own(self.bot)
        people = ({"nick": "watcher"}, {"nick": "bot"}, {"nick": "carol"})
        self.assertEqual(entered, Entered("lobby", "", people))

    def test_in_another_room(self) -> None:
        """The current room comes last, since its lines go to the room it was told of last."""
        self.come("carol", rooms=("dev",))
        self.bot.screen.drain()
        self.assertEqual(rooms(own(self.bot)), ["+dev", "+lobby"])

    def test_nothing_changed(self) -> None:
        """When nobody came or went it is not told anything."""
        self.watcher.say("hello")
        self.bot.screen.drain()
        self.assertEqual(own(self.bot), [])

    def test_room_joined_meanwhile(self) -> None:
        """A room it joined meanwhile it was told of then."""
        self.attendance.enter_room(self.bot.connection, "ops")
        self.attendance.tell_entered(self.bot.connection, "ops")
        self.bot.take()
        self.bot.screen.drain()
        self.assertEqual(own(self.bot), [])

    def test_prose_and_no_joins(self) -> None:
        """Somebody who reads prose, or wants no joins, is not told."""
        (text,) = self.house.come("text")
        quiet = self.come("quiet").do("set", name="joins", value="off")
        for peer in (text, quiet):
            peer.take()
            peer.screen.fill()
        self.come("carol")
        for peer in (text, quiet):
            peer.screen.drain()
            self.assertEqual(own(peer), [])

    def test_rank(self) -> None:
        """What it is told is true when it is told: also that somebody keeps order by now."""
        account(self.hall, "watcher", Rank.OPERATOR)
        self.come("carol")
        self.bot.screen.drain()
        (entered,) = own(self.bot)
        assert isinstance(entered, Entered)
        assert entered.people is not None
        self.assertTrue(entered.people[0]["operator"])
