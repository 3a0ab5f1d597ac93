"""Power loss: a file system in a file is shut down under the daemon, with everything that was not flushed."""

import fcntl
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from faults.trial import START_S, NotRun, Trial, Verdict, need, need_root, summary, wait_for
from groupchat.checker.ledger import Findings
from groupchat.journals.tools.audit import Audit
from tests.functional.harness import TWISTD

SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN."""
WITHOUT_FLUSH = (2).to_bytes(4, "little")
"""EXT4_GOING_FLAGS_NOLOGFLUSH: as if the power was cut."""
MIB = 256


def power_lost(trial: Trial) -> Verdict:
    """Load, cut the power, mount again, start: everything acknowledged is there, once, in order."""
    rounds = 8 if trial.full else 2
    worst, figure = True, ""
    for _ in range(rounds):
        findings, figure = lose_power(trial)
        worst = worst and findings.good
        if not findings.good:
            break
    return Verdict(worst, f"{rounds} rounds; the last: {figure}")


def lose_power(trial: Trial, program: Sequence[str] = TWISTD) -> tuple[Findings, str]:
    """Run one round with this daemon.  Raises NotRun."""
    disk = Disk(trial)
    daemon = trial.start(data=disk.mount() / "data", program=program)
    load = trial.load(daemon, 20, 2000.0)
    load.run(1.5)
    stop(daemon.process)
    disk.cut_power()
    daemon.kill()
    load.run(0.05)  # what was sent is not answered
    disk.unmount()
    data = disk.mount() / "data"
    daemon = trial.start(data=data)
    load.server = (load.server[0], daemon.port)
    findings = trial.findings(load)
    load.close()
    daemon.stop()
    findings.unexpected.extend(Audit(data).faults())
    disk.unmount()
    return findings, summary(load.ledger, findings)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Stop all threads of a process, each between two system calls.

    If a flush is in progress when a file system is shut down, Linux (6.18) may report that it succeeded
    although it did not, as a plain program shows too: what is acknowledged then says nothing about the daemon.
    """
    process.send_signal(signal.SIGSTOP)
    tasks = Path(f"/proc/{process.pid}/task")
    if not wait_for(lambda: all(_state(task) == "T" for task in tasks.iterdir()), START_S):
        raise AssertionError("The process did not stop.")


def _state(task: Path) -> str:
    """Return the state of a thread as a letter: T is stopped."""
    return (task / "stat").read_text().rpartition(")")[2].split()[0]


class Disk:
    """An ext4 file system in a file, removed when the trial ends.  Raises NotRun where that is impossible.

    :param mib: how large it is.
    :param name: of its file, and of where it is mounted.
    """

    def __init__(self, trial: Trial, mib: int = MIB, name: str = "disk") -> None:
        need_root()
        need("mkfs.ext4")
        self._trial = trial
        self._image = trial.folder / name
        self._image.unlink(missing_ok=True)
        with self._image.open("wb") as file:
            file.truncate(mib * 2**20)
        trial.run("mkfs.ext4", "-q", "-F", self._image)
        self._point = trial.folder / f"{name}-mounted"
        self._point.mkdir(exist_ok=True)

    def mount(self) -> Path:
        """Mount it, and return where."""
        if not os.access("/dev/loop-control", os.W_OK):
            raise NotRun("there are no loop devices here")
        self._trial.run("mount", "-o", "loop", self._image, self._point)
        self._trial.at_end(self.unmount)
        return self._point

    def cut_power(self) -> None:
        """From now on nothing reaches the disk, and what was not flushed never will."""
        folder = os.open(self._point, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, SHUTDOWN, WITHOUT_FLUSH)
        finally:
            os.close(folder)

    def unmount(self) -> None:
        """Unmount it, if it is mounted; whoever was just killed may keep it busy for a moment.

        Raises AssertionError: what is mounted there next would be the file system whose power failed.
        """

        def is_gone() -> bool:
            if not any(line.split()[1] == str(self._point) for line in Path("/proc/mounts").read_text().splitlines()):
                return True
            return subprocess.run(["umount", self._point], check=False, capture_output=True).returncode == 0

        if not wait_for(is_gone, START_S, 0.1):
            raise AssertionError(f"{self._point} stays in use.")
