"""People and their connections."""

from typing import cast

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.interfaces.screens import Rendered
from groupchat.model.drafts import Audience
from groupchat.model.events import SERVER, AuthorId, Done, Told
from groupchat.state.people import NOBODY, Connection, Person, View
from tests.fakes import FakeScreen, FakeStyle


def person(nick: str = "alice", author: int = 1) -> Person:
    """Somebody without a connection."""
    return Person(nick, nick, AuthorId(author), 100.0)


def connect(somebody: Person, door: str = "text", secure: bool = False) -> Connection:
    """Give somebody one more connection."""
    screen = FakeScreen(Clock(), door)
    screen.secure = secure
    connection = Connection(somebody, screen, 200.0)
    somebody.connections = (*somebody.connections, connection)
    return connection


class PersonTests(SynchronousTestCase):
    def test_new(self) -> None:
        """A new person is a guest who is not away, ignores nobody, and was written to by nobody."""
        alice = Person("Alice", "alice", AuthorId(1), 100.0)
        self.assertEqual((alice.nick, alice.key, alice.author, alice.since), ("Alice", "alice", 1, 100.0))
        self.assertEqual((alice.account, alice.away, alice.whisperers.last), (None, None, None))
        self.assertEqual((alice.unread, alice.told_away, alice.connections), ({}, frozenset(), ()))
        self.assertIs(alice.ignored, NOBODY)
        self.assertEqual(NOBODY, {})

    def test_nothing_is_shared(self) -> None:
        """What one person had not read is not what another one had not."""
        alice, bob = person(), person("bob", 2)
        alice.unread["lobby"] = 5
        self.assertEqual(bob.unread, {})

    def test_server(self) -> None:
        """No person's author is the server's: those are random and never 0."""
        self.assertEqual(SERVER, 0)

    def test_handles(self) -> None:
        """A connection is told from all others, also when its token works no longer; one client's are told alike."""
        alice = person()
        plain, other, first, again = (connect(alice) for _ in range(4))
        for one in (first, again):
            one.hold_token("d" * 64)
        first.digest = ""
        self.assertEqual((plain.handle, first.handle), (plain.handle, "d" * 64))
        self.assertEqual(first.handle, again.handle)
        self.assertEqual(len({plain.handle, other.handle, first.handle}), 3)

    def test_secure(self) -> None:
        """A person is secure when all their connections are encrypted, and not without any."""
        alice = person()
        self.assertFalse(alice.is_secure)
        connect(alice, secure=True)
        self.assertTrue(alice.is_secure)
        connect(alice, secure=False)
        self.assertFalse(alice.is_secure)

    def test_rooms(self) -> None:
        """A person is in the rooms of all their connections, each counted once."""
        alice = person()
        self.assertEqual(alice.rooms, ())
        connect(alice).rooms = ("lobby", "dev")
        connect(alice).rooms = ("dev", "ops")
        self.assertEqual(alice.rooms, ("lobby", "dev", "ops"))


class ConnectionTests(SynchronousTestCase):
    def test_new(self) -> None:
        """A new connection is in no room, not live, and has read nothing yet."""
        connection = connect(person())
        self.assertEqual((connection.rooms, connection.current, connection.digest), ((), "", ""))
        self.assertEqual((connection.since, connection.person.nick), (200.0, "alice"))
        self.assertEqual((connection.live, connection.paused, connection.gone, connection.quiet), (False,) * 4)
        self.assertIsNone(connection.cursor)
        self.assertEqual(connection.view, View(connection.screen.style, (), ""))

    def test_attended(self) -> None:
        """A person sits where the style says so; a program may sit at the other doors."""
        self.assertTrue(connect(person(), "text").attended)
        self.assertFalse(connect(person(), "json").attended)

    def test_door(self) -> None:
        """The door is that of the style."""
        self.assertEqual([connect(person(), door).door for door in ("text", "json")], ["text", "json"])

    def test_audience(self) -> None:
        """A connection may read its own rooms, and what is private to its person: not the rooms of another one."""
        alice = person()
        connection = connect(alice)
        connect(alice).rooms = ("ops",)
        connection.rooms = ("lobby", "dev")
        self.assertEqual(connection.audience, Audience(("lobby", "dev"), AuthorId(1)))

    def test_show(self) -> None:
        """An answer goes to this connection only, with its ref, in the form for its reader and current room."""
        alice = person()
        connection, other = connect(alice), connect(alice)
        connection.show(Done(5), ref="r")
        connection.show(Told(("Hello.",)))
        screen = cast(FakeScreen, connection.screen)
        self.assertEqual(screen.shown, [(Done(5), "r"), (Told(("Hello.",)), None)])
        self.assertEqual(screen.nick, "alice")
        self.assertEqual(cast(FakeScreen, other.screen).shown, [])

    def test_show_after_a_new_nickname(self) -> None:
        """The reader's nickname is the one they have now."""
        alice = person()
        connection = connect(alice)
        alice.nick = "alicia"
        connection.show(Done())
        self.assertEqual(cast(FakeScreen, connection.screen).nick, "alicia")

    def test_show_on_a_closed_screen(self) -> None:
        """A closed connection can be answered: nothing happens."""
        connection = connect(person())
        connection.screen.close("exit")
        connection.show(Done())
        connection.screen.write(Rendered(b""))
        self.assertEqual(cast(FakeScreen, connection.screen).shown, [])


class ViewTests(SynchronousTestCase):
    def test_equal(self) -> None:
        """Connections with the same style, rooms and current room have one view; any difference makes another."""
        style, other = FakeStyle.of("text"), FakeStyle.of("json")
        view = View(style, ("lobby", "dev"), "dev")
        self.assertEqual({view, View(style, ("lobby", "dev"), "dev")}, {view})
        different = [
            View(other, ("lobby", "dev"), "dev"),
            View(style, ("lobby", "dev"), "lobby"),
            View(style, ("dev", "lobby"), "dev"),
        ]
        self.assertEqual(len({view, *different}), 4)
