"""Trials: the folder and the daemons of one fault, and its verdict."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from groupchat.checker.ledger import Findings, Ledger, Outcome, compare
from groupchat.checker.load import Load
from groupchat.checker.movers import MovingLoad
from groupchat.checker.verify import finish
from tests.functional.harness import LIMIT_S, TREE, TWISTD, Daemon, free_port

HOST = "127.0.0.1"
PACE_S = 0.02
"""Seconds between two requests of a client that moves."""
START_S = LIMIT_S
"""Seconds that a daemon may take until it listens."""


class NotRun(Exception):
    """This machine cannot run this trial; the text says what it lacks."""


@dataclass(frozen=True)
class Verdict:
    """The result of a trial; ``kept`` is None if it was not run."""

    kept: bool | None
    figure: str

    def __str__(self) -> str:
        word = {True: "kept", False: "BROKEN", None: "not run"}[self.kept]
        return f"{word}: {self.figure}"


class Trial:
    """The folder and the daemons of one trial; nothing of them is left when it ends.

    ``full``: whether the long form is asked for, not the one that continuous integration has time for.
    """

    def __init__(self, full: bool) -> None:
        self.full = full
        self.folder = Path(tempfile.mkdtemp(prefix="groupchat-fault-"))
        self._cleaning = contextlib.ExitStack()
        self._cleaning.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._daemons = 0

    def __enter__(self) -> "Trial":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleaning.close()

    def at_end(self, function: Callable[[], object]) -> None:
        """Call this when the trial ends, however it ends; the last one first."""
        self._cleaning.callback(function)

    def launch(
        self,
        *options: str,
        settings: str = "",
        data: Path | None = None,
        prefix: Sequence[str] = (),
        program: Sequence[str] = TWISTD,
        host: str = HOST,
        port: int | None = None,
        exempt: str = "0.0.0.0/0",
    ) -> Daemon:
        """Start a daemon without waiting for it.

        :param settings: the content of its settings file.
        :param data: its data folder; by default one that the daemons of this trial use one after the other.
        :param prefix: a command that runs it, such as ``prlimit --nofile=256``.
        :param program: the program to run instead of twistd.
        :param port: where it listens; by default a free one.
        :param exempt: networks that are exempt from the limits of addresses and lines.
        """
        self._daemons += 1
        folder = self.folder / f"daemon{self._daemons}"
        folder.mkdir()
        (folder / "settings.toml").write_text(settings)
        command = [
            *prefix, *program, "-n", "--pidfile=", "groupchat", "--port", f"tcp:{port or free_port()}:interface={host}",
            "--data", str(data or self.folder / "data"), "--settings", "settings.toml", "--exempt", exempt,
            *options,
        ]  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": str(TREE), "TZ": "UTC"}
        daemon = Daemon(command, folder, env=environment)
        self.at_end(daemon.kill)
        return daemon

    def start(self, *options: str, **more: object) -> Daemon:
        """Start a daemon, and wait until it listens."""
        return self.launch(*options, **more).ready(START_S)  # type: ignore[arg-type]  # passed on as they are

    def load(self, daemon: Daemon, clients: int, rate: float, size: int = 100, movers: int = 0) -> Load:
        """Put a load on a daemon, and wait until its clients have joined.

        :param movers: how many further clients move between rooms.
        """
        load = MovingLoad((HOST, daemon.port), Ledger(), clients, rate, size, movers, PACE_S)
        self.at_end(load.close)
        if not load.join(START_S):
            raise AssertionError(f"The load was not admitted: {load.turned_away}")
        return load

    def findings(self, load: Load) -> Findings:
        """Settle the load, and compare what was acknowledged with what is stored."""
        load.settle(START_S)
        return compare(load.ledger, finish(load, START_S))

    def run(self, *command: object) -> str:
        """Return the output of a program that must succeed."""
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotRun(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.returncode}")
        return done.stdout


def summary(ledger: Ledger, findings: Findings) -> str:
    """Return the result of a load in one line."""
    tally = ledger.tally()
    return (
        f"{tally.get(Outcome.ACKNOWLEDGED, 0)} acknowledged, lost {len(findings.lost)}, "
        f"duplicated {len(findings.duplicated)}, reordered {len(findings.out_of_order)}, "
        f"unexpected {len(findings.unexpected)}, misplaced {len(findings.misplaced)}, recovered {findings.recovered}"
    )


def need_root() -> None:
    """Raise NotRun unless this process may mount file systems and create namespaces."""
    if os.geteuid():
        raise NotRun("it needs root")


def need(program: str) -> str:
    """Return the path of a program.  Raises NotRun if it is not installed."""
    path = shutil.which(program)
    if path is None:
        raise NotRun(f"{program} is not installed")
    return path


def leave_out(lack: NotRun, environ: Mapping[str, str] | None = None) -> str:
    """Return what a verdict says of something that its trial goes on without; where CI=true, nothing is left out.

    :raises NotRun: it is.
    """
    if (os.environ if environ is None else environ).get("CI") == "true":
        raise lack
    return f"left out: {lack}"


def wait_for(what: Callable[[], bool], limit: float, step: float = 0.02) -> bool:
    """Wait at most ``limit`` seconds until something is true, and return whether it is."""
    end = time.monotonic() + limit
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


def memory_mib(pid: int) -> float:
    """Return how much memory a process holds, in MiB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def descriptors(pid: int) -> int:
    """Return how many files and sockets a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed; 0.0 if there are none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0
