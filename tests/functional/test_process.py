"""What holds for the daemon's process as a whole."""

import re
import sys

from groupchat.daemon.process import SWITCH_S
from tests.functional.harness import Daemon, FunctionalTest

TELLING = (
    "import atexit, sys; sys.argv[0] = 'twistd'; "
    "atexit.register(lambda: print('interval', sys.getswitchinterval(), file=sys.__stderr__)); "
    "from twisted.scripts.twistd import run; run()"
)


class ProcessTests(FunctionalTest):
    """The interpreter is shared out among the daemon's threads."""

    def test_interpreter_is_handed_over_often(self) -> None:
        """A running daemon has its threads take turns sooner than Python does by itself: commits wait for them."""
        command = [sys.executable, "-c", TELLING, "-n", "--pidfile=", "groupchat", "--port", "tcp:0", "--data", "d"]
        daemon = Daemon(command, self.folder, env=self.environment)
        self.addCleanup(daemon.kill)
        daemon.ready()
        self.assertEqual(daemon.stop(), 0)
        found = re.search("interval (.*)", daemon.errors)
        assert found is not None, daemon.errors
        self.assertEqual(float(found[1]), SWITCH_S)
        self.assertLess(SWITCH_S, 0.005)
