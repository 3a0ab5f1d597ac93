"""A real daemon, and what talks to it: sockets, and programs behind pipes or on a terminal.

Everything here waits for what it expects, and no longer than a time limit: no test sleeps.
"""

import contextlib
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from benchmarks import free_ports
from tests.lacking import lacking

LIMIT_S = 60.0
"""How long anything may take that is expected to happen, in seconds; generous, for slow machines."""

TWISTD = [sys.executable, "-c", "import sys; sys.argv[0] = 'twistd'; from twisted.scripts.twistd import run; run()"]
TWIST = [sys.executable, "-m", "twisted", "--log-format=text"]

TREE = Path(__file__).resolve().parents[2]
"""The folder of the sources."""


def program(name: str) -> str:
    """The path of a program; without it the test is skipped, and fails in CI."""
    path = shutil.which(name)
    if path is None:
        lacking(f"{name} is not installed")
    return path


WORKERS = 16
"""So many processes that run tests side by side have ports of their own."""


def free_port() -> int:
    """A port that nobody listens on, and that no other process which runs tests takes before it is used."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    return free_ports.free_port(worker, WORKERS)


class Peer:
    """Something one reads from until it has said what is expected."""

    def __init__(self, source: int) -> None:
        self.heard = ""
        """All that came and was not expected yet."""
        self._source = source
        self._bytes = b""
        self.ended = False

    def expect(self, pattern: str, limit: float = LIMIT_S) -> "re.Match[str]":
        """Wait for a match of this pattern; the text up to its end is then done with."""
        end = time.monotonic() + limit
        while (found := re.search(pattern, self.heard, re.MULTILINE)) is None:
            if not self._hear(end):
                why = "it ended" if self.ended else f"{limit:g} s passed"
                raise AssertionError(f"{pattern!r} was expected, but {why} after {self.heard[-1000:]!r}")
        self.heard = self.heard[found.end() :]
        return found

    def rest(self, limit: float = LIMIT_S) -> str:
        """Everything up to the end."""
        end = time.monotonic() + limit
        while self._hear(end):
            pass
        if not self.ended:
            raise AssertionError(f"No end within {limit:g} s after {self.heard[-1000:]!r}")
        rest, self.heard = self.heard, ""
        return rest

    def _hear(self, end: float) -> bool:
        readable = select.select([self._source], [], [], max(end - time.monotonic(), 0))[0] if not self.ended else []
        if not readable:
            return False
        try:
            data = os.read(self._source, 65536)
        except OSError:  # a reset connection, or a terminal whose program is gone
            data = b""
        if not data:
            self.ended = True
            return False
        self._bytes += data
        # Only whole characters; what is no UTF-8 stays visible.
        whole = self._bytes.decode("utf-8", "surrogateescape")
        self._bytes = b""
        while whole and "\udc80" <= whole[-1] <= "\udcff" and len(self._bytes) < 3:
            self._bytes = whole[-1].encode("utf-8", "surrogateescape") + self._bytes
            whole = whole[:-1]
        self.heard += whole
        return True


class Line(Peer):
    """A bare socket, as a client; ``source`` is the address it comes from, one of this machine's (empty: any)."""

    def __init__(self, port: int, source: str = "127.0.0.1", host: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection((host, port), LIMIT_S, (source, 0))
        super().__init__(self.socket.fileno())

    def send(self, data: str | bytes) -> None:
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def close(self) -> None:
        self.socket.close()


class Program(Peer):
    """A program behind pipes or, so that it believes in a person, on a terminal."""

    def __init__(self, *command: str, terminal: bool = False, **more: Any) -> None:
        if terminal:
            ours, theirs = pty.openpty()
            self._into = ours
            self.process = subprocess.Popen(
                command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
                preexec_fn=_take_terminal, **more,
            )  # fmt: skip
            os.close(theirs)
            super().__init__(ours)
        else:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more
            )
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self._into = self.process.stdin.fileno()
            super().__init__(self.process.stdout.fileno())

    def send(self, data: str | bytes) -> None:
        os.write(self._into, data.encode() if isinstance(data, str) else data)

    def finish(self) -> None:
        """Nothing more will be typed."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(LIMIT_S)
        if self.process.stdout is not None:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.stdout.close()
        else:
            os.close(self._into)


def _take_terminal() -> None:
    """Make standard input the terminal that Ctrl-C comes from, and heed it also when these tests do not."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Daemon:
    """A groupchat daemon as a process of its own, with its log in ``log`` and its errors in ``errors``."""

    def __init__(self, command: list[str], folder: Path, **more: Any) -> None:
        self.log_path, self.errors_path = folder / "log", folder / "errors"
        with self.log_path.open("w") as log, self.errors_path.open("w") as errors:
            self.process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=errors, **more
            )
        self.port = 0

    @property
    def log(self) -> str:
        """What its log has; nothing while the file is being moved away."""
        with contextlib.suppress(FileNotFoundError):
            return self.log_path.read_text()
        return ""

    @property
    def errors(self) -> str:
        return self.errors_path.read_text()

    def ready(self, limit: float = LIMIT_S) -> "Daemon":
        """Wait until it listens, and learn where."""
        self.port = int(self.logged(r"Listening at \S+:(\d+)$", limit)[1])
        self.logged("Started with the messages in", limit)
        return self

    def logged(self, pattern: str, limit: float = LIMIT_S) -> "re.Match[str]":
        """Wait until its log has this."""
        end = time.monotonic() + limit
        while (found := re.search(pattern, self.log, re.MULTILINE)) is None:
            if self.process.poll() is not None or time.monotonic() > end:
                status = self.process.returncode
                raise AssertionError(f"No {pattern!r} (exit {status}) in:\n{self.log}\n{self.errors}")
            time.sleep(0.02)
        return found

    def wait(self, limit: float = LIMIT_S) -> int:
        """The exit status, when it has ended by itself."""
        return self.process.wait(limit)

    def stop(self) -> int:
        """Ask it to stop; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """Leave it no chance."""
        self.process.kill()
        self.wait()


class FunctionalTest(SynchronousTestCase):
    """Tests that start daemons and clients; all are gone when the test ends."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(shutil.rmtree, self.folder)
        # A machine without a name server says soon that it knows no host.
        self.environment = {**os.environ, "PYTHONPATH": str(TREE), "TZ": "UTC", "RES_OPTIONS": "timeout:1 attempts:1"}

    def launch(self, *options: str, command: list[str] | None = None, **more: Any) -> Daemon:
        """Start a daemon, by default in the foreground with a free port, and do not wait for it."""
        daemon = Daemon([*(command or self.command()), *options], self.folder, env=self.environment, **more)
        self.addCleanup(daemon.kill)
        return daemon

    def command(self, *twistd: str) -> list[str]:
        """The usual command line, to which options can be added."""
        return [
            *TWISTD, "-n", "--pidfile=", *twistd, "groupchat",
            "--port", f"tcp:{free_port()}:interface=127.0.0.1", "--data", "data", "--exempt", "127.0.0.0/8",
        ]  # fmt: skip

    def start(self, *options: str) -> Daemon:
        """Start a daemon and wait until it listens."""
        return self.launch(*options).ready()

    def connect(self, daemon: Daemon, nick: str = "") -> Line:
        """A client; with a nickname, once it is in."""
        line = Line(daemon.port)
        self.addCleanup(line.close)
        if nick:
            line.send(f"{nick}\n")  # at once: who waits is greeted, but only after a moment
            line.expect("Choose your nickname: ")
            line.expect(rf"^Connected to the server! You are {nick}.*\r\n")
        return line

    def await_tracer(self, pid: int) -> None:
        """Wait until all threads of a process are traced."""
        end = time.monotonic() + LIMIT_S
        while True:
            tasks = [f"/proc/{pid}/task/{task}/status" for task in os.listdir(f"/proc/{pid}/task")]
            states = [re.search(r"TracerPid:\s+(\d+)", Path(task).read_text()) for task in tasks]
            if all(state is not None and state[1] != "0" for state in states):
                return
            if time.monotonic() > end:
                raise AssertionError("strace does not follow the daemon")
            time.sleep(0.02)

    def spawn(self, name: str, *arguments: object, terminal: bool = False) -> Program:
        """A program that talks to a daemon."""
        spawned = Program(program(name), *map(str, arguments), terminal=terminal, env=self.environment)
        self.addCleanup(spawned.close)
        return spawned
