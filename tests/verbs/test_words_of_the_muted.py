"""What muted people, and people in a slow room, show others without a post."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import AwayChanged, Joined, Left, Renamed
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


class ElsewhereTests(SynchronousTestCase):
    """Words that somebody chooses in another room are not brought into one where they may say nothing."""

    def setUp(self) -> None:
        self.house = House()
        self.olga, self.alice = operator(self.house, "olga", "json"), member(self.house, "alice", "json")
        (self.bob,) = self.house.come("bob", door="json")
        for peer in (self.olga, self.alice, self.bob):
            peer.do("join", room="dev")

    def answers(self, *requests: tuple[str, dict[str, str]]) -> list[str]:
        """Return the codes with which bob is refused these."""
        self.bob.take()
        for verb, fields in requests:
            self.bob.do(verb, **fields)
        return self.bob.codes

    def nicks(self) -> list[str]:
        """Return the nicknames that alice sees coming into the room."""
        return [event.nick for event in self.alice.take() if isinstance(event, Joined) and event.room == "dev"]

    def test_muted(self) -> None:
        """The muted come in as they left, without words of being away; elsewhere they do as they like."""
        self.olga.do("mute", nick="bob", room="dev")
        self.alice.take()
        join = ("join", {"room": "dev"})
        self.assertEqual(self.answers(("leave", {"room": "dev"}), ("nick", {"nick": "BuyPills"}), join), ["muted"])
        self.assertIn("You can come in as bob.", repr(self.bob.answers))
        self.assertEqual(self.answers(("nick", {"nick": "bob"}), ("away", {"text": "BUY PILLS"}), join), ["muted"])
        self.assertIn("/back", repr(self.bob.answers))
        self.assertEqual(self.nicks(), [])
        self.assertEqual(self.answers(("away", {}), join), [])
        self.assertEqual(self.nicks(), ["bob"])

    def test_slow(self) -> None:
        """In a slow room, coming in with another nickname counts as saying something."""
        self.olga.do("slow", seconds="1m", room="dev")
        self.alice.take()
        self.bob.say("one", room="dev")
        for number in range(3):
            nick = ("nick", {"nick": f"words{number}"})
            codes = self.answers(("leave", {"room": "dev"}), nick, ("join", {"room": "dev"}))
            self.assertEqual(codes[-1:], ["slow-mode"])
        self.assertEqual(self.nicks(), [])
        self.house.pass_time(61)
        self.assertEqual(self.answers(("join", {"room": "dev"})), [])
        self.assertEqual(self.answers(("say", {"text": "two", "room": "dev"})), ["slow-mode"])
        self.assertEqual(self.answers(("leave", {"room": "dev"}), ("join", {"room": "dev"})), [])
        self.assertEqual(self.nicks(), ["words2", "words2"])
