"""A client program without Twisted as a process."""

from tests.processes import ProcessContract

SOURCE = """
import sys
from groupchat.client.core.results import Result, failed, succeeded as succeed
from groupchat.client.loop import looping

finished = Result()

def start(loop):
    {start}

def interrupted():
    {interrupted}

sys.exit(looping.run(start, interrupted))
"""


class RunTest(ProcessContract):
    """The loop of the standard library."""

    __test__ = True
    source = SOURCE
    ended = "finished.succeed(3)"
    late = "loop.call_later(0, finished.succeed, 5); return finished"

    def test_later_failure(self) -> None:
        """An error that comes later ends the program likewise, in a call of the loop or as the result."""
        for start in ("loop.call_later(0, lambda: 1 // 0); return finished", "return failed(ZeroDivisionError())"):
            status, _, err = self.finished(self.program(start))
            self.assertEqual(status, 70)
            self.assertIn("ZeroDivisionError", err)
