"""Which number of which journal a post was given first."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from groupchat.journals.nodes.identities import OWN, go_on_as
from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.origins import Origins
from tests.journals.sqlite.files import DataFolderCase

X, Y = "0" * 32, "1" * 32


class OriginsTest(DataFolderCase):
    def setUp(self) -> None:
        super().setUp()
        archive = Archive(self.path)
        self.addCleanup(archive.__exit__)
        self.database = archive.database

    def test_own(self) -> None:
        """What was said here is its own origin, up to the highest number."""
        origins = Origins(self.database)
        self.assertEqual(origins.of(5), (OWN, 5))
        self.assertEqual([list(origins.candidates(OWN, number, 5)) for number in (5, 6)], [[5], []])
        self.assertRegex(origins.identity(), "^[0-9a-f]{32}$")

    def test_identities(self) -> None:
        """Each other journal has its number, which stays."""
        origins = Origins(self.database)
        self.assertIsNone(origins.number(X))
        self.assertEqual([origins.learn(one) for one in (X, Y, X, origins.identity())], [1, 2, 1, OWN])
        again = Origins(self.database)
        self.assertEqual((again.number(X), again.identity(2), again.identity()), (1, Y, origins.identity()))

    def test_few_rows(self) -> None:
        """Posts that follow one another take one row, also when they come in pieces."""
        for begin in (0, 100, 200):
            origins = Origins(self.database)
            for number in range(begin + 1, begin + 101):
                origins.add(origins.learn(X), number, number + 7)
            origins.flush()
        self.assertEqual(self.database.execute("SELECT * FROM imported").fetchall(), [(1, 0, 1, 300, 8)])

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 12), st.booleans()), max_size=30))
    def test_found(self, added: Sequence[tuple[int, int, bool]]) -> None:
        """Each post is found in both directions, however the numbers repeat, before and after it is written down."""
        self.database.execute("DELETE FROM imported")
        origins = Origins(self.database)
        for identity in (X, Y):
            origins.learn(identity)
        first = 20  # what is below was said here
        for here, (origin, number, flushes) in enumerate(added, first):
            origins.add(origin, number, here)
            if flushes:
                origins.flush()
        for known in (origins, None):
            known = known or Origins(self.database)
            for here, (origin, number, _) in enumerate(added, first):
                self.assertIn(here, list(known.candidates(origin, number, first + len(added))))
                self.assertEqual(known.of(here), (origin, number))
            for origin in range(3):
                for number in range(1, 13):
                    there = {here for here, one in enumerate(added, first) if one[:2] == (origin, number)}
                    there |= {number} if origin == OWN else set()
                    self.assertEqual(set(known.candidates(origin, number, first + len(added))), there)
            origins.flush()

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 12)), max_size=20), st.sampled_from(["2" * 32, X]))
    def test_former(self, added: Sequence[tuple[int, int]], identity: str) -> None:
        """After a change of the identity each post has the origin and number it had, and later ones another origin."""
        self.database.execute("DELETE FROM imported")
        self.database.execute("DELETE FROM origins WHERE id <> 0")
        origins = Origins(self.database)
        own = origins.identity()
        for other in (X, Y):
            origins.learn(other)
        first, head = 20, 19 + len(added)
        for here, (origin, number) in enumerate(added, first):
            origins.add(origin, number, here)
        origins.flush()
        before = {
            here: (origins.identity(origin), number)
            for here in range(1, head + 1)
            for origin, number in [origins.of(here)]
        }
        go_on_as(self.database, identity, head)
        known = Origins(self.database)
        self.assertEqual(known.identity(), identity)
        for here, (whose, number) in before.items():
            origin, there = known.of(here)
            self.assertEqual((known.identity(origin), there), (whose, number))
            self.assertIn(here, list(known.candidates(origin, number, head + 1)))
        former = known.number(own)
        assert former is not None
        self.assertEqual(list(known.candidates(former, head + 1, head + 1)), [])
        self.assertEqual(known.of(head + 1), (OWN, head + 1))
        self.assertIn(head + 1, list(known.candidates(OWN, head + 1, head + 1)))
        go_on_as(self.database, own, head)
        self.assertEqual(Origins(self.database).identity(), own)
        for here, (whose, number) in before.items():
            origin, there = Origins(self.database).of(here)
            self.assertEqual((Origins(self.database).identity(origin), there), (whose, number))
