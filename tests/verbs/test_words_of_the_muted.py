"""What muted people, and people in a slow room, show others without a post."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import AwayChanged, Left, Renamed
from tests.house import House, Peer
from tests.people import member, operator


class WordsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.olga, self.alice = operator(self.house, "olga", "json"), member(self.house, "alice", "json")
        (self.bob,) = self.house.come("bob")

    def left(self, *lines: str) -> list[str]:
        """Return the reasons that alice reads when bob types these."""
        self.alice.take()
        self.bob.type(*lines)
        return [event.reason for event in self.alice.take() if isinstance(event, Left)]

    def test_leaving(self) -> None:
        """The muted leave without a word, the room and the hall; others with one."""
        self.assertEqual(self.left("/leave lobby BUY", "/join lobby"), ["BUY"])
        self.olga.do("mute", nick="bob")
        self.assertEqual(self.left("/leave lobby BUY", "/join lobby", "/exit BUY"), ["", ""])

    def test_muted_in_one_room(self) -> None:
        """A mute in one room leaves the words in others."""
        self.olga.do("mute", nick="bob", room="dev")
        self.assertEqual(self.left("/leave lobby BUY"), ["BUY"])
        self.bob.type("/join dev", "/join lobby")
        self.assertEqual(self.left("/exit BUY"), [""])

    def test_slow(self) -> None:
        """In a slow room nobody's words of leaving are shown, but those of who keeps order."""
        self.olga.do("slow", seconds=60, room="lobby")
        self.assertEqual(self.left("/leave lobby BUY"), [""])
        self.alice.take()
        self.olga.do("leave", room="lobby", reason="tea")
        self.assertEqual([event.reason for event in self.alice.take() if isinstance(event, Left)], ["tea"])

    def refused(self, peer: Peer, line: str) -> list[str]:
        """Return the codes of what this line is refused with."""
        peer.take()
        peer.type(line)
        return peer.codes

    def test_away(self) -> None:
        """The muted can be away, without a word."""
        self.olga.do("mute", nick="bob", room="lobby")
        self.alice.take()
        self.assertEqual(self.refused(self.bob, "/away BUY"), ["muted"])
        self.assertEqual(self.alice.take(), [])
        self.assertEqual(self.refused(self.bob, "/away"), [])
        self.assertEqual([event.text for event in self.alice.take() if isinstance(event, AwayChanged)], [""])

    def test_nickname(self) -> None:
        """The muted keep their nickname, however it is written."""
        self.olga.do("mute", nick="bob")
        self.alice.take()
        for line in ("/nick BUYPILLS", "/nick BOB"):
            self.assertEqual(self.refused(self.bob, line), ["muted"])
        self.assertEqual([event for event in self.alice.take() if isinstance(event, Renamed)], [])
        self.olga.do("unmute", nick="bob")
        self.assertEqual(self.refused(self.bob, "/nick rob"), [])
