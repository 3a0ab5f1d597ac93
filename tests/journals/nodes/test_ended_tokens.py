"""What is remembered of the ends of tokens, so that it stays little and no token works again."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.nodes import ended_tokens
from groupchat.journals.nodes.ended_tokens import SINGLE_ENDS, has_ended, note_end
from groupchat.journals.nodes.log_marks import Mark
from groupchat.journals.nodes.memory_nodes import MemoryNodes
from groupchat.model.drafts import Revoke
from groupchat.model.node_operations import Place
from tests.journals.cases import session
from tests.journals.contract import ALICE, BOB

LETTERS = "abcd"
DIGESTS = [letter * 64 for letter in LETTERS]
REVOKED = [Revoke(ALICE), *(Revoke(ALICE, one) for one in DIGESTS), *(Revoke(ALICE, only=one) for one in DIGESTS)]
ENDS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(REVOKED)), max_size=12)
"""How many entries are between an end and the one before, and what ends."""


def nodes() -> MemoryNodes:
    """Return what a journal keeps that follows a log."""
    store = MemoryNodes()
    store.place = Place("abc", 0, 0, "", ended_tokens.LATE_TOKENS)
    return store


class DecidingTests(SynchronousTestCase):
    """What is remembered, compared with all that has ended."""

    def check(self, ends: Sequence[tuple[int, Revoke]], exactly: bool) -> None:
        """Compare what is void.  :param exactly: whether nothing else is."""
        store, said, number = nodes(), dict[Revoke, int](), 1
        for between, end in ends:
            number += between
            store.number = said[end] = number
            note_end(store, end, float(number))
        for letter in f"{LETTERS}e":
            late = session(ALICE, letter)
            for store.known in range(number + 1):
                kept = [one for one, where in said.items() if where > store.known]
                expected = any(one.concerns(ALICE, late.digest) for one in kept)
                found = has_ended(store, late)
                self.assertTrue(found == expected or (found and not exactly), (letter, store.known, said))

    @given(ENDS)
    def test_the_same(self, ends: list[tuple[int, Revoke]]) -> None:
        """What is remembered says of each session what everything would."""
        self.check(ends, True)

    @given(ENDS, st.integers(0, 3))
    def test_folded(self, ends: list[tuple[int, Revoke]], most: int) -> None:
        """When more single tokens have ended than are remembered, none of them works again."""
        self.patch(ended_tokens, "SINGLE_ENDS", most)
        self.check(ends, False)

    def test_bounded(self) -> None:
        """However often somebody logs out, and logs out the others, little is remembered of it."""
        store = nodes()
        store.number = 1
        note_end(store, Revoke(BOB, only="b"), 1.0)
        for number in range(2, 4 * SINGLE_ENDS):
            store.number = number
            note_end(store, Revoke(ALICE, only=f"{number:064x}"), float(number))
        kept = store.ended[ALICE]
        oldest = 3 * SINGLE_ENDS - 1
        self.assertEqual(len(kept), SINGLE_ENDS + 1)
        self.assertEqual(kept[Revoke(ALICE)], Mark(oldest, float(oldest)))
        late = session(ALICE, "f")
        store.known = oldest - 1
        self.assertTrue(has_ended(store, late), "it was made before so many ends were known")
        store.known = oldest
        self.assertFalse(has_ended(store, late))
        for number in range(4 * SINGLE_ENDS, 6 * SINGLE_ENDS):
            store.number = number
            note_end(store, Revoke(ALICE, keep=f"{number:064x}"), float(number))
        self.assertEqual([one.number for one in store.ended[ALICE].values()], [number - 1, number])
        self.assertEqual(store.ended[BOB], {Revoke(BOB, only="b"): Mark(1, 1.0)})
