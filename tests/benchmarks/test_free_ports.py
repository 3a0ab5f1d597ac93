"""Ports of the servers that are measured."""

import random
from collections.abc import Sequence
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from benchmarks import free_ports
from tests.functional.harness import free_port


class FreePortTest(SynchronousTestCase):
    """A port that nobody takes before the server does."""

    def test_no_port_of_clients(self) -> None:
        """The kernel gives it to no outgoing connection, which could be one to itself while nobody listens."""
        first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
        if first <= 10_000 and last >= 65_535:
            raise SkipTest("The kernel gives every port to outgoing connections.")
        for _ in range(20):
            self.assertFalse(first <= free_ports.free_port() <= last)

    def test_once(self) -> None:
        """What was given out is tried first, and is not given out again; nor is a port of the tests."""
        choice = random.choice
        tried = [free_ports.free_port(), free_port()]
        taken = set(tried)

        def first(ports: Sequence[int]) -> int:
            return tried.pop() if tried else choice(ports)

        self.patch(random, "choice", first)
        self.assertNotIn(free_ports.free_port(), taken)
        self.assertEqual(tried, [])
