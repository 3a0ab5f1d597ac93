"""The contract of what runs a client program as a process, with Twisted and without."""

import fcntl
import os
import signal
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

LIMIT_S = 30.0


class ProcessContract(SynchronousTestCase):
    """Tests of a process; a subclass says how one is written."""

    __test__ = False

    source: str
    """A program, in which ``start`` and ``interrupted`` are filled in; it knows ``succeed`` and ``finished``."""
    ended = ""
    """What settles ``finished`` with 3."""
    late = ""
    """What returns ``finished``, and settles it later with 5."""

    def program(self, start: str, interrupted: str = "", **options: object) -> "subprocess.Popen[str]":
        """Start a program with these two lines."""
        code = self.source.format(start=start, interrupted=interrupted or self.ended)
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            [sys.executable, "-c", code], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
        )

    def finished(self, program: "subprocess.Popen[str]") -> tuple[int, str, str]:
        out, err = program.communicate(timeout=LIMIT_S)
        return program.returncode, out, err

    def ready(self, program: "subprocess.Popen[str]") -> None:
        """Wait until the program says that it runs."""
        assert program.stdout is not None
        self.assertEqual(program.stdout.readline(), "ready\n")

    def test_status(self) -> None:
        """The exit status is the result, also when it is there already."""
        self.assertEqual(self.finished(self.program("return succeed(7)")), (7, "", ""))
        self.assertEqual(self.finished(self.program(self.late))[0], 5)

    def test_failure(self) -> None:
        """An error in the program is a traceback and status 70."""
        status, _, err = self.finished(self.program("raise ZeroDivisionError"))
        self.assertEqual(status, 70)
        self.assertIn("ZeroDivisionError", err)

    def test_signal(self) -> None:
        """The first signal asks the program to end, whichever of the three it is."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            program = self.program("print('ready', flush=True); return finished")
            self.ready(program)
            program.send_signal(number)
            self.assertEqual(self.finished(program)[0], 3)

    def test_second_signal(self) -> None:
        """The second one ends the process at once."""
        program = self.program("print('ready', flush=True); return finished", "print('asked', flush=True)")
        self.ready(program)
        program.send_signal(signal.SIGINT)
        assert program.stdout is not None
        self.assertEqual(program.stdout.readline(), "asked\n")
        program.send_signal(signal.SIGTERM)
        self.assertEqual(self.finished(program)[0], 128 + signal.SIGTERM)

    def test_blocking_as_before(self) -> None:
        """Descriptors that the program made non-blocking are as they were: the shell shares them."""
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        start = "import fcntl, os; fcntl.fcntl(0, fcntl.F_SETFL, os.O_NONBLOCK); return succeed(0)"
        self.assertEqual(self.finished(self.program(start, stdin=read))[0], 0)
        self.assertEqual(fcntl.fcntl(read, fcntl.F_GETFL) & os.O_NONBLOCK, 0)

    def test_closed_descriptors(self) -> None:
        """No socket gets the number of a standard descriptor that was closed."""
        null = "all(os.path.samefile(f'/proc/self/fd/{n}', '/dev/null') for n in (0, 1, 2))"
        start = f"import os; os.write(3, str({null}).encode()); return succeed(0)"
        code = self.source.format(start=start, interrupted="pass")
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        shell = f'exec "$0" -c "$1" 3>&{write} <&- >&- 2>&-'
        subprocess.run(["bash", "-c", shell, sys.executable, code], pass_fds=[write], timeout=LIMIT_S, check=True)
        os.close(write)
        self.assertEqual(os.read(read, 100), b"True")
