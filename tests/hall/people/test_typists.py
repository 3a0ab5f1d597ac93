"""Who is typing: shown at most each three seconds, and no longer than six after the last key."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.hall.people.typists import LINGER_S, REPEAT_S, Typists
from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import Typing
from groupchat.state.people import Connection
from tests.delivery.send_path import SendPath, shown
from tests.fakes import HeldJournal


class TypistsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = SendPath()
        self.typists = Typists(self.path.commits, self.path.clock, self.path.now)
        self.alice, self.bob = (self.path.connect(nick, "lobby", "dev") for nick in ("alice", "bob"))

    def seen(self, connection: Connection) -> list[tuple[str, str, bool]]:
        """What a connection was shown since it was asked last: who types, where, and whether still."""
        return [(event.nick, event.room, event.active) for event in shown(connection) if isinstance(event, Typing)]

    def wait(self, seconds: float) -> None:
        """Let time pass, with a sweep at its end."""
        self.path.clock.advance(seconds)
        self.typists.sweep()

    def test_first_key(self) -> None:
        """The first key is announced at once to the others in the room, with the time; not to oneself."""
        self.typists.started(self.alice, "dev")
        self.assertEqual(shown(self.bob), [Typing("dev", "alice", self.path.now(), True)])
        self.assertEqual(self.seen(self.alice), [])

    def test_only_there(self) -> None:
        """People in other rooms are not told."""
        carol = self.path.connect("carol", "ops")
        self.typists.started(self.alice, "dev")
        self.assertEqual(self.seen(carol), [])

    def test_once_in_three_seconds(self) -> None:
        """Somebody who goes on typing is announced once in three seconds, whichever room it is in."""
        for room in ("dev", "lobby", "dev"):
            self.typists.started(self.alice, room)
        self.wait(REPEAT_S - 0.1)
        self.typists.started(self.alice, "lobby")
        self.assertEqual(self.seen(self.bob), [("alice", "dev", True)])
        self.wait(0.1)
        self.typists.started(self.alice, "lobby")
        self.assertEqual(self.seen(self.bob), [("alice", "lobby", True)])

    def test_each_person(self) -> None:
        """Everybody has their own three seconds."""
        self.typists.started(self.alice, "dev")
        self.typists.started(self.bob, "dev")
        self.assertEqual(self.seen(self.alice), [("bob", "dev", True)])

    def test_after_the_last_key(self) -> None:
        """It ends six seconds after the last key, not after the last announcement, and once."""
        self.typists.started(self.alice, "lobby")
        self.wait(2)
        self.typists.started(self.alice, "lobby")
        self.wait(LINGER_S - 0.1)
        self.assertEqual(self.seen(self.bob), [("alice", "lobby", True)])
        self.wait(0.1)
        self.wait(LINGER_S)
        self.assertEqual(self.seen(self.bob), [("alice", "lobby", False)])

    def test_ends_where_it_was_announced(self) -> None:
        """It ends in the room in which it was announced, also when the last keys were for another one."""
        self.typists.started(self.alice, "dev")
        self.typists.started(self.alice, "lobby")
        self.wait(LINGER_S)
        self.assertEqual(self.seen(self.bob), [("alice", "dev", True), ("alice", "dev", False)])

    def test_said(self) -> None:
        """When it was said, or somebody is gone, nobody is told that it has ended; the next key is announced."""
        self.typists.started(self.alice, "lobby")
        for _ in range(2):
            self.typists.stopped(self.alice)
        self.wait(LINGER_S)
        self.assertEqual(self.seen(self.bob), [("alice", "lobby", True)])
        self.typists.started(self.alice, "lobby")
        self.assertEqual(self.seen(self.bob), [("alice", "lobby", True)])

    def test_nickname_of_now(self) -> None:
        """Somebody who takes another nickname while typing stops under the new one."""
        self.typists.started(self.alice, "lobby")
        self.alice.person.nick = "alicia"
        self.wait(LINGER_S)
        self.assertEqual(self.seen(self.bob)[-1], ("alicia", "lobby", False))


class OrderTests(SynchronousTestCase):
    def test_in_order(self) -> None:
        """It is told in order with what is being said."""
        journal = HeldJournal(MemoryJournal())
        path = SendPath(journal)
        typists = Typists(path.commits, path.clock, path.now)
        alice, bob = path.connect("alice"), path.connect("bob")
        path.say(alice, "hello")
        typists.started(alice, "lobby")
        self.assertEqual(shown(bob), [])
        journal.commit()
        self.assertEqual([type(event).__name__ for event in shown(bob)], ["Said", "Typing"])
