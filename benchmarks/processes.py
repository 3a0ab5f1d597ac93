"""Processes: a server under test, pinned to one processor and measured through /proc."""

import os
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.free_ports import HOST

SERVER_CORE = 0
LOAD_CORE = 1
DESCRIPTORS = 20_000
"""The number of files and sockets that a server, and the load, may have open."""
START_S = 60.0
"""Seconds that a server may take until it accepts connections."""
STOP_S = 30.0


class Stopped(Exception):
    """A server ended, or never answered; the text contains the end of its output."""


def raise_descriptors() -> None:
    """Raise the limit of open files of this process to DESCRIPTORS, or as far as possible."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= most < DESCRIPTORS:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
            return
        except ValueError:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    else:
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, most))


def pin(core: int) -> None:
    """Pin this process to one processor, if there is more than one."""
    if core < (os.cpu_count() or 1):
        os.sched_setaffinity(0, {core})


def cpu_of(pid: int) -> float:
    """Return the processor time of all threads of a process so far, in seconds, to the nanosecond."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9


def waited_by(pid: int) -> float:
    """Return for how many seconds the threads of a process have been ready to run so far, and had no processor."""
    return sum(int((task / "schedstat").read_text().split()[1]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9


def _environment(preload: Path | None) -> dict[str, str]:
    """Return the environment of this process, extended so that an uninstalled checkout is found from any folder."""
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return {**environment, "LD_PRELOAD": str(preload)} if preload is not None else environment


class Server:
    """A process that listens on ``port`` of the loopback interface; its own ``folder`` is removed at the end."""

    def __init__(
        self, command: Sequence[str], port: int, folder: Path, *, preload: Path | None = None, pinned: bool = True
    ) -> None:
        """Start it.

        :param preload: a library that is loaded before the system's.
        :param pinned: whether it has one processor only.
        """
        self.port = port
        self.folder = folder
        self._log = folder / "output.txt"

        def prepare() -> None:
            if pinned:
                pin(SERVER_CORE)
            else:
                os.sched_setaffinity(0, range(os.cpu_count() or 1))
            raise_descriptors()

        self.begun = time.monotonic()
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=prepare,
                env=_environment(preload),
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """The process ID."""
        return self._process.pid

    def wait_until_open(self, *, greets: bool = False) -> float:
        """Wait until it accepts connections, and return the seconds since it was started.

        :param greets: wait for the first bytes too, from a server that speaks first.
        :raises Stopped: it ended, or takes longer than START_S.
        """
        while time.monotonic() < self.begun + START_S:
            if self._process.poll() is not None:
                break
            try:
                with socket.create_connection((HOST, self.port), timeout=START_S) as probe:
                    if greets:
                        probe.recv(1)
            except OSError:
                time.sleep(0.005)
            else:
                return time.monotonic() - self.begun
        raise Stopped(self.last_words())

    def cpu_s(self) -> float:
        """Return the processor time of all its threads so far, in seconds, to the nanosecond."""
        return cpu_of(self.pid)

    def waited_s(self) -> float:
        """Return the time that all its threads have waited for a processor so far, in seconds, to the nanosecond."""
        return waited_by(self.pid)

    def memory_kib(self) -> int:
        """Return its resident memory, in KiB (not what the kernel holds for its sockets)."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise Stopped(self.last_words())

    def last_words(self) -> str:
        """Return the end of its output."""
        text = self._log.read_text(errors="replace")[-1000:]
        return f"{self._process.args!r} ended with {self._process.poll()}:\n{text}"

    def stop(self, *, keep: bool = False) -> None:
        """End it, by force if necessary, and remove its folder unless it is to be kept."""
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
