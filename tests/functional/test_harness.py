"""The ports that tests use are nobody else's."""

import subprocess
import sys

from benchmarks.free_ports import RESERVED
from tests.functional.harness import LIMIT_S, TREE, FunctionalTest, free_port

ANOTHER = """
import random, sys
from tests.functional.harness import free_port
choice, first = random.choice, [int(sys.argv[1])]
random.choice = lambda ports: first.pop() if first else choice(ports)
print(free_port())
"""


class FreePortTest(FunctionalTest):
    def test_once(self) -> None:
        """No port is given out twice while others are there, though nobody has used it yet."""
        given = [free_port() for _ in range(RESERVED)]
        self.assertEqual(len(set(given)), RESERVED)

    def test_another_process(self) -> None:
        """Another process that runs tests gets another one, though it tries this one first."""
        port = free_port()
        done = subprocess.run(
            [sys.executable, "-c", ANOTHER, str(port)],
            cwd=TREE, env=self.environment, capture_output=True, text=True, timeout=LIMIT_S, check=True,
        )  # fmt: skip
        self.assertNotEqual(int(done.stdout), port)
