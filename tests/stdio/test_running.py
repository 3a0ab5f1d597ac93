"""A client program with Twisted as a process."""

import subprocess
import sys

from tests.processes import LIMIT_S, ProcessContract

SOURCE = """
import sys
from twisted.internet.defer import Deferred, succeed
from groupchat.stdio import running
from groupchat.stdio.complaints import complain

finished = Deferred()

def start(reactor):
    {start}

def interrupted():
    {interrupted}

sys.exit(running.run(start, interrupted))
"""


class RunTest(ProcessContract):
    """The reactor."""

    __test__ = True
    source = SOURCE
    ended = "finished.callback(3)"
    late = "reactor.callLater(0, finished.callback, 5); return finished"

    def test_complain(self) -> None:
        """A complaint is one line on standard error, whatever is in it; without one nothing happens."""
        start = "complain('one\\n\\x1btwo'); return succeed(0)"
        self.assertEqual(self.finished(self.program(start)), (0, "", "groupchat: one \N{REPLACEMENT CHARACTER}two\n"))
        code = "import os; os.close(2); from groupchat.stdio.complaints import complain; complain('x')"
        subprocess.run([sys.executable, "-c", code], timeout=LIMIT_S, check=True)
