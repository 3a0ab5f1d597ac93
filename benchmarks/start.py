"""Start: the processor time that programs take which only start, do one thing, and end."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.client import Terminal
from benchmarks.figures import Row, Tell, median
from benchmarks.free_ports import HOST
from benchmarks.load import Broken
from benchmarks.ours import Groupchat
from benchmarks.processes import cpu_of
from benchmarks.running import running

_GROUPCHAT = [sys.executable, "-m", "groupchat.admin"]
DAEMON = "groupchat (the daemon)"
LINE = b"groupchat\nhello\n/exit\n"
"""What netcat says: a nickname, a line, goodbye."""


def start(rounds: int, tell: Tell) -> list[Row]:
    """Return a row for each program: the processor time of its start, the least and the median of some rounds.

    For the daemon also its resident memory before anybody comes.
    """
    home = Path(tempfile.mkdtemp(prefix="groupchat-bench-"))
    environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": "", "XDG_STATE_HOME": "", "TERM": "xterm"}
    taken: dict[str, list[float]] = {}
    memory: list[float] = []
    try:
        for number in range(rounds):
            tell(f"start: round {number + 1} of {rounds}")
            with running(Groupchat()) as server:
                taken.setdefault(DAEMON, []).append(server.cpu_s())
                memory.append(server.memory_kib() / 1024)
                for name, measure in _programs(f"{HOST}:{server.port}", server.port, environment).items():
                    taken.setdefault(name, []).append(measure())
    finally:
        shutil.rmtree(home, ignore_errors=True)
    python = min(taken["python -c pass"])
    rows = [
        {
            "scenario": "start", "peer": name, "cpu_ms": 1000 * min(times), "median_ms": 1000 * median(times),
            "ratio": min(times) / python, **({"memory_mib": median(memory)} if name == DAEMON else {}),
        }
        for name, times in taken.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: float(str(row["cpu_ms"])))


def _programs(address: str, port: int, environment: dict[str, str]) -> dict[str, Callable[[], float]]:
    """Return the programs by name, each with the function that runs it and returns its processor time."""
    say, tail = [*_GROUPCHAT, "say"], [*_GROUPCHAT, "tail", "--since", "0", address]
    netcat = shutil.which("nc")
    programs = {
        "python -c pass": lambda: run([sys.executable, "-c", "pass"], environment),
        "groupchat say": lambda: run([*say, address, "hello"], environment),
        "groupchat say --insecure (TLS)": lambda: run([*say, "--insecure", address, "hello"], environment),
        "groupchat tail, until the first line": lambda: run(tail, environment, until=b"hello"),
        "groupchat join, until connected": lambda: _join(address, environment),
    }
    if netcat is not None:
        programs["nc"] = lambda: run([netcat, HOST, str(port)], environment, says=LINE)
    return programs


def run(command: Sequence[str], environment: dict[str, str], says: bytes = b"", until: bytes = b"") -> float:
    """Run a program, and return its processor time in seconds.

    :param says: what it is told on standard input.
    :param until: what it prints before it is asked to end; empty: it ends by itself.
    :raises Broken: it ends with an error, or without having printed that.
    """
    program = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    given: Any = program.stdin
    shown: Any = program.stdout
    complaints: Any = program.stderr
    with given, shown, complaints:
        given.write(says)
        given.flush()
        if not until:
            given.close()
        printed = b""
        while (not until or until not in printed) and (line := shown.readline()):
            printed += line
        if until:
            os.kill(program.pid, signal.SIGTERM)  # terminate() would reap it, if it has ended by itself
        errors = complaints.read()
        _, status, usage = os.wait4(program.pid, 0)
    program.returncode = os.waitstatus_to_exitcode(status)
    if program.returncode or until not in printed:
        raise Broken(f"{command!r} ended with {program.returncode}: {errors[-1000:]!r}")
    return usage.ru_utime + usage.ru_stime


def _join(address: str, environment: dict[str, str]) -> float:
    """Return the processor time of the terminal client until it is in the chat."""
    terminal = Terminal([*_GROUPCHAT, "join", address, "--nick", "alice"], environment)
    try:
        terminal.expect("│ connected".encode())
        taken = cpu_of(terminal.pid)
        terminal.leave()
    finally:
        terminal.close()
    return taken
