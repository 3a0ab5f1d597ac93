"""The scenario of programs that only start."""

import os
import sys

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.load import Broken
from benchmarks.report import tables
from benchmarks.start import run, start
from benchmarks.targets import judged

ENVIRONMENT = dict(os.environ)


class StartTest(SynchronousTestCase):
    def test_run(self) -> None:
        """Every program starts, does what it is for, and is compared with Python alone; the table names them."""
        told: list[str] = []
        rows = start(1, told.append)
        names = [row["peer"] for row in rows]
        self.assertIn("groupchat say", names)
        self.assertIn("groupchat (the daemon)", names)
        self.assertTrue(all(row["cpu_ms"] > 0 for row in rows))
        self.assertEqual([row["peer"] for row in rows if row.get("memory_mib")], ["groupchat (the daemon)"])
        (python,) = [row for row in rows if row["peer"] == "python -c pass"]
        self.assertEqual((python["ratio"], len(told)), (1.0, 1))
        self.assertIn("| groupchat say ", tables(rows, []))

    def test_programs(self) -> None:
        """A program is told its lines, and is ended when it has printed what was wanted; an error is a failure."""
        echo = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
        self.assertGreater(run([sys.executable, "-c", echo], ENVIRONMENT, says=b"hello\n"), 0)
        for code in ("import sys; sys.exit(3)", "print('something else')"):
            self.assertRaises(Broken, run, [sys.executable, "-c", code], ENVIRONMENT, until=b"hello")

    def test_targets(self) -> None:
        """What say takes is judged."""
        rows = [{"scenario": "start", "peer": "groupchat say", "cpu_ms": 101.0, "ratio": 9.0, "median_ms": 110.0}]
        self.assertEqual([(target.limit, target.met) for target in judged(rows)], [(100.0, False)])
