"""The page is light: it has to be there within a second on a slow line."""

from twisted.trial.unittest import SynchronousTestCase

from tests.functional.harness import TREE

PAGE = TREE / "groupchat" / "doors" / "web" / "page"
MOST_BYTES = 220_000
LONGEST_MODULE = 250


class WeightTest(SynchronousTestCase):
    def test_size(self) -> None:
        """All files together have at most 220 KB, uncompressed."""
        sizes = {path.name: path.stat().st_size for path in PAGE.iterdir()}
        self.assertGreater(len(sizes), 10)
        self.assertLessEqual(sum(sizes.values()), MOST_BYTES, sizes)

    def test_modules(self) -> None:
        """No module is too long to be read at one sitting."""
        lengths = {path.name: len(path.read_text().splitlines()) for path in PAGE.glob("*.js")}
        self.assertEqual({name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE}, {})
