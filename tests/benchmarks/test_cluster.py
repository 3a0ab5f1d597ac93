"""The scenario of three nodes that share a log."""

import os

from twisted.trial.unittest import SynchronousTestCase

from benchmarks import cluster
from benchmarks.node_parts import SIZES, node_parts
from benchmarks.report import tables
from benchmarks.targets import CATCHING_UP, MORE, TWICE, judged


class ClusterTest(SynchronousTestCase):
    def test_parts(self) -> None:
        """Each step of an entry is timed, for short entries and long ones, and the table shows them all."""
        rows = node_parts(600)
        self.assertEqual(len(rows), 3 * len(SIZES))
        for row in rows:
            self.assertGreater(row["value"], 0, row["figure"])
            self.assertIn(f"| {row['figure']} ", tables(rows, []))

    def test_without_etcd(self) -> None:
        """Where etcd is missing the scenario is left out, and says why."""
        self.patch(os, "environ", {**os.environ, "PATH": "/nonexistent"})
        told: list[str] = []
        self.assertEqual(cluster.cluster(30, 1000, 600, 0.2, 1, told.append), [])
        self.assertEqual(told, ["cluster: left out: etcd is not installed."])

    def test_targets(self) -> None:
        """Delays, the work of a node and catching up are judged."""
        figures = ((MORE, 1.5), (TWICE, 0.9), (CATCHING_UP, 20_000.0))
        rows = [{"scenario": "cluster", "figure": figure, "value": value, "unit": ""} for figure, value in figures]
        self.assertEqual([(target.figure, target.met) for target in judged(rows)],
                         [(1.5, False), (0.9, True), (500.0, True)])  # fmt: skip
