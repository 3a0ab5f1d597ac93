"""Going into rooms and out of them, and what is told of rooms and the people there."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import Joined, Left, Listed, Replayed, TopicChanged
from groupchat.verbs.presence import away, whois
from groupchat.verbs.visiting import list_
from tests.fakes import SlowJournal
from tests.house import House


class RoomTests(SynchronousTestCase):
    def test_join(self) -> None:
        """Who goes into a room is shown what was said there, and their lines go there from then on."""
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
        """Who joins a room they are in goes to it; nobody is told."""
        house = House()
        alice, bob = house.come("alice", "bob")
        for peer in (alice, bob):
            peer.type("/join dev")
        alice.take()
        bob.type("/join lobby")
        self.assertEqual((bob.connection.current, alice.take()), ("lobby", []))

    def test_leave(self) -> None:
        """Who leaves a room is back in the one before; the others see it, with the reason."""
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
        """Who is in no room is told so by whatever needs one, and can go into one again."""
        house = House()
        (alice,) = house.come("alice")
        alice.type("/leave", "hello", "/list", "/topic x", "/me waves", "/leave", "/typing")
        self.assertEqual(alice.codes, ["not-in-room"] * 6)
        self.assertIn("no room", alice.told[0])
        alice.type("/history", "/join lobby", "hello")
        self.assertEqual(house.journal.head, 1)

    def test_not_in(self) -> None:
        """Of rooms one is not in one can leave, switch to or post to none."""
        house = House()
        (alice,) = house.come("alice")
        alice.type("/leave dev", "/switch dev").say("x", room="dev")
        self.assertEqual(alice.codes, ["not-in-room"] * 3)

    def test_names(self) -> None:
        """A room's name is lower case, with or without #; a malformed one is refused."""
        house = House()
        (alice,) = house.come("alice")
        alice.type("/join #DEV", "/join dev", "/join a/b")
        self.assertEqual(alice.connection.rooms, ("lobby", "dev"))
        self.assertEqual(alice.codes, ["room-invalid"])

    def test_most_rooms(self) -> None:
        """One connection may be in so many rooms, and in another one when it has left one."""
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
        self.assertEqual(dev.items, ({"nick": "bob", "account": "", "operator": False, "away": True, "secure": False},))
        self.assertEqual(alice.codes, ["no-such-room"])

    def test_who_is_encrypted(self) -> None:
        """/list and /whois say whose connection is encrypted: all of a person's have to be."""
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
