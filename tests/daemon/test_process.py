"""The daemon as a process: what is seen of it from outside."""

import os
import signal
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from groupchat.daemon.process import BROKEN, SWITCH_S, Signals, release
from tests.functional.harness import TREE


def run(code: str) -> "subprocess.CompletedProcess[str]":
    """Run some lines of Python in a process of their own."""
    environment = {**os.environ, "PYTHONPATH": str(TREE), "PYTHONUNBUFFERED": ""}
    code = f"from groupchat.daemon import process\nfrom groupchat.model.errors import CannotStart\n{code}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60)


class OutputTest(SynchronousTestCase):
    def test_complaint(self) -> None:
        """A complaint is one line on the real standard error, whatever is in it."""
        done = run("import io, sys; sys.stderr = io.StringIO(); process.complain('no\\nport \\x1b[2J')")
        self.assertEqual(done.stderr, "groupchat: no\\nport \\x1b[2J\n")

    def test_nobody_listens(self) -> None:
        """A process without standard error complains to nobody."""
        self.assertEqual(run("import sys; sys.__stderr__ = None; process.complain('x')").returncode, 0)

    def test_failed_start(self) -> None:
        """A start that fails is shown as a sentence, with status 1; any other error has its traceback."""
        done = run("process.explain_failed_starts(); raise CannotStart('The port is in use.')")
        self.assertEqual((done.returncode, done.stderr), (1, "groupchat: The port is in use.\n"))
        done = run("process.explain_failed_starts(); raise ValueError('oops')")
        self.assertIn("Traceback", done.stderr)

    def test_status(self) -> None:
        """The exit status is the one asked for, and what was written before is not lost."""
        done = run(f"process.exit_with({BROKEN}); print('last words')")
        self.assertEqual((done.returncode, done.stdout), (BROKEN, "last words\n"))

    def test_threads(self) -> None:
        """Threads hand the interpreter over quickly."""
        done = run("import sys; process.share_interpreter(); print(sys.getswitchinterval())")
        self.assertAlmostEqual(float(done.stdout), SWITCH_S)

    def test_settled(self) -> None:
        """What was there at the start is not searched for garbage any more; what is made later is."""
        words = "import gc; process.settle(); print(gc.get_freeze_count() > 10000, len(gc.get_objects()) < 1000)"
        self.assertEqual(run(words).stdout, "True True\n")


class InstallationTest(SynchronousTestCase):
    def test_release(self) -> None:
        """The version for the greeting has two parts; without an installation it is empty."""
        self.assertRegex(release(), r"^(\d+\.\d+)?$")


class SignalsTest(SynchronousTestCase):
    def test_caught_and_restored(self) -> None:
        """Signals call their function until they are restored to what they were before the first time."""
        before = signal.getsignal(signal.SIGUSR1)
        self.addCleanup(signal.signal, signal.SIGUSR1, before)
        caught: list[str] = []
        signal.signal(signal.SIGUSR1, lambda number, frame: caught.append("before"))
        signals = Signals()
        signals.catch([signal.SIGUSR1], lambda: caught.append("one"))
        os.kill(os.getpid(), signal.SIGUSR1)
        signals.catch([signal.SIGUSR1], lambda: caught.append("two"))
        os.kill(os.getpid(), signal.SIGUSR1)
        signals.restore()
        os.kill(os.getpid(), signal.SIGUSR1)
        self.assertEqual(caught, ["one", "two", "before"])
