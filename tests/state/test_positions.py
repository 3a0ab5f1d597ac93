"""How far accounts have read."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.drafts import Fact
from groupchat.model.events import AuthorId
from groupchat.state.positions import POSITION, PRIVATE, Position, Positions

ALICE, BOB = AuthorId(1), AuthorId(2)


def fact(author: AuthorId, room: str, upto: int, at: float = 9.0) -> Fact:
    """The fact that an account has read a room so far."""
    return Fact(POSITION, f"{author}/{room}", {"upto": upto, "at": at})


class PositionsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.positions = Positions()

    def test_unknown(self) -> None:
        """Of an account that never was in a room nothing is known."""
        self.assertIsNone(self.positions.find(ALICE, "lobby"))
        self.positions.note(ALICE, ["lobby"], 5, 9.0)
        self.assertIsNone(self.positions.find(ALICE, "dev"))
        self.assertIsNone(self.positions.find(BOB, "lobby"))

    def test_note(self) -> None:
        """What is noted holds at once, and the facts say the same to the journal."""
        facts = self.positions.note(ALICE, ["lobby", PRIVATE], 5, 9.0)
        self.assertEqual(facts, [fact(ALICE, "lobby", 5), fact(ALICE, PRIVATE, 5)])
        self.assertEqual(self.positions.find(ALICE, "lobby"), Position(5, 9.0))
        self.assertEqual(self.positions.find(ALICE, PRIVATE), Position(5, 9.0))

    def test_never_back(self) -> None:
        """A position never goes back: a connection that has read less than another one changes nothing."""
        self.positions.note(ALICE, ["lobby"], 9, 1.0)
        self.assertEqual(self.positions.note(ALICE, ["lobby", "dev"], 5, 2.0), [fact(ALICE, "dev", 5, 2.0)])
        self.assertEqual(self.positions.find(ALICE, "lobby"), Position(9, 1.0))

    def test_same_again(self) -> None:
        """The same position is noted with its new time: unread messages are counted from then."""
        self.positions.note(ALICE, ["lobby"], 5, 1.0)
        self.positions.note(ALICE, ["lobby"], 5, 2.0)
        self.assertEqual(self.positions.find(ALICE, "lobby"), Position(5, 2.0))

    def test_learn(self) -> None:
        """After a start the facts of the journal are known, with rooms whose names have no slash."""
        for known in (fact(ALICE, "lobby", 5), fact(BOB, PRIVATE, 7)):
            self.positions.learn(known)
        self.assertEqual(self.positions.find(ALICE, "lobby"), Position(5, 9.0))
        self.assertEqual(self.positions.find(BOB, PRIVATE), Position(7, 9.0))

    def test_learn_an_older_one(self) -> None:
        """A fact that comes from the disk when a newer position was noted already changes nothing."""
        self.positions.note(ALICE, ["lobby"], 9, 1.0)
        self.positions.learn(fact(ALICE, "lobby", 5))
        self.assertEqual(self.positions.find(ALICE, "lobby"), Position(9, 1.0))

    def test_learn_the_same_again(self) -> None:
        """A fact with the same number and a later time is the newer one."""
        for at in (1.0, 2.0):
            self.positions.learn(fact(ALICE, "lobby", 5, at))
        self.assertEqual(self.positions.find(ALICE, "lobby"), Position(5, 2.0))

    def test_forget(self) -> None:
        """An account that is removed has no position any more, and the journal is told so for each room."""
        self.positions.note(ALICE, ["lobby", PRIVATE], 5, 9.0)
        self.positions.note(BOB, ["lobby"], 5, 9.0)
        facts = self.positions.forget(ALICE)
        names = [f"{ALICE}/lobby", f"{ALICE}/"]
        self.assertEqual(facts, [Fact(POSITION, name, None) for name in names])
        self.assertIsNone(self.positions.find(ALICE, "lobby"))
        self.assertEqual(self.positions.find(BOB, "lobby"), Position(5, 9.0))
        self.assertEqual(self.positions.forget(ALICE), [])

    def test_learn_that_it_is_gone(self) -> None:
        """A removed position is unlearned, also when it was never known."""
        self.positions.note(ALICE, ["lobby", "dev"], 5, 9.0)
        for author in (ALICE, BOB):
            self.positions.learn(Fact(POSITION, f"{author}/lobby", None))
        self.assertIsNone(self.positions.find(ALICE, "lobby"))
        self.assertEqual(self.positions.find(ALICE, "dev"), Position(5, 9.0))

    @given(st.lists(st.tuples(st.sampled_from([ALICE, BOB]), st.sampled_from(["lobby", "dev"]), st.integers(0, 9))))
    def test_like_the_journal(self, notes: list[tuple[AuthorId, str, int]]) -> None:
        """Whatever is noted, learning the facts anew gives the same, which is the furthest of each."""
        positions, again = Positions(), Positions()
        journal: dict[str, Fact] = {}
        furthest: dict[tuple[AuthorId, str], int] = {}
        for author, room, upto in notes:
            for written in positions.note(author, [room], upto, 0.0):
                journal[written.name] = written
            furthest[author, room] = max(furthest.get((author, room), 0), upto)
        for written in journal.values():
            again.learn(written)
        for (author, room), upto in furthest.items():
            self.assertEqual(positions.find(author, room), Position(upto, 0.0))
            self.assertEqual(again.find(author, room), Position(upto, 0.0))
