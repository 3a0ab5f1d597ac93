"""The page is light: it has to be there within a second on a slow line."""

from twisted.trial.unittest import SynchronousTestCase

from tests.page.weights import PAGE, all_files, fetched_at_first

MOST_AT_FIRST = 120_000
MOST_BYTES = 250_000
LONGEST_MODULE = 250


class WeightTest(SynchronousTestCase):
    def test_until_one_chats(self) -> None:
        """What is fetched until one can write has at most 120 KB, uncompressed.

        That these are the files which a browser fetches is tested in ``tests/functional/browser/test_loading.py``.
        """
        sizes = fetched_at_first()
        self.assertGreater(len(sizes), 10)
        self.assertLessEqual(sum(sizes.values()), MOST_AT_FIRST, sorted(sizes.items(), key=lambda one: -one[1]))

    def test_size(self) -> None:
        """All files together have at most 250 KB, uncompressed."""
        sizes = all_files()
        self.assertLessEqual(sum(sizes.values()), MOST_BYTES, sizes)

    def test_modules(self) -> None:
        """No module is too long to be read at one sitting."""
        lengths = {path.name: len(path.read_text().splitlines()) for path in PAGE.glob("*.js")}
        self.assertEqual({name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE}, {})
