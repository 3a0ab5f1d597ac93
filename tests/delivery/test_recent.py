"""The newest posts in memory say what the journal would say."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.recent import Recent
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Audience, Draft, Kind, Outcome, StoredPost
from groupchat.model.events import AuthorId, Deleted, Edited, Said

ALICE = AuthorId(1)

STEPS = st.lists(
    st.tuples(
        st.sampled_from([Kind.SAID, Kind.SAID, Kind.ACTED, Kind.WHISPERED, Kind.TOPIC, Kind.EDITED, Kind.DELETED]),
        st.sampled_from(["lobby", "dev"]),
        st.integers(1, 12),
    ),
    max_size=40,
)
"""What happens: a kind, a room, and which message is changed."""


def happened(journal: MemoryJournal, kind: Kind, room: str, target: int) -> StoredPost | None:
    """Let it happen; nothing does when it is refused."""
    draft = Draft(kind, ALICE, "alice", 1.8e9)
    if kind is Kind.WHISPERED:
        draft = Draft(kind, ALICE, "alice", 1.8e9, text="psst", reader=AuthorId(2), to="bob")
    elif kind in (Kind.EDITED, Kind.DELETED):
        draft = Draft(kind, ALICE, "alice", 1.8e9, text="better", target=target)
    else:
        draft = Draft(kind, ALICE, "alice", 1.8e9, room, "words")
    outcomes: list[Outcome] = []
    journal.append([draft]).addCallback(outcomes.extend)
    (outcome,) = outcomes
    return outcome if isinstance(outcome, StoredPost) else None


class RecentTest(SynchronousTestCase):
    """The last messages of a room, from memory."""

    @given(before=STEPS, after=STEPS, kept=st.integers(1, 20), count=st.integers(0, 8))
    def test_like_the_journal(
        self, before: list[tuple[Kind, str, int]], after: list[tuple[Kind, str, int]], kept: int, count: int
    ) -> None:
        """Whatever was said, edited and deleted, memory gives what the journal gives, or nothing at all."""
        journal = MemoryJournal()
        for step in before:
            happened(journal, *step)
        tail = Recent(journal.head, kept)
        for step in after:
            post = happened(journal, *step)
            if post is not None:
                tail.add(post)
        for room in ("lobby", "dev"):
            found = tail.latest(room, count)
            if found is not None:
                self.assertEqual(found, self.successResultOf(journal.recent(Audience((room,)), journal.head, count)))

    @given(steps=STEPS, kept=st.integers(1, 20))
    def test_deleted(self, steps: list[tuple[Kind, str, int]], kept: int) -> None:
        """What the journal gives as deleted, edits of it too, memory does; it remembers no edit that it has not."""
        journal = MemoryJournal()
        tail = Recent(0, kept)
        for step in steps:
            post = happened(journal, *step)
            if post is not None:
                tail.add(post)
        audience = Audience(("lobby", "dev"), ALICE)
        page = self.successResultOf(journal.page(audience, tail.floor, journal.head, 100))
        mine = tail.after(tail.floor, audience)
        self.assertEqual([type(one.event) is Deleted for one in mine], [type(one.event) is Deleted for one in page])
        here = {one.event.id for one in mine}
        self.assertLessEqual({number for edits in tail._edits.values() for number in edits}, here)

    def test_enough(self) -> None:
        """The journal is not asked when memory reaches back far enough, and is when it does not."""
        journal = MemoryJournal()
        happened(journal, Kind.SAID, "lobby", 0)
        tail = Recent(journal.head)
        for _ in range(3):
            post = happened(journal, Kind.SAID, "lobby", 0)
            assert post is not None
            tail.add(post)
        found = tail.latest("lobby", 3)
        assert found is not None
        self.assertEqual([post.event.id for post in found], [2, 3, 4])
        self.assertIsNone(tail.latest("lobby", 4))


class ChangeTests(SynchronousTestCase):
    """Messages read as they were changed since."""

    def setUp(self) -> None:
        self.journal = MemoryJournal()
        self.open(100)

    def open(self, kept: int) -> None:
        """Begin anew with room for so many posts."""
        self.recent = Recent(self.journal.head, kept)

    def test_cleared(self) -> None:
        """After something was removed nothing of before is kept; what comes next is."""
        self.add()
        self.add(Kind.EDITED, 1)
        self.recent.clear(self.journal.head)
        self.assertEqual((self.recent.floor, list(self.recent.after(2, Audience(("lobby",))))), (2, []))
        self.assertIs(self.recent.latest("lobby", 1), None)
        self.add(Kind.DELETED, 1)
        self.add()
        numbers = [stored.event.id for stored in self.recent.after(2, Audience(("lobby",)))]
        self.assertEqual(numbers, [3, 4])

    def add(self, kind: Kind = Kind.SAID, target: int = 0, room: str = "lobby") -> None:
        """Let something happen that is taken."""
        post = happened(self.journal, kind, room, target)
        assert post is not None
        self.recent.add(post)

    def shown(self, after: int = 0) -> list[str]:
        """Return what somebody in the lobby is shown after a number."""
        found = self.recent.after(after, Audience(("lobby",), ALICE))
        return [f"{stored.event.id} {type(stored.event).__name__}" for stored in found]

    def test_after(self) -> None:
        """What comes after a number does, in order, of the reader's rooms and private messages only."""
        self.add()
        self.add(room="dev")
        self.add(Kind.WHISPERED)
        self.add()
        self.assertEqual(self.shown(), ["1 Said", "3 Whispered", "4 Said"])
        self.assertEqual(self.shown(3), ["4 Said"])
        self.assertEqual(self.shown(4), [])
        self.assertEqual(len(self.recent.after(0, Audience(("lobby",), AuthorId(9)))), 2)

    def test_edited(self) -> None:
        """An edited message comes in its newest form, in its old place; the edit comes too."""
        self.add()
        self.add()
        self.add(Kind.EDITED, 1)
        self.assertEqual(self.shown(), ["1 Edited", "2 Said", "3 Edited"])
        first = self.recent.after(0, Audience(("lobby",)))[0].event
        assert isinstance(first, Edited)
        self.assertEqual((first.text, first.target), ("better", 1))

    def test_deleted(self) -> None:
        """Of a deleted message nothing is shown any more, nor of its edits."""
        self.add()
        self.add(Kind.EDITED, 1)
        self.add(Kind.DELETED, 1)
        self.assertEqual(self.shown(), ["1 Deleted", "2 Deleted", "3 Deleted"])
        self.assertEqual(self.recent._edits, {})

    def test_only_so_many(self) -> None:
        """So many posts are kept; the floor is the number of the last that is not."""
        self.open(2)
        for _ in range(2):
            self.add()
        self.assertEqual((self.recent.floor, self.shown()), (0, ["1 Said", "2 Said"]))
        self.add()
        self.assertEqual((self.recent.floor, self.shown(1)), (1, ["2 Said", "3 Said"]))

    def test_edits_are_forgotten(self) -> None:
        """Edits that are not here any more are not remembered; those that are, are."""
        self.open(2)
        self.add()
        for _ in range(3):
            self.add(Kind.EDITED, 1)
        self.assertEqual(self.recent._edits, {1: [3, 4]})
        self.add()
        self.add()
        self.assertEqual(self.recent._edits, {})

    def test_messages(self) -> None:
        """The latest messages are what was said and done, edited or not; nothing else, and nothing deleted."""
        self.add()
        self.add(Kind.ACTED)
        self.add(Kind.EDITED, 1)
        self.add(Kind.TOPIC)
        self.add()
        self.add(Kind.DELETED, 2)
        found = self.recent.latest("lobby", 2)
        assert found is not None
        self.assertEqual([(one.event.id, type(one.event)) for one in found], [(1, Edited), (5, Said)])
        self.assertIsNone(self.recent.latest("lobby", 3))
        self.assertEqual(self.recent.latest("lobby", 0), [])
