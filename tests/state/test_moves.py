"""People who come and go where many do: who is named, who is counted, and who is not told of."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors import web
from groupchat.model.events import (
    GATHER_S,
    LATELY_S,
    MANY,
    AuthorId,
    Joined,
    Left,
    ManyJoined,
    ManyLeft,
    Moved,
    Renamed,
    Said,
)
from groupchat.state.moves import KEPT, Moves

NOW = 1.8e9


def author(nick: str) -> AuthorId:
    return AuthorId(sum(256**place * ord(letter) for place, letter in enumerate(nick)))


class MovesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.moves = Moves()

    def say(self, nick: str, at: float = NOW, room: str = "lobby") -> None:
        self.moves.note_words(Said(1, room, nick, at, "words"))

    def come(self, *nicks: str, at: float = NOW) -> None:
        for nick in nicks:
            self.moves.note_move(Joined("lobby", nick, at), author(nick))

    def go(self, *nicks: str, at: float = NOW, reason: str = "") -> None:
        for nick in nicks:
            self.moves.note_move(Left("lobby", nick, at, reason), author(nick))

    def told(self) -> list[tuple[bool, list[str], int]]:
        """Return what is told: whether they came, who is named, and how many others there are."""
        return [(one.came, [nick for _, nick in one.known], one.others) for one in self.moves.take("lobby")]

    def test_only_who_spoke(self) -> None:
        """Of 24 who leave, those who spoke lately are named, in any case; the others are counted."""
        self.say("Alice", NOW - LATELY_S)
        self.say("bob", NOW - LATELY_S - 1)
        self.say("carol", room="dev")
        self.go("alice", "bob", "carol", *(f"peer{n}" for n in range(21)))
        self.assertEqual(self.told(), [(False, ["alice"], 23)])

    def test_few_who_were_silent(self) -> None:
        """A line that would name nobody is left out, unless many come or go."""
        self.come(*(f"peer{n}" for n in range(MANY - 1)))
        self.assertEqual(self.told(), [])
        self.come(*(f"peer{n}" for n in range(MANY)))
        self.assertEqual(self.told(), [(True, [], MANY)])

    def test_passing(self) -> None:
        """Whoever comes and goes within the moment, or goes and comes, is not told of."""
        self.say("alice")
        self.say("bob")
        self.come("alice", "carol")
        self.go("alice", "bob")
        self.come("bob")
        self.assertEqual(self.told(), [])

    def test_crowds(self) -> None:
        """Those who are announced together count one by one."""
        nicks = tuple(f"peer{n}" for n in range(7))
        authors = tuple(map(author, nicks))
        self.say("peer3")
        self.moves.note_move(ManyJoined("lobby", nicks, NOW, (), authors), None)
        self.assertEqual(self.told(), [(True, ["peer3"], 6)])
        self.moves.note_move(ManyLeft("lobby", nicks, NOW, "bye", False, authors), None)
        self.assertEqual(self.told(), [(False, ["peer3"], 6)])

    def test_reason(self) -> None:
        """A reason is told if it is that of all."""
        self.say("alice")
        self.go("alice", "bob", reason="bye")
        self.assertEqual([one.reason for one in self.moves.take("lobby")], ["bye"])
        self.go("alice", reason="bye")
        self.go("bob")
        self.assertEqual([one.reason for one in self.moves.take("lobby")], [""])

    def test_new_name(self) -> None:
        """Whoever takes another nickname has still spoken."""
        self.say("alice")
        self.moves.note_name(Renamed("", "alice", NOW, "ally"), ("lobby", "dev"))
        self.go("ally", "alice")
        self.assertEqual(self.told(), [(False, ["ally"], 1)])

    def test_due(self) -> None:
        """What is gathered is told a moment after the first of it, also when the clock is set back."""
        self.come("alice", at=NOW)
        self.come("bob", at=NOW + 1.5)
        for now, due in ((NOW, []), (NOW + GATHER_S - 0.1, []), (NOW + GATHER_S, ["lobby"]), (NOW - 1, ["lobby"])):
            self.assertEqual(self.moves.due(now), due)
        self.moves.take("lobby")
        self.assertEqual(self.moves.due(NOW + GATHER_S), [])

    def test_said_earlier(self) -> None:
        """What was said before the start counts by its time, and makes nothing older that is known."""
        for nick, at in (("alice", NOW - 10), ("bob", NOW - LATELY_S - 10), ("carol", NOW - LATELY_S - 10)):
            self.say("carol")
            self.moves.note_earlier_words(Said(1, "lobby", nick, at, "words"))
        self.moves.note_earlier_words(Joined("lobby", "dan", NOW))  # type: ignore[arg-type]
        self.go("alice", "bob", "carol", "dan")
        self.assertEqual(self.told(), [(False, ["alice", "carol"], 2)])

    def test_page(self) -> None:
        """The page has the same rule for who has spoken lately."""
        script = Path(web.__file__).with_name("page") / "moves.js"
        self.assertIn(f"const LATELY = {LATELY_S / 60:.0f} * 60_000;", script.read_text("utf-8"))

    def test_few_are_remembered(self) -> None:
        """Of those who spoke, no more are remembered than are needed."""
        for number in range(KEPT + 100):
            self.say(f"peer{number}")
        self.go("peer99", f"peer{KEPT}")
        self.assertEqual(self.told(), [(False, [f"peer{KEPT}"], 1)])

    def test_without(self) -> None:
        """Nobody is told of themselves, nor of those they ignore; then a line may say nothing more."""
        self.say("alice")
        self.go("alice", "bob", "carol", "dan")
        (moved,) = self.moves.take("lobby")
        left = moved.without({author("bob"), author("erin")})
        self.assertEqual(([nick for _, nick in left.known], left.others), (["alice"], 2))
        self.assertTrue(left.is_told)
        self.assertFalse(moved.without({author("alice")}).is_told)
        self.assertIsInstance(left, Moved)
