"""Runs of one machine are compared, and those of different ones are refused."""

import io
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from benchmarks import compare
from benchmarks.__main__ import main
from benchmarks.figures import Row

HERE = {"machine": "2 × Fast CPU, Linux 6", "python": "CPython 3.11.7", "quick": True}


def fanout(peer: str, members: int, cpu_us: float) -> Row:
    """Return a row of fanout."""
    return {"scenario": "fanout", "peer": peer, "members": members, "window": 64, "cpu_us": cpu_us, "keeps": True}


def run(*rows: Row, **changed: Any) -> dict[str, Any]:
    """Return what a run writes to a file."""
    return {**HERE, **changed, "rows": list(rows)}


OLD = run(fanout("groupchat", 100, 0.4), fanout("groupchat", 1000, 0.1), {"scenario": "join", "members": 5, "s": 2})


class ComparedTest(SynchronousTestCase):
    """Rows about the same thing are put side by side."""

    def cells(self, text: str) -> list[list[str]]:
        """Return the cells of all lines of the tables."""
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]

    def test_ratio(self) -> None:
        """The new figure is divided by the old one, whatever order the rows come in."""
        text = compare.compared(OLD["rows"], [fanout("groupchat", 1000, 0.2), fanout("groupchat", 100, 0.1)])
        self.assertEqual(
            self.cells(text)[2:],
            [
                ["groupchat, members 1000, window 64", "cpu_us", "0.1", "0.2", "2.00"],
                ["groupchat, members 100, window 64", "cpu_us", "0.4", "0.1", "0.25"],
            ],
        )

    def test_zero(self) -> None:
        """Nothing is divided by zero."""
        text = compare.compared([fanout("groupchat", 1, 0.0)], [fanout("groupchat", 1, 0.2)])
        self.assertEqual(self.cells(text)[-1][-1], "-")

    def test_alone(self) -> None:
        """What only one of the runs measured is named, and not compared."""
        text = compare.compared(OLD["rows"], [fanout("groupchat", 100, 0.1), fanout("NATS", 100, 0.1)])
        self.assertIn("Only in this run: fanout NATS, members 100, window 64.", text)
        self.assertIn("Only in the earlier run: fanout groupchat, members 1000, window 64; join members 5.", text)

    def test_figures_new_in_one(self) -> None:
        """A figure that the earlier run did not have yet is left out."""
        text = compare.compared(OLD["rows"], [{**fanout("groupchat", 100, 0.1), "last_ms": 3.0}])
        self.assertNotIn("last_ms", text)

    def test_nothing_in_common(self) -> None:
        """Two runs without a common row are refused."""
        error = self.assertRaises(compare.Incomparable, compare.compared, OLD["rows"], [fanout("groupchat", 7, 0.1)])
        self.assertIn("Nothing was measured in both runs", str(error))


class CheckTest(SynchronousTestCase):
    """What could not be compared is refused before anything is measured."""

    def test_same(self) -> None:
        """The same machine, Python, plan and scenarios are accepted."""
        compare.check(OLD, HERE, ["fanout"])
        self.assertEqual(compare.scenarios(OLD), ["fanout", "join"])

    def test_others(self) -> None:
        """Another machine, Python, length of the runs or scenario is named in the refusal."""
        for changed, said in (
            ({"machine": "8 × Slow CPU, Linux 6"}, "another machine: 8 × Slow CPU, Linux 6 there, 2 × Fast CPU"),
            ({"python": "CPython 3.13.0"}, "another python: CPython 3.13.0 there, CPython 3.11.7 here"),
            ({"quick": False}, "another quick: False there, True here"),
        ):
            error = self.assertRaises(compare.Incomparable, compare.check, {**OLD, **changed}, HERE, ["fanout"])
            self.assertIn(said, str(error))
        error = self.assertRaises(compare.Incomparable, compare.check, OLD, HERE, ["fanout", "idle"])
        self.assertIn("did not measure idle, only fanout, join", str(error))

    def test_older_file(self) -> None:
        """A file that does not say which Python it was is refused."""
        old = {name: value for name, value in OLD.items() if name != "python"}
        self.assertIn(
            "does not say its python", str(self.assertRaises(compare.Incomparable, compare.check, old, HERE, []))
        )


class FileTest(SynchronousTestCase):
    """Files of earlier runs."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = self.folder / "old.json"
        self.addCleanup(setattr, sys, "stderr", sys.stderr)
        sys.stderr = self.said = io.StringIO()

    def test_read(self) -> None:
        """What --json wrote is read again."""
        self.path.write_text(json.dumps(OLD))
        self.assertEqual(compare.earlier(self.path), OLD)

    def test_bad(self) -> None:
        """A missing file, one that is not JSON and one without figures are refused by the command line."""
        for text, said in (
            (None, "cannot be read"),
            ("{", "cannot be read"),
            ("[]", "no figures"),
            ('{"rows": []}', "no figures"),
        ):
            if text is not None:
                self.path.write_text(text)
            self.said.truncate(0)
            self.assertEqual(main(["fanout", "--compare", str(self.path)]), 2)
            self.assertIn(said, self.said.getvalue())

    def test_other_machine(self) -> None:
        """The command line refuses the run of another machine, and measures nothing."""
        self.path.write_text(json.dumps(OLD))
        self.assertEqual(main(["--quick", "--compare", str(self.path)]), 2)
        self.assertIn("another machine", self.said.getvalue())
