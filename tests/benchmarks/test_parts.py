"""Each part of a line is timed."""

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.parts import BATCH, parts
from benchmarks.report import tables


class PartsTest(SynchronousTestCase):
    """A few lines are enough to see that something is done."""

    def test_parts(self) -> None:
        """There is a figure for each part, and the table shows them all."""
        told: list[str] = []
        rows = parts(10 * BATCH, told.append)
        self.assertEqual(len(rows), 8)
        for row in rows:
            self.assertGreater(row["cpu_us"], 0, row["part"])
            self.assertIn(f"| {row['part']}", tables(rows, []))
