"""Programs by themselves: nobody reads a line when they come or go, and nobody reads unseen."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.condensing import SHOWN
from groupchat.model.events import (
    Departed,
    Entered,
    Joined,
    Left,
    Listed,
    ManyProgramsLeft,
    Said,
    Told,
    Welcomed,
)
from tests.house import House, Peer
from tests.people import account, operator

SECRET = "correct horse"


class ProgramsCase(SynchronousTestCase):
    """A person at a terminal and a program see who comes."""

    def setUp(self) -> None:
        self.house = House()
        self.olga = operator(self.house, "olga")
        (self.watcher,) = self.house.come("watcher", door="json")

    def program(self, nick: str = "tail", **fields: Any) -> Peer:
        """Let a program come in."""
        return self.house.connect("json").offer(nick, **{"program": True, **fields})

    def seen(self) -> list[tuple[str, str]]:
        """What the watching program was told of people and programs since this was asked last."""
        return [(type(one).__name__, one.nick) for one in self.watcher.take() if isinstance(one, Joined | Left)]

    def listed(self, words: str = "/list") -> tuple[str, ...]:
        """What olga reads who types this."""
        self.olga.take()
        self.olga.type(words)
        (answer,) = [one for one in self.olga.answers if isinstance(one, Listed)]
        return answer.lines


class ComingTests(ProgramsCase):
    def test_comes_and_goes(self) -> None:
        """A program reads what is said; other programs are told that it comes and goes, and apart from people."""
        tail = self.program()
        self.assertEqual(self.seen(), [("ProgramJoined", "tail")])
        self.olga.type("hello")
        self.assertEqual(tail.texts, ["hello"])
        tail.vanish()
        self.assertEqual(self.seen(), [("ProgramLeft", "tail")])

    def test_reads_for_nobody(self) -> None:
        """Nothing is new to a program, which has no reader: it is told of nothing, also if it asks for marks."""
        account(self.house.hall, "alice", password=SECRET)
        for nick, fields in (("tail", {}), ("alice", {"password": SECRET})):
            tail = self.program(nick, marks=True, **fields)
            self.assertEqual([one for one in tail.answers if isinstance(one, Listed)], [])
            self.olga.type("hello")
            self.assertIsNone(self.house.hall.positions.find(tail.connection.person.author, "lobby"))
            tail.vanish()

    def test_where_people_are(self) -> None:
        """A program comes in where a person would, or into the rooms it names, also quietly."""
        self.assertEqual(self.program().connection.rooms, ("lobby",))
        self.assertEqual(self.program("other", rooms=("dev", "lobby")).connection.rooms, ("dev", "lobby"))
        self.assertEqual(self.program("third", program=False, quiet=True, rooms=("dev",)).connection.rooms, ("dev",))
        self.assertEqual(self.program("fourth", quiet=True).connection.rooms, ())
        self.assertEqual(self.seen(), [("ProgramJoined", "tail"), ("ProgramJoined", "other")])

    def test_join_and_leave(self) -> None:
        """It may go from room to room as anybody."""
        self.watcher.do("join", room="dev")
        tail = self.program()
        self.watcher.take()
        tail.do("join", room="dev").do("leave", room="dev").say("still here")
        self.assertEqual(self.seen(), [("ProgramJoined", "tail"), ("ProgramLeft", "tail")])
        self.assertEqual([event.text for event in self.olga.events if isinstance(event, Said)], ["still here"])

    def test_entered(self) -> None:
        """Whoever comes in is told of programs apart."""
        self.program()
        bot = self.house.connect("json").offer("bot")
        (entered,) = [one for one in bot.answers if isinstance(one, Entered)]
        assert entered.people is not None
        self.assertEqual([one["nick"] for one in entered.people], ["olga", "watcher", "bot"])
        self.assertEqual([one["nick"] for one in entered.programs], ["tail"])
        text = self.house.connect("text").type("tina")
        words = [line for one in text.answers if isinstance(one, Told) for line in one.lines]
        self.assertEqual(words, ["With you in lobby: bot, watcher and olga.", "Programs read here, too: tail."])

    def test_company_of_many(self) -> None:
        """Newcomers are told the names of those that came last, and how many others there are: nobody reads unseen."""
        for number in range(8):
            self.program(f"p{number}")
        text = self.house.connect("text").type("tina")
        words = [line for one in text.answers if isinstance(one, Told) for line in one.lines]
        self.assertEqual(words[1:], ["Programs read here, too: p7, p6, p5, p4, p3 and 3 others."])

    def test_many(self) -> None:
        """Many that come or go at once are announced together, apart from people who do."""
        peers = [self.house.connect("json") for _ in range(2 * SHOWN + 2)]
        self.watcher.take()

        def come() -> None:
            for number, peer in enumerate(peers):
                peer.offer(f"p{number}", program=number % 2 == 0)

        self.house.turns.run(come)
        kinds = [type(one).__name__ for one in self.watcher.take()]
        self.assertEqual(sorted(kinds), ["ManyJoined", "ManyProgramsJoined"])
        self.house.pass_time(60)

        def go() -> None:
            for peer in peers[::2]:
                peer.vanish()

        self.house.turns.run(go)
        self.house.pass_time(60)
        (left,) = self.watcher.take()
        assert isinstance(left, ManyProgramsLeft)
        self.assertEqual(left.nicks, tuple(f"p{number}" for number in range(0, 2 * SHOWN + 2, 2)))

    def test_hundred_times(self) -> None:
        """Of a program that only posts, a hundred times, there are a hundred messages and nothing else, for anybody."""
        (text,) = self.house.come("tina")
        for peer in (text, self.watcher):
            peer.take()
        for number in range(100):
            peer = self.program("ci", program=False, quiet=True)
            peer.say(str(number), room="lobby")
            peer.do("exit")
            peer.vanish()
        self.house.pass_time(60)
        for reader in (text, self.watcher):
            shown = reader.take()
            self.assertEqual([type(event) for event in shown], [Said] * 100)


class ListsTests(ProgramsCase):
    def test_list(self) -> None:
        """Nobody reads unseen: /list shows programs apart, to programs with a mark."""
        self.program()
        self.assertEqual(self.listed(), ("2 people are in lobby:", "olga, watcher", "Programs that read here: tail"))
        self.watcher.take()
        self.watcher.do("list")
        (answer,) = [one for one in self.watcher.answers if isinstance(one, Listed)]
        self.assertEqual(
            [(item["nick"], item["program"]) for item in answer.items],
            [("olga", False), ("tail", True), ("watcher", False)],
        )

    def test_rooms(self) -> None:
        """Programs are not counted as people."""
        self.program(rooms=("dev",))
        self.assertEqual(self.listed("/rooms"), ("lobby: 2 people (you are here)", "dev: 0 people"))

    def test_whois(self) -> None:
        """/whois says that it is a program, also of one that only posts."""
        self.program()
        self.program("ci", quiet=True)
        for nick, is_program in (("tail", True), ("ci", True), ("watcher", False)):
            self.assertEqual(f"{nick} is a program" in self.listed(f"/whois {nick}"), is_program)

    def test_only_posts(self) -> None:
        """A program that only posts reads nothing, and is in no list."""
        self.program("ci", quiet=True).say("hi", room="lobby")
        self.assertEqual(self.listed(), ("2 people are in lobby:", "olga, watcher"))


class PersonTests(ProgramsCase):
    """An account with a person and a program."""

    def setUp(self) -> None:
        super().setUp()
        account(self.house.hall, "anna", password=SECRET)
        self.watcher.take()

    def person(self) -> Peer:
        """Let anna come in."""
        return self.house.connect("json").offer("anna", password=SECRET, rooms=("lobby",))

    def test_person_then_program(self) -> None:
        """Beside the person the program is nothing new; when the person goes, it stays, and people are told."""
        person = self.person()
        tail = self.program("anna", password=SECRET, rooms=("lobby",))
        self.assertEqual(self.seen(), [("Joined", "anna")])
        self.assertEqual(self.listed(), ("3 people are in lobby:", "anna, olga, watcher"))
        person.vanish()
        self.assertEqual(self.seen(), [("Left", "anna"), ("ProgramJoined", "anna")])
        self.assertEqual(self.listed()[-1], "Programs that read here: anna")
        tail.vanish()
        self.assertEqual(self.seen(), [("ProgramLeft", "anna")])

    def test_program_then_person(self) -> None:
        """When the person comes, people are told; when the program goes, nobody is."""
        tail = self.program("anna", password=SECRET, rooms=("lobby",))
        person = self.person()
        self.assertEqual(self.seen(), [("ProgramJoined", "anna"), ("Joined", "anna"), ("ProgramLeft", "anna")])
        tail.vanish()
        self.assertEqual(self.seen(), [])
        person.vanish()
        self.assertEqual(self.seen(), [("Left", "anna")])

    def test_place_of_the_account(self) -> None:
        """The account stays where its person was, and what a program is sent nobody has read."""
        self.person().do("join", room="dev").vanish()
        tail = self.program("anna", password=SECRET, rooms=("lobby",))
        self.olga.type("news")
        tail.vanish()
        again = self.house.connect("json").offer("anna", password=SECRET)
        (welcome,) = [one for one in again.answers if isinstance(one, Welcomed)]
        self.assertEqual((welcome.rooms, welcome.room), (("lobby", "dev"), "dev"))
        unread = [item for one in again.answers if isinstance(one, Listed) for item in one.items]
        self.assertEqual([(item["room"], item["new"]) for item in unread], [("lobby", 1)])


class OrderTests(ProgramsCase):
    """What holds for everybody holds for programs."""

    def test_kick(self) -> None:
        """A program is put out of a room."""
        tail = self.program()
        self.olga.do("kick", nick="tail", room="lobby")
        self.assertEqual([one.code for one in tail.answers if isinstance(one, Departed)], ["kicked"])
        self.assertEqual(tail.connection.rooms, ())
        self.olga.type("unseen")
        self.assertEqual(tail.texts, [])

    def test_ban(self) -> None:
        """A banned program does not come in."""
        self.olga.type("/ban tail")
        self.assertIn("banned", self.program().codes)

    def test_lock(self) -> None:
        """A locked room lets no program in; one that is inside stays, as people do."""
        inside = self.program(rooms=("lobby", "dev"))
        self.olga.type("/join dev", "/lock dev")
        self.assertEqual(inside.connection.rooms, ("lobby", "dev"))
        self.assertEqual(self.program("late", rooms=("dev",)).codes, ["room-locked"])

    def test_closed(self) -> None:
        """When a room is closed, programs are put out of it too."""
        tail = self.program(rooms=("dev",))
        self.olga.type("/join dev", "/close dev", "/close dev")
        self.assertEqual(tail.connection.rooms, ())

    def test_as_many_rooms(self) -> None:
        """It can be in as many rooms as people, and no more."""
        most = self.house.hall.settings.rooms_max
        self.assertEqual(self.program(rooms=tuple(f"r{number}" for number in range(most + 1))).codes, ["bad-arguments"])

    def test_ignored(self) -> None:
        """What a program says is not shown to whoever ignores it."""
        tail = self.program()
        self.olga.type("/ignore tail")
        self.olga.take()
        tail.say("spam")
        self.assertEqual(self.olga.texts, [])
