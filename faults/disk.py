"""Disks: a flush fails, takes long, or finds the disk full."""

import os
import re
import subprocess
import time
from pathlib import Path

from faults.honest import Honest
from faults.trial import START_S, NotRun, Trial, Verdict, memory_mib, need, need_root, percentile, summary, wait_for
from groupchat.checker.ledger import compare
from groupchat.checker.load import Load
from groupchat.checker.verify import history
from groupchat.journals.tools.audit import Audit
from tests.functional.harness import Daemon, Line

SMALL = "size=4m"
REFUSED = "journal-unavailable"


def flush_fails(trial: Trial) -> Verdict:
    """After a flush has failed nothing is acknowledged; the daemon exits with 70, and starts when it was checked."""
    daemon = trial.start()
    load = trial.load(daemon, 10, 200.0)
    load.run(0.5)
    trace(trial, daemon, "error=EIO")
    begun = time.monotonic()
    load.run(1.0)
    status = daemon.wait()
    took = time.monotonic() - begun
    refused = trial.launch().wait()
    faults = list(Audit(trial.folder / "data").faults())
    daemon = trial.start()
    load.server = (load.server[0], daemon.port)
    findings = trial.findings(load)
    kept = status == refused == 70 and not faults and findings.good and daemon.stop() == 0
    return Verdict(kept, f"exit {status} after {took:.1f} s; {summary(load.ledger, findings)}")


def flush_is_slow(trial: Trial) -> Verdict:
    """With flushes of 300 ms the chat is live, memory is bounded, and nothing is lost."""
    seconds = 30.0 if trial.full else 5.0
    daemon = trial.start()
    load = trial.load(daemon, 20, 500.0)
    load.run(0.5)
    before = memory_mib(daemon.process.pid)
    trace(trial, daemon, "delay_exit=300000")
    honest = Honest(daemon.port, seconds, 1.0)
    load.run(seconds)
    grown = memory_mib(daemon.process.pid) - before
    delays = honest.delays()
    findings = trial.findings(load)
    worst = max(delays)
    return Verdict(
        findings.good and worst <= 2000.0 and grown <= 64,
        f"posts live after {percentile(delays, 0.5):.0f} ms (median), {worst:.0f} ms (worst); "
        f"memory +{grown:.0f} MiB; {summary(load.ledger, findings)}",
    )


def flush_hangs(trial: Trial) -> Verdict:
    """A flush takes 15 s: after 10 s posts are refused with a code, commands are answered, and the daemon recovers."""
    daemon = trial.start("--data", str(trial.folder / "data"))
    speaker, hearer = trial_line(trial, daemon, "speaker"), trial_line(trial, daemon, "hearer")
    tracer = trace(trial, daemon, "delay_exit=15000000")
    begun = time.monotonic()
    speaker.send("one\n")
    time.sleep(0.3)
    hearer.send("two\n")
    hearer.expect(f"!! {REFUSED}: ", 14.0)
    refused = time.monotonic() - begun
    hearer.send("/list\n")
    hearer.expect("people are in lobby", 2.0)
    hearer.expect("speaker: one", 30.0)
    landed = time.monotonic() - begun
    tracer.kill()
    tracer.wait()
    hearer.send("three\n")
    speaker.expect("hearer: three", 20.0)
    return Verdict(
        refused <= 12.5, f"refused after {refused:.1f} s, commands answered, the post shown when it was stored "
        f"after {landed:.1f} s; then posting works again",
    )  # fmt: skip


def trace(trial: Trial, daemon: Daemon, what: str) -> "subprocess.Popen[bytes]":
    """Make the daemon's flushes do this from now on, with strace.  Raises NotRun."""
    pid = daemon.process.pid
    command = [need("strace"), "-f", "-q", "-o", "/dev/null", "-e", "trace=fdatasync,fsync",
               "-e", f"inject=fdatasync,fsync:{what}", "-p", str(pid)]  # fmt: skip
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE)

    def end() -> None:
        tracer.kill()
        tracer.communicate()

    trial.at_end(end)
    if not wait_for(lambda: tracer.poll() is not None or _is_traced(pid), START_S) or tracer.poll() is not None:
        raise NotRun("strace may not trace here")
    return tracer


def _is_traced(pid: int) -> bool:
    tasks = [Path(f"/proc/{pid}/task/{task}/status") for task in os.listdir(f"/proc/{pid}/task")]
    return all(re.search(r"TracerPid:\s+[1-9]", task.read_text()) for task in tasks)


def disk_full(trial: Trial) -> Verdict:
    """On a full disk posting is refused with a code, reading and joining go on; with free space posting works again."""
    need_root()
    point = trial.folder / "small"
    point.mkdir()
    trial.run("mount", "-t", "tmpfs", "-o", SMALL, "groupchat-fault", point)
    trial.at_end(lambda: subprocess.run(["umount", str(point)], check=False, capture_output=True))
    (point / "ballast").write_bytes(bytes(2 * 2**20))
    daemon = trial.start(data=point / "data")
    load = trial.load(daemon, 5, 500.0, 1000)
    reader = trial_line(trial, daemon, "reader")
    begun = time.monotonic()
    while REFUSED not in load.refused and time.monotonic() < begun + 2 * START_S:
        load.run(0.2)
    full = time.monotonic() - begun
    answered = _works_but_for_posting(trial, daemon, reader, load)
    (point / "ballast").unlink()
    begun = time.monotonic()
    again = wait_for(lambda: _can_post(reader), START_S, 0.2)
    back = time.monotonic() - begun
    load.run(0.5)
    load.settle(START_S)
    # This room has posts other than those of the load.
    findings = compare(load.ledger, history(load.server, load.ledger, START_S))
    load.close()
    status = daemon.stop()
    kept = REFUSED in load.refused and answered and again and findings.good and status == 0
    return Verdict(
        kept,
        f"full after {full:.1f} s, {sum(load.refused.values())} posts refused, reading and joining went on; posting "
        f"again {back:.1f} s after space was free; exit {status}; {summary(load.ledger, findings)}",
    )


def _works_but_for_posting(trial: Trial, daemon: Daemon, reader: Line, load: Load) -> bool:
    """Check that people can join and read while posting is refused."""
    newcomer = trial_line(trial, daemon, "newcomer")
    newcomer.send("/list\n")
    newcomer.expect("people are in lobby")
    reader.send("/history 5\n")
    reader.expect("end of the history")
    newcomer.send("/set echo on\n")
    newcomer.expect("echo is now on")
    # A checkpoint may have made room for a little more, which is to be filled again first.
    return wait_for(lambda: _is_refused(newcomer) or _fills_up(load), START_S)


def _is_refused(line: Line) -> bool:
    """Fill what is left with one long post; return whether it was refused."""
    line.send("x" * 4000 + "\n")
    return not line.expect(rf"newcomer: x{{4000}}\r?\n|!! {REFUSED}: .*\n")[0].startswith("newcomer")


def _fills_up(load: Load) -> bool:
    load.run(0.3)
    return False


def _can_post(line: Line) -> bool:
    """Return whether a post is accepted now."""
    line.send("/set echo on\nis there room again?\n")
    return bool(line.expect(rf"reader: is there room again\?|!! {REFUSED}: .*\n")[0].startswith("reader"))


def trial_line(trial: Trial, daemon: Daemon, nick: str) -> Line:
    """Return a person with netcat who has joined."""
    line = Line(daemon.port)
    trial.at_end(line.close)
    line.expect("Choose your nickname: ")
    line.send(f"{nick}\n")
    line.expect("^Connected to the server!.*\r\n")
    return line
