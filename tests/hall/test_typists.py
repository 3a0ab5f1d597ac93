"""Who is typing: shown at most each three seconds, and no longer than six after the last key."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Typing
from tests.house import House, Peer


def seen(peer: Peer) -> list[tuple[str, str, bool]]:
    """The typing somebody was shown since they were asked last: who, where, and whether still."""
    return [(event.nick, event.room, event.active) for event in peer.take() if isinstance(event, Typing)]


class KeystrokesTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob = self.house.come("alice", "bob", door="json")

    def test_shown_once(self) -> None:
        """Somebody who goes on typing is announced once in three seconds, whichever rooms it is in."""
        self.alice.type("/join dev")
        self.bob.type("/join dev")
        self.bob.take()
        for _ in range(3):
            self.alice.do("typing", room="dev").do("typing", room="lobby")
        self.assertEqual(seen(self.bob), [("alice", "dev", True)])
        self.house.pass_time(3)
        self.alice.do("typing", room="lobby")
        self.assertEqual(seen(self.bob), [("alice", "lobby", True)])

    def test_gone_after_the_last_key(self) -> None:
        """It ends six seconds after the last key, not after the last announcement."""
        self.alice.do("typing")
        self.house.pass_time(2)
        self.alice.do("typing")
        self.house.pass_time(5)
        self.assertEqual(seen(self.bob), [("alice", "lobby", True)])
        self.house.pass_time(2)
        self.assertEqual(seen(self.bob), [("alice", "lobby", False)])

    def test_said(self) -> None:
        """Saying it ends it; nobody is told twice."""
        self.alice.do("typing").say("hello")
        self.bob.take()
        self.house.pass_time(10)
        self.assertEqual(seen(self.bob), [])

    def test_own(self) -> None:
        """One is not shown one's own typing."""
        self.alice.do("typing")
        self.assertEqual(seen(self.alice), [])
