"""Drafts and records: their values never change."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.drafts import MESSAGES, Audience, Draft, Kind, PutOut, Record, Repeated, Revoke, StoredPost
from groupchat.model.events import AuthorId, Joined, Said

STORED = ("said", "acted", "whispered", "edited", "deleted", "topic", "moderated")
"""The kinds of rows in databases that exist."""


class Kinds(SynchronousTestCase):
    def test_values_never_change(self) -> None:
        """Rows that were stored can still be read: every kind that was ever written has its value."""
        self.assertEqual([Kind(value).value for value in STORED], list(STORED))

    def test_written_as_text(self) -> None:
        """A kind is its value, so that it can be a parameter of a statement."""
        self.assertEqual([f"{kind}" for kind in Kind], [kind.value for kind in Kind])
        self.assertTrue(all(isinstance(kind, str) for kind in Kind))

    def test_messages(self) -> None:
        """People delete what was said, acted, whispered and shared, and nothing else."""
        self.assertEqual(MESSAGES, {Kind("said"), Kind("acted"), Kind("whispered"), Kind("shared")})


class Consequences(SynchronousTestCase):
    def test_revoke(self) -> None:
        """All tokens of an author are meant, but the one that is kept; or a single one."""
        one, other = AuthorId(1), AuthorId(2)
        found = [
            [digest for digest in ("a", "b", "") if revoke.concerns(one, digest)]
            for revoke in (Revoke(one), Revoke(one, "a"), Revoke(one, only="a"))
        ]
        self.assertEqual(found, [["a", "b"], ["b", ""], ["a"]])
        self.assertFalse(Revoke(one, only="a").concerns(other, "a"))
        self.assertFalse(Revoke(one).concerns(other, "a"))

    def test_put_out(self) -> None:
        """All connections of an author are meant, with and without a handle, but one that is kept; or a single one."""
        one, other = AuthorId(1), AuthorId(2)
        found = [
            [handle for handle in ("a", "b", "") if out.concerns(one, handle)]
            for out in (
                PutOut(one, "", "x", ""), PutOut(one, "", "x", "", keep="a"), PutOut(one, "", "x", "", only="a")
            )
        ]  # fmt: skip
        self.assertEqual(found, [["a", "b", ""], ["b", ""], ["a"]])
        self.assertFalse(PutOut(one, "", "x", "").concerns(other, "a"))


class Drafts(SynchronousTestCase):
    def test_defaults(self) -> None:
        """A draft without a key, a target and a reader is a new post for everybody in its room."""
        draft = Draft(Kind.SAID, AuthorId(7), "alice", 1.5, "lobby", "hi")
        self.assertEqual((draft.reader, draft.target, draft.key, draft.anyones), (None, None, None, False))

    def test_equal(self) -> None:
        """Two drafts with the same values are equal, so that tests and caches can compare them."""
        first, same, other = (Draft(Kind.SAID, AuthorId(7), "alice", at, "lobby", "hi") for at in (1.5, 1.5, 2.5))
        self.assertEqual((first, hash(first)), (same, hash(same)))
        self.assertNotEqual(first, other)


class Outcomes(SynchronousTestCase):
    def test_stored_post_is_a_record(self) -> None:
        """A stored post is delivered like any record, to everybody unless it has a reader."""
        said = Said(1, "lobby", "alice", 1.5, "hi")
        stored = StoredPost(said, AuthorId(7))
        self.assertIsInstance(stored, Record)
        self.assertEqual((stored.event, stored.author, stored.reader), (said, 7, None))

    def test_notices_are_records_too(self) -> None:
        """A notice is delivered by the same way, but is not a stored post."""
        self.assertNotIsInstance(Record(Joined("lobby", "alice", 1.5), AuthorId(7)), StoredPost)

    def test_repeated(self) -> None:
        """A repeated key names the first post."""
        self.assertEqual(Repeated(41).id, 41)


class Audiences(SynchronousTestCase):
    def test_strangers_see_nothing_private(self) -> None:
        """An audience without an author is shown rooms only."""
        self.assertIsNone(Audience(("lobby",)).author)

    def test_can_be_compared(self) -> None:
        """Readers who may see the same are equal, so that a page can be shared."""
        self.assertEqual(Audience(("lobby", "dev"), AuthorId(7)), Audience(("lobby", "dev"), AuthorId(7)))
        self.assertNotEqual(Audience(("lobby", "dev"), AuthorId(7)), Audience(("lobby", "dev"), AuthorId(8)))
        self.assertEqual(len({Audience(("lobby",)), Audience(("lobby",)), Audience(())}), 2)
