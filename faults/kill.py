"""Kills: kill -9 in the middle of the load, again and again."""

import random
import sqlite3
import threading
import time
from pathlib import Path

from faults.trial import START_S, Trial, Verdict, summary
from groupchat.checker.drain import Drain
from groupchat.checker.load import Load
from groupchat.journals.tools.audit import Audit
from tests.functional.harness import Daemon

CLIENTS, RATE = 50, 10_000.0
"""50 clients with 200 posts a second each."""
MOVERS = 8
"""Clients that move between rooms meanwhile."""


def killed(trial: Trial) -> Verdict:
    """Load, kill, start, load on; in the end everything acknowledged must be there, once, in order, in its room."""
    rounds = 100 if trial.full else 5
    chance = random.Random(rounds)
    totals = {"acknowledged": 0, "faults": 0, "recovered": 0}
    daemon, figure, slowest = trial.start(), "", 0.0
    for number in range(rounds):
        load = trial.load(daemon, CLIENTS, RATE, movers=MOVERS)
        daemon, took = _round(trial, load, daemon, chance.uniform(0.3, 1.5))
        slowest = max(slowest, took)
        findings = trial.findings(load)
        load.close()
        totals["acknowledged"] += sum(1 for attempt in load.ledger.attempts if attempt.id)
        totals["recovered"] += findings.recovered
        if not findings.good:
            totals["faults"] += 1
            figure = f"; round {number}: {summary(load.ledger, findings)}; {next(iter(findings.lines()))}"
    daemon.stop()
    wrong = list(Audit(trial.folder / "data").faults())
    return Verdict(
        not totals["faults"] and not wrong,
        f"{rounds} rounds, {totals['acknowledged']} acknowledged, {totals['recovered']} recovered; rounds with "
        f"anything lost, duplicated, reordered or in a wrong room: {totals['faults']}; offline faults {len(wrong)}; "
        f"slowest start {slowest:.2f} s{figure}",
    )


def _round(trial: Trial, load: Load, daemon: Daemon, after: float) -> tuple[Daemon, float]:
    """Post, kill the daemon meanwhile, start it again at once, post on; return the new one, and how long it took."""
    timer = threading.Timer(after, daemon.process.kill)
    timer.start()
    load.run(after + 0.1)
    timer.join()
    daemon.wait()
    begun = time.monotonic()
    daemon = trial.start()
    took = time.monotonic() - begun
    load.server = (load.server[0], daemon.port)
    load.run(0.3)
    return daemon, took


def start_with_a_million(trial: Trial) -> Verdict:
    """After kill -9 with a million posts, the first client has joined within 2 seconds of the start."""
    posts = 1_000_000 if trial.full else 100_000
    daemon = trial.start()
    daemon.stop()
    fill(trial.folder / "data" / "chat.db", posts)
    daemon = trial.start()
    load = trial.load(daemon, 10, 1000.0)
    load.run(0.5)
    daemon.kill()
    load.close()
    begun = time.monotonic()
    daemon = trial.launch()
    daemon.ready(START_S)
    Drain((load.server[0], daemon.port), START_S).close()
    took = time.monotonic() - begun
    return Verdict(took <= 2.0, f"{posts} posts, joined {took:.2f} s after the start")


def fill(path: Path, posts: int) -> None:
    """Put posts into a stopped journal, as if they had been said."""
    with sqlite3.connect(path) as database:
        columns = "(id, kind, author, room, nick, peer, at, text, key)"
        rows = (
            (id, "said", id % 100, "lobby", f"n{id % 100}", "", id * 1000, f"post {id} {'x' * 85}", f"key{id}")
            for id in range(1, posts + 1)
        )
        database.executemany(f"INSERT INTO posts {columns} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        database.execute("INSERT INTO spans VALUES (1, 1000)")
        database.execute("UPDATE counters SET value = ? WHERE name = 'head'", (posts,))
    database.close()
