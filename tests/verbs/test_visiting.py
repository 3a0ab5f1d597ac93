"""The verbs about rooms: going in and out, who is there, what it is about."""

from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.queue import Posting, Receipt
from groupchat.journals.memory import MemoryJournal
from groupchat.limits.pages import PAGE
from groupchat.model.drafts import Draft, Kind
from groupchat.model.events import AuthorId, Departed, Done, Entered, Joined, Left, Listed, Replayed, TopicChanged
from groupchat.verbs.presence import away, whois
from groupchat.verbs.visiting import FAREWELL_MAX, WIDTH, folded, list_
from tests.fakes import SlowJournal
from tests.house import House, Peer
from tests.people import member, operator


def items(peer: Peer) -> list[dict[str, object]]:
    """Return the items of the last list somebody was shown."""
    listed = [answer for answer in peer.answers if isinstance(answer, Listed)][-1]
    return [dict(item) for item in listed.items]


class JoinTests(SynchronousTestCase):
    def test_entered(self) -> None:
        """A program that joins is told the room, its topic and the people in it, itself included, and then done."""
        house = House()
        (alice,) = house.come("alice")
        alice.type("/join dev", "/topic code", "hello")
        (bot,) = house.come("bot", door="json")
        bot.do("join", room="#DEV", ref=1)
        entered, replayed, done = bot.answers
        self.assertEqual(entered, Entered("dev", "code", ({"nick": "alice"}, {"nick": "bot"})))
        assert isinstance(replayed, Replayed)
        self.assertEqual([post.id for post in replayed.posts], [2])
        self.assertEqual(done, Done(text="You are in dev now.", fields={"room": "dev"}))
        self.assertEqual(bot.connection.rooms, ("lobby", "dev"))
        self.assertEqual(bot.connection.current, "dev")

    def test_without_joins(self) -> None:
        """A program that does not want joins and leaves is not told who is there either."""
        (bot,) = House().come("bot", door="json")
        bot.do("set", name="joins", value=False).do("join", room="dev")
        self.assertIn(Entered("dev", "", None), bot.answers)

    def test_again(self) -> None:
        """Joining a room again switches to it, and nobody sees anything."""
        house = House()
        (alice, bob) = house.come("alice", "bob")
        alice.type("/join dev", "/join lobby")
        self.assertEqual(alice.connection.current, "lobby")
        self.assertEqual(bob.events, [])

    def test_refused(self) -> None:
        """Nobody goes into a locked room, one they are banned from, or more rooms than are allowed at a time."""
        house = House(rooms_max=2)
        boss = operator(house, "boss")
        (alice,) = house.come("alice")
        boss.type("/lock dev")
        boss.do("ban", whom="alice", room="ops")
        alice.type("/join dev", "/join ops", "/join a", "/join b", "/join lobby")
        self.assertEqual(alice.codes, ["room-locked", "banned", "bad-arguments"])
        self.assertEqual(alice.connection.rooms, ("lobby", "a"))

    def test_one_room(self) -> None:
        """Where only one room at a time is allowed, the refusal says one."""
        house = House(rooms_max=1)
        (alice,) = house.come("alice")
        alice.type("/join dev").do("join", room="dev")
        told = [(answer.code, answer.text) for answer in alice.answers]  # type: ignore[attr-defined]
        self.assertEqual(told, [("bad-arguments", "You are in 1 room, which is the most; /leave one first.")] * 2)

    def test_said_meanwhile(self) -> None:
        """What is said in the room while its history is read is neither lost nor doubled."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        bob, alice = house.come("bob", "alice")
        bob.type("/join dev", "one")
        journal.slow = True
        alice.type("/join dev")
        bob.type("two")
        journal.answer_all()
        bob.type("three")
        (replayed,) = (answer for answer in alice.answers if isinstance(answer, Replayed))
        self.assertEqual([post.id for post in replayed.posts], [1, 2])
        self.assertEqual(alice.ids, [3])

    def test_said_in_a_new_room_meanwhile(self) -> None:
        """What is said in a room that there was not, while it is looked for, is not lost."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        bob, alice = house.come("bob", "alice")
        journal.slow = True
        alice.type("/join dev")
        bob.type("/join dev")
        self.assertEqual(len(journal.reads), 2)
        house.hall.commits.post(Posting(Draft(Kind.SAID, AuthorId(9), "ci", house.now(), "dev", "one"), Receipt()))
        journal.answer_all()
        for peer in (alice, bob):
            (replayed,) = (answer for answer in peer.answers if isinstance(answer, Replayed))
            self.assertEqual([post.id for post in replayed.posts], [1])

    def test_one_look_for_a_new_room(self) -> None:
        """A room that the journal does not know is looked for once, and nothing is read of it."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        (alice,) = house.come("alice")
        journal.slow = True
        alice.type("/join dev")
        journal.answer()
        self.assertEqual((journal.reads, alice.connection.rooms), ([], ("lobby", "dev")))

    def test_locked_meanwhile(self) -> None:
        """A room that is locked while its history is read is not entered."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        boss = operator(house, "boss")
        (alice,) = house.come("alice")
        journal.slow = True
        alice.type("/join dev")
        boss.type("/lock dev")
        journal.answer_all()
        self.assertEqual(alice.codes, ["room-locked"])
        self.assertEqual(alice.connection.rooms, ("lobby",))

    def test_gone_meanwhile(self) -> None:
        """Somebody who is gone while the history is read enters no room."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        (alice,) = house.come("alice")
        journal.slow = True
        alice.type("/join dev")
        alice.vanish()
        journal.answer_all()
        room = house.hall.rooms.find("dev")
        self.assertFalse(room is not None and room.members)


class LeaveTests(SynchronousTestCase):
    def test_other_room(self) -> None:
        """A program leaves the room it names; its lines go where they went, and it is told so."""
        house = House()
        (bot,) = house.come("bot", door="json")
        (alice,) = house.come("alice")
        alice.type("/join dev")
        bot.do("join", room="dev").do("switch", room="lobby")
        alice.take(), bot.take()
        bot.do("leave", room="dev", reason="tea", ref=1)
        self.assertEqual(bot.answers[0], Departed("dev", "tea", "left", "lobby"))
        self.assertEqual(bot.told, ["You left dev. Your lines now go to lobby."])
        self.assertEqual(alice.take(), [Left("dev", "bot", house.now(), "tea", False)])

    def test_current(self) -> None:
        """Without a room the current one is left; lines go to the room joined last, at the end nowhere."""
        (alice,) = House().come("alice")
        alice.type("/join a", "/join b", "/switch a", "/leave")
        self.assertEqual((alice.connection.rooms, alice.connection.current), (("lobby", "b"), "b"))
        alice.type("/part", "/leave lobby", "/leave", "hello")
        self.assertEqual((alice.connection.rooms, alice.connection.current), ((), ""))
        self.assertEqual(alice.codes, ["not-in-room"] * 2)
        self.assertEqual(alice.told[-1], "You left lobby, and are in no room now. /join lobby takes you back.")

    def test_switch(self) -> None:
        """Lines go to the room switched to from then on, and the person is told."""
        (alice,) = House().come("alice")
        alice.type("/join dev", "/s lobby")
        self.assertEqual((alice.connection.current, alice.told[-1]), ("lobby", "Your lines now go to lobby."))

    def test_position(self) -> None:
        """How far an account has read a room is kept when it leaves."""
        house = House()
        alice = member(house, "alice")
        alice.type("one", "/leave")
        position = house.hall.positions.find(alice.connection.person.author, "lobby")
        assert position is not None
        self.assertEqual(position.upto, 1)

    def test_reason(self) -> None:
        """A reason is cut to what others should have to read."""
        alice, bob = House().come("alice", "bob")
        alice.type(f"/leave lobby   {'x' * 200} ")
        self.assertEqual(bob.events[0].reason, "x" * FAREWELL_MAX)  # type: ignore[attr-defined]

    def test_not_in(self) -> None:
        """A room somebody is not in cannot be left, nor switched to."""
        (bot,) = House().come("bot", door="json")
        bot.do("leave", room="dev").do("switch", room="dev").do("switch", room="no such")
        self.assertEqual(bot.codes, ["not-in-room", "not-in-room", "room-invalid"])


class TopicTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob = self.house.come("alice", "bob")

    def test_listed(self) -> None:
        """/topic alone answers the room and its topic as fields, with a sentence for people."""
        self.alice.type("/topic", "/topic the weather", "/topic")
        self.assertEqual(
            [answer for answer in self.alice.answers if isinstance(answer, Listed)],
            [
                Listed("topic", ("lobby has no topic.",), ({"room": "lobby", "topic": ""},)),
                Listed("topic", ("The topic of lobby is: the weather",), ({"room": "lobby", "topic": "the weather"},)),
            ],
        )

    def test_changed(self) -> None:
        """A new topic is shown to everybody in the room; "-" clears it."""
        self.alice.type("/topic the weather", "/topic -")
        topics = [event.text for event in self.bob.events if isinstance(event, TopicChanged)]
        self.assertEqual(topics, ["the weather", ""])
        self.assertEqual(self.house.hall.rooms.open("lobby").topic, "")

    def test_other_room(self) -> None:
        """A program shows and changes the topic of the room it names only."""
        (bot,) = self.house.come("bot", door="json")
        bot.do("join", room="dev").do("switch", room="lobby").do("topic", text="code", room="dev")
        bot.do("topic", room="dev")
        self.assertEqual(items(bot), [{"room": "dev", "topic": "code"}])
        bot.do("topic")
        self.assertEqual(items(bot), [{"room": "lobby", "topic": ""}])
        bot.take()
        bot.do("topic", text="x", room="ops").do("topic", room="ops")
        self.assertEqual(bot.codes, ["not-in-room"] * 2)
        self.assertIsNone(self.house.hall.rooms.find("ops"))

    def test_too_long(self) -> None:
        """A topic that is too long is refused, with its length."""
        most = self.house.hall.settings.topic_max
        self.alice.type(f"/topic {'x' * (most + 1)}", f"/topic {'x' * most}")
        self.assertEqual(self.alice.codes, ["bad-arguments"])
        self.assertEqual(len(self.house.hall.rooms.open("lobby").topic), most)


class ListTests(SynchronousTestCase):
    def test_people(self) -> None:
        """/list says of everybody in the room whether they have an account, operate it, are away or encrypted."""
        house = House()
        boss, rita = operator(house, "boss"), member(house, "rita")
        (alice, bob) = house.come("alice", "bob")
        boss.type("/op rita lobby")
        rita.screen.secure = True
        bob.type("/away")
        alice.take()
        alice.type("/list")
        nothing = {"account": "", "operator": False, "away": False, "words": "", "secure": False, "program": False}
        self.assertEqual(
            items(alice),
            [
                {**nothing, "nick": "alice"},
                {**nothing, "nick": "bob", "away": True},
                {**nothing, "nick": "boss", "account": "boss", "operator": True},
                {**nothing, "nick": "rita", "account": "rita", "operator": True, "secure": True},
            ],
        )
        (listed,) = alice.answers
        self.assertEqual(
            listed.lines,  # type: ignore[attr-defined]
            ("4 people are in lobby:", "alice, bob (away), boss, rita (TLS)"),
        )

    def test_other_room(self) -> None:
        """The people of any room can be listed, by typing its name and by JSON; of no room, there are none."""
        house = House()
        (alice,), (bot,) = house.come("alice"), house.come("bot", door="json")
        alice.type("/join dev", "/leave lobby")
        bot.do("list", room="#Dev")
        self.assertEqual([item["nick"] for item in items(bot)], ["alice"])
        alice.type("/list lobby")
        self.assertEqual([item["nick"] for item in items(alice)], ["bot"])
        bot.take()
        bot.do("list", room="nowhere").do("leave").do("list")
        self.assertEqual(bot.codes, ["no-such-room", "not-in-room"])

    def test_many(self) -> None:
        """Very many people are listed page by page, by nickname, each once; whoever left meanwhile is no obstacle."""
        house = House()
        (alice,) = house.come("alice")
        peers = house.come(*(f"peer{number}" for number in range(PAGE + 10)))
        alice.take()
        alice.type("/list")
        first = cast(Listed, alice.answers[-1])
        nicks = [item["nick"] for item in first.items]
        self.assertEqual((len(nicks), first.more, nicks), (PAGE, 11, sorted(nicks)))
        self.assertEqual(first.lines[0], f"{PAGE + 11} people are in lobby:")
        self.assertEqual(first.lines[-1], f"… and 11 more; /list after {nicks[-1]} shows what follows")
        next(peer for peer in peers if peer.connection.person.nick == nicks[-1]).type("/exit")
        alice.type(f"/list after {nicks[-1].upper()}")
        second = cast(Listed, alice.answers[-1])
        self.assertEqual((len(second.items), second.more), (11, 0))
        self.assertFalse(set(nicks) & {item["nick"] for item in second.items})
        alice.type(f"/list after {nicks[-1]} lobby")
        self.assertEqual(cast(Listed, alice.answers[-1]).items, second.items)

    def test_many_connections(self) -> None:
        """Somebody with several connections in a room is listed once."""
        house = House()
        alice = member(house, "alice")
        house.connect().type("alice", "correct horse")
        alice.take()
        alice.type("/list")
        self.assertEqual(len(items(alice)), 1)

    @given(st.lists(st.text("abc", min_size=1, max_size=30)))
    def test_folded(self, nicks: list[str]) -> None:
        """Names are folded into lines that fit, in order, without losing any."""
        lines = folded(nicks)
        self.assertEqual(" ".join(lines).replace(",", "").split(), nicks)
        self.assertTrue(all(len(line) <= WIDTH + 1 for line in lines))


class RoomsTests(SynchronousTestCase):
    def test_rooms(self) -> None:
        """/rooms lists the fullest rooms first, and says which are joined and which are locked."""
        house = House()
        boss = operator(house, "boss")
        (alice, bob) = house.come("alice", "bob")
        boss.type("/join dev", "/lock dev visible", "/topic code", "/leave lobby")
        bob.type("/join ops", "/switch lobby")
        alice.take()
        alice.type("/rooms")
        self.assertEqual(
            items(alice),
            [
                {"room": "lobby", "people": 2, "topic": "", "joined": True, "locked": False},
                {"room": "dev", "people": 1, "topic": "code", "joined": False, "locked": True},
                {"room": "ops", "people": 1, "topic": "", "joined": False, "locked": False},
            ],
        )
        (listed,) = alice.answers
        self.assertEqual(listed.lines[0], "lobby: 2 people (you are here)")  # type: ignore[attr-defined]

    def test_many(self) -> None:
        """Very many rooms are listed page by page, the fullest first, each once."""
        house = House(rooms_max=1000)
        (bot, bob) = house.come("bot", "bob", door="json")
        bot.offer("bot2")
        for number in range(PAGE + 5):
            bot.do("join", room=f"room{number}")
        bob.do("join", room="room7")
        bob.take()
        bob.do("rooms")
        first = cast(Listed, bob.answers[-1])
        self.assertEqual((first.items[0]["room"], len(first.items), first.more), ("lobby", PAGE, 6))
        self.assertEqual(first.items[1]["room"], "room7")
        last = first.items[-1]["room"]
        self.assertEqual(first.lines[-1], f"… and 6 more; /rooms after {last} shows what follows")
        bob.do("rooms", after=last)
        second = cast(Listed, bob.answers[-1])
        self.assertEqual((len(second.items), second.more), (6, 0))
        self.assertEqual(len({item["room"] for item in first.items + second.items}), PAGE + 6)
        bob.take()
        bob.do("rooms", after="nowhere")
        self.assertEqual(bob.codes, ["no-such-room"])


class NoticeTests(SynchronousTestCase):
    def test_account(self) -> None:
        """A join tells others which account somebody has; a leave, whether they are gone altogether."""
        house = House()
        (bob,) = house.come("bob")
        alice = member(house, "alice")
        bob.take()
        alice.type("/leave", "/join lobby", "/exit")
        self.assertEqual(
            bob.take(),
            [
                Left("lobby", "alice", house.now(), "", False),
                Joined("lobby", "alice", house.now(), "alice"),
                Left("lobby", "alice", house.now(), "", True),
            ],
        )


class TypedTests(SynchronousTestCase):
    def test_join(self) -> None:
        """Somebody who goes into a room is shown what was said there, and their lines go there from then on."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("/join #Dev", "first")
        bob.type("/join dev")
        (replayed,) = (answer for answer in bob.answers if isinstance(answer, Replayed))
        self.assertEqual([post.id for post in replayed.posts], [1])
        self.assertEqual(alice.events[-1], Joined("dev", "bob", house.now()))
        bob.type("second")
        self.assertEqual((alice.ids, bob.ids), ([2], []))
        self.assertEqual(bob.connection.rooms, ("lobby", "dev"))

    def test_posts_during_the_read(self) -> None:
        """What is posted in a room while its earlier messages are read is neither lost nor doubled."""
        for late in (False, True):
            journal = SlowJournal(MemoryJournal(), late=late)
            house = House(journal)
            alice, bob = house.come("alice", "bob")
            alice.type("/join dev", "one")
            journal.slow = True
            bob.type("/join dev")
            alice.type("two", "three")
            journal.answer_all()
            alice.type("four")
            (replayed,) = (answer for answer in bob.answers if isinstance(answer, Replayed))
            self.assertEqual([*(post.id for post in replayed.posts), *bob.ids], [1, 2, 3, 4])

    def test_join_again(self) -> None:
        """Somebody who joins a room they are in switches to it; nobody is told."""
        house = House()
        alice, bob = house.come("alice", "bob")
        for peer in (alice, bob):
            peer.type("/join dev")
        alice.take()
        bob.type("/join lobby")
        self.assertEqual((bob.connection.current, alice.take()), ("lobby", []))

    def test_leave(self) -> None:
        """Somebody who leaves a room is back in the one before; the others see it, with the reason."""
        house = House()
        alice, bob = house.come("alice", "bob")
        for peer in (alice, bob):
            peer.type("/join dev")
        bob.type("/leave dev bored")
        self.assertEqual(alice.events[-1], Left("dev", "bob", house.now(), "bored"))
        self.assertEqual(bob.connection.current, "lobby")
        self.assertIn("lobby", bob.told[-1])
        alice.type("not for bob")
        self.assertEqual(bob.ids, [])

    def test_no_room(self) -> None:
        """Somebody in no room is refused whatever needs one, and can go into one again."""
        house = House()
        (alice,) = house.come("alice")
        alice.type("/leave", "hello", "/list", "/topic x", "/me waves", "/leave", "/typing")
        self.assertEqual(alice.codes, ["not-in-room"] * 6)
        self.assertIn("no room", alice.told[0])
        alice.type("/history", "/join lobby", "hello")
        self.assertEqual(house.journal.head, 1)

    def test_names(self) -> None:
        """A room's name is lower case, with or without #; a malformed one is refused."""
        house = House()
        (alice,) = house.come("alice")
        alice.type("/join #DEV", "/join dev", "/join a/b")
        self.assertEqual(alice.connection.rooms, ("lobby", "dev"))
        self.assertEqual(alice.codes, ["room-invalid"])

    def test_most_rooms(self) -> None:
        """A connection may be in so many rooms, and in another one when it has left one."""
        house = House(rooms_max=3)
        (alice,) = house.come("alice")
        alice.type("/join a", "/join b", "/join c")
        self.assertEqual(alice.codes, ["bad-arguments"])
        alice.type("/leave a", "/join c")
        self.assertEqual(alice.connection.rooms, ("lobby", "b", "c"))

    def test_vanish(self) -> None:
        """A room without posts is gone when the last one leaves; one with posts stays; the lobby always does."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("/join quiet", "/join loud", "hello", "/leave quiet", "/leave loud")
        self.assertEqual(sorted(house.hall.rooms.names()), ["lobby", "loud"])
        alice.vanish()
        bob.vanish()
        self.assertEqual(sorted(house.hall.rooms.names()), ["lobby", "loud"])

    def test_rooms(self) -> None:
        """/rooms lists the fullest first, with topics; they are known after a restart too."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("/join dev", "/topic all about :)", "/join old", "/leave lobby")
        for peer in (alice, bob):
            peer.type("/join dev", "/rooms")
        self.assertEqual(
            bob.answers[-1],
            Listed(
                "rooms",
                ("dev: 2 people, all about :) (you are here)", "lobby: 1 person", "old: 1 person"),
                (
                    {"room": "dev", "people": 2, "topic": "all about :)", "joined": True, "locked": False},
                    {"room": "lobby", "people": 1, "topic": "", "joined": True, "locked": False},
                    {"room": "old", "people": 1, "topic": "", "joined": False, "locked": False},
                ),
            ),
        )
        hall = house.reopened()
        self.assertEqual({room.name: room.topic for room in hall.rooms}, {"dev": "all about :)", "lobby": ""})

    def test_topic(self) -> None:
        """A topic is set, shown, cleared with "-", and of bounded length."""
        house = House(topic_max=10)
        alice, bob = house.come("alice", "bob")
        alice.type("/topic", "/topic 1234567890", "/topic", "/topic 12345678901", "/topic -", "/topic")
        self.assertEqual(
            [answer.lines[0] for answer in alice.answers if isinstance(answer, Listed)],
            ["lobby has no topic.", "The topic of lobby is: 1234567890", "lobby has no topic."],
        )
        self.assertEqual(alice.codes, ["bad-arguments"])
        self.assertEqual([event.text for event in bob.events if isinstance(event, TopicChanged)], ["1234567890", ""])

    def test_list(self) -> None:
        """/list says who is here, or in another room, and who is away."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.type("/away", "/join dev")
        alice.type("/list", "/list dev", "/list nowhere")
        lobby, dev = (answer for answer in alice.answers if isinstance(answer, Listed))
        self.assertEqual(lobby.lines, ("2 people are in lobby:", "alice, bob (away)"))
        nothing = {"account": "", "operator": False, "words": "", "secure": False, "program": False}
        self.assertEqual(dev.items, ({**nothing, "nick": "bob", "away": True},))
        self.assertEqual(alice.codes, ["no-such-room"])

    def test_who_is_encrypted(self) -> None:
        """/list and /whois say that somebody is encrypted when all of their connections are."""
        alice, bob = House().come("alice", "bob")
        bob.screen.secure = True
        away(alice.actor)
        people, person = list_(alice.actor), whois(alice.actor, "bob")
        assert isinstance(people, Listed)
        assert isinstance(person, Listed)
        self.assertEqual(people.lines[1], "alice (away), bob (TLS)")
        self.assertEqual([item["secure"] for item in (*people.items, *person.items)], [False, True, True])
        self.assertEqual(person.lines[1], "bob's connection is encrypted")
        bob.connection.person.connections = (*bob.connection.person.connections, alice.connection)
        person = whois(alice.actor, "bob")
        assert isinstance(person, Listed)
        self.assertEqual(person.lines[1], "bob's connection is not encrypted")


class LockedRoomsTests(SynchronousTestCase):
    def test_marked(self) -> None:
        """A locked room is marked in the list of rooms."""
        house = House()
        boss = operator(house, "boss")
        boss.type("/lock dev")
        boss.take()
        boss.type("/rooms")
        self.assertIn("dev: 0 people (locked)", repr(boss.answers))
