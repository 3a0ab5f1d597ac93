"""Times: the wall clock jumps; the daemon is stopped, started twice, and started on a damaged journal."""

import re
import signal
import sys
import threading
import time

from faults.disk import trial_line
from faults.trial import HOST, Trial, Verdict, summary
from tests.functional.harness import Daemon, Line

HOURS = (2, -2)


def clock_jumps(trial: Trial) -> Verdict:
    """The clock jumps two hours forward and two back: nobody is dropped, timers run right, numbers rise."""
    offset = trial.folder / "offset"
    offset.write_text("0")
    program = [sys.executable, "-m", "faults.shifted", str(offset)]
    daemon = trial.start(settings="handshake_timeout_s = 4\n", program=program)
    load = trial.load(daemon, 5, 100.0)
    watcher = trial_line(trial, daemon, "watcher")
    figures, kept = [], True
    for hours in HOURS:
        newcomer = Line(daemon.port)
        trial.at_end(newcomer.close)
        begun = time.monotonic()
        shown = {_hour(hours)}
        offset.write_text(str(hours * 3600))
        load.run(2.0)
        shown.add(_hour(hours))
        newcomer.expect("!! handshake-timeout: ")  # and not when two hours have passed
        took = time.monotonic() - begun
        watcher.expect(rf"\[({'|'.join(shown)}):\d\d:\d\d\] #")  # so the daemon's clock was indeed off
        kept = kept and took >= 3.5
        figures.append(f"{hours:+d} h: a timer of 4 s ran {took:.1f} s")
    dropped = watcher.ended or len(re.findall(" left: ", daemon.log)) > 0
    findings = trial.findings(load)
    kept = kept and findings.good and not dropped
    return Verdict(
        kept,
        f"{'; '.join(figures)}; dropped: {'some' if dropped else 'nobody'}; {summary(load.ledger, findings)}",
    )


def _hour(ahead: int) -> str:
    """Return the hour of a clock that is so many hours ahead."""
    return time.strftime("%H", time.gmtime(time.time() + ahead * 3600))


def stopped_under_load(trial: Trial) -> Verdict:
    """SIGTERM under load: exit 0 within 8 s, and those who read were shown everything that was acknowledged."""
    daemon = trial.start()
    load = trial.load(daemon, 20, 1000.0)
    threading.Timer(1.5, daemon.process.send_signal, [signal.SIGTERM]).start()
    load.run(1.4)
    begun = time.monotonic()
    load.rate = 1000.0
    while daemon.process.poll() is None and time.monotonic() < begun + 30:
        load.run(0.05)
    took = time.monotonic() - begun - 0.1
    status = daemon.process.poll()
    unseen = [attempt.id for attempt in load.ledger.attempts if attempt.id and attempt.id not in load.ledger.shown]
    daemon = trial.start()
    load.server = (HOST, daemon.port)
    findings = trial.findings(load)
    return Verdict(
        status == 0 and took <= 8.0 and not unseen and findings.good,
        f"exit {status} after {took:.1f} s; acknowledged but not shown to readers: {len(unseen)}; "
        f"{summary(load.ledger, findings)}",
    )


def two_daemons(trial: Trial) -> Verdict:
    """A second daemon on the same folder refuses with exit 1 and one line; the first does not notice."""
    first = trial.start()
    load = trial.load(first, 3, 100.0)
    second = trial.launch()
    load.run(1.0)
    status = second.wait()
    findings = trial.findings(load)
    words = second.errors.strip()
    kept = status == 1 and "is in use by another groupchat" in words and "\n" not in words and findings.good
    return Verdict(kept, f"exit {status}: {words.replace(str(trial.folder), '')}; lost {len(findings.lost)}")


def journal_damaged(trial: Trial) -> Verdict:
    """A journal with a flipped page, a cut log or a lost tail: no start, and the file and a remedy are named."""
    # So slow that the log does not become long enough to be moved into the file when nothing else happens.
    for end in (Daemon.stop, Daemon.kill):
        daemon = trial.start()
        load = trial.load(daemon, 3, 50.0)
        load.run(1.0)
        load.close()
        end(daemon)
    data = trial.folder / "data"
    whole = {path.name: path.read_bytes() for path in data.glob("chat.db*") if path.name != "chat.db-shm"}
    figures, kept = [], True
    for what, damage in _damages(whole).items():
        for path in data.glob("chat.db*"):
            path.unlink()
        for name, content in {**whole, **damage}.items():
            (data / name).write_bytes(content)
        daemon = trial.launch()
        status = daemon.wait()
        words = daemon.errors.strip()
        named = str(data / "chat.db") in words and ("groupchat verify --data" in words or "not a groupchat" in words)
        kept = kept and status == 1 and named and "\n" not in words
        figures.append(f"{what}: exit {status}, {'named' if named else words[-200:]}")
    return Verdict(kept, "; ".join(figures))


def _damages(whole: dict[str, bytes]) -> dict[str, dict[str, bytes]]:
    """Return damaged files, by the kind of damage."""
    log, file = whole["chat.db-wal"], whole["chat.db"]
    page = 4096
    return {
        "log cut by half": {"chat.db-wal": log[: len(log) // 2]},
        "log gone": {"chat.db-wal": b""},
        "a byte of the log flipped": {"chat.db-wal": log[:5000] + bytes([log[5000] ^ 1]) + log[5001:]},
        "a page overwritten, the log gone": {"chat.db-wal": b"", "chat.db": file[:page] + bytes(range(256)) * 16 +
                                             file[2 * page :]},
        "header overwritten": {"chat.db-wal": b"", "chat.db": b"x" * 100 + file[100:]},
    }  # fmt: skip
