"""How far accounts have read."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import Account, ReadPosition
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Amendment, Fact, ReadUpTo
from groupchat.model.events import SERVER, AuthorId
from groupchat.state.positions import PRIVATE, Positions

ALICE, BOB = AuthorId(1), AuthorId(2)


def fact(author: AuthorId, room: str, upto: int, at: float = 9.0) -> Fact:
    """The fact that an account has read a room so far."""
    return Fact("position", f"{author}/{room}", {"upto": upto, "at": at})


class PositionsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.positions = Positions()

    def note(self, author: AuthorId, rooms: list[str], upto: int, at: float = 9.0) -> list[ReadUpTo]:
        """Let an account read these rooms up to here."""
        moves = self.positions.moves(author, rooms, upto, at)
        for move in moves:
            self.positions.note(move)
        return moves

    def test_unknown(self) -> None:
        """Of an account that never was in a room nothing is known."""
        self.assertIsNone(self.positions.find(ALICE, "lobby"))
        self.note(ALICE, ["lobby"], 5)
        self.assertIsNone(self.positions.find(ALICE, "dev"))
        self.assertIsNone(self.positions.find(BOB, "lobby"))

    def test_note(self) -> None:
        """What is noted holds at once, and the operations say the same to the journal."""
        moves = self.note(ALICE, ["lobby", PRIVATE, "lobby"], 5)
        self.assertEqual(moves, [ReadUpTo(ALICE, "lobby", 5, 9.0), ReadUpTo(ALICE, PRIVATE, 5, 9.0)])
        self.assertEqual(self.positions.find(ALICE, "lobby"), ReadPosition(ALICE, "lobby", 5, 9.0))
        self.assertEqual(self.positions.find(ALICE, PRIVATE), ReadPosition(ALICE, PRIVATE, 5, 9.0))

    def test_moves_are_no_notes(self) -> None:
        """To ask what there is to be noted changes nothing."""
        self.positions.moves(ALICE, ["lobby"], 5, 9.0)
        self.assertIsNone(self.positions.find(ALICE, "lobby"))

    def test_never_back(self) -> None:
        """A position never goes back: a connection that has read less than another one changes nothing."""
        self.note(ALICE, ["lobby"], 9, 1.0)
        self.assertEqual(self.note(ALICE, ["lobby", "dev"], 5, 2.0), [ReadUpTo(ALICE, "dev", 5, 2.0)])
        self.positions.note(ReadUpTo(ALICE, "lobby", 5, 3.0))
        self.assertEqual(self.positions.find(ALICE, "lobby"), ReadPosition(ALICE, "lobby", 9, 1.0))

    def test_same_again(self) -> None:
        """The same position is noted with its new time: unread messages are counted from then."""
        self.note(ALICE, ["lobby"], 5, 1.0)
        self.note(ALICE, ["lobby"], 5, 2.0)
        self.assertEqual(self.positions.find(ALICE, "lobby"), ReadPosition(ALICE, "lobby", 5, 2.0))

    def test_learn(self) -> None:
        """After a start the facts of the journal are known, with rooms whose names have no slash."""
        for known in (fact(ALICE, "lobby", 5), fact(BOB, PRIVATE, 7)):
            self.positions.learn(known)
        self.assertEqual(self.positions.find(ALICE, "lobby"), ReadPosition(ALICE, "lobby", 5, 9.0))
        self.assertEqual(self.positions.find(BOB, PRIVATE), ReadPosition(BOB, PRIVATE, 7, 9.0))

    def test_forget(self) -> None:
        """An account that is removed has no position any more, and others keep theirs."""
        self.note(ALICE, ["lobby", PRIVATE], 5)
        self.note(BOB, ["lobby"], 5)
        for _ in range(2):
            self.positions.forget(ALICE)
            self.assertIsNone(self.positions.find(ALICE, "lobby"))
            self.assertIsNone(self.positions.find(ALICE, PRIVATE))
        self.assertEqual(self.positions.find(BOB, "lobby"), ReadPosition(BOB, "lobby", 5, 9.0))

    @given(
        st.lists(
            st.tuples(
                st.sampled_from([ALICE, BOB]), st.sampled_from(["lobby", "dev"]), st.integers(0, 9), st.booleans()
            )
        )
    )
    def test_like_the_journal(self, notes: list[tuple[AuthorId, str, int, bool]]) -> None:
        """Whatever is noted, also of a connection that has read less: memory has what the journal has, the furthest."""
        positions, again, journal = Positions(), Positions(), MemoryJournal()
        accounts = [Account(str(author), str(author), author, "", 0.0) for author in (ALICE, BOB)]
        journal.append([Amendment(SERVER, 0.0, tuple(account.made() for account in accounts))])
        furthest: dict[tuple[AuthorId, str], int] = {}
        for author, room, upto, asks in notes:
            moves = positions.moves(author, [room], upto, 0.0) if asks else [ReadUpTo(author, room, upto, 0.0)]
            for move in moves:
                positions.note(move)
            journal.append(moves)
            furthest[author, room] = max(furthest.get((author, room), 0), upto)
        for written in self.successResultOf(journal.facts("position")):
            again.learn(written)
        for (author, room), upto in furthest.items():
            self.assertEqual(positions.find(author, room), ReadPosition(author, room, upto, 0.0))
            self.assertEqual(again.find(author, room), ReadPosition(author, room, upto, 0.0))
