"""Which number of which journal a post was given first."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.origins import OWN, Origins
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
