"""Ports of the servers that are measured."""

import random
import socket
from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from benchmarks import free_ports
from groupchat.doors.blocked_ports import BLOCKED_PORTS
from tests.functional.harness import free_port


class FreePortTest(SynchronousTestCase):
    """A port that nobody takes before the server does."""

    def test_no_port_of_clients(self) -> None:
        """The kernel gives it to no outgoing connection, which could be one to itself while nobody listens."""
        with socket.socket() as connection:
            connection.bind((free_ports.HOST, 0))
            self.assertIn(connection.getsockname()[1], free_ports.outgoing_ports())
        outgoing = range(10_000, 50_000)  # on a machine where the kernel gives these
        self.patch(free_ports, "outgoing_ports", lambda: outgoing)
        for _ in range(20):
            self.assertNotIn(free_ports.free_port(), outgoing)

    def test_all_are_of_clients(self) -> None:
        """Where the kernel gives every port to outgoing connections, it is one of these."""
        self.patch(free_ports, "outgoing_ports", lambda: range(1024, 65_536))
        self.assertGreaterEqual(free_ports.free_port(), 10_000)

    def test_no_blocked_port(self) -> None:
        """No port is among those to choose from that a browser does not open, whoever asks for one."""
        choice = random.choice
        offered: list[int] = []

        def seen(ports: Sequence[int]) -> int:
            offered.extend(ports)
            return choice(ports)

        self.patch(random, "choice", seen)
        free_ports.free_port()
        for outgoing in (range(32_768, 61_000), range(1024, 65_536)):  # the latter leaves no other ports
            self.patch(free_ports, "outgoing_ports", lambda outgoing=outgoing: outgoing)
            free_ports.free_port()
            free_port()
        self.assertLess({10_079, 10_081}, set(offered))
        self.assertEqual(BLOCKED_PORTS & set(offered), set())

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
