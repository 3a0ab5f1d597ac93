"""Inject faults into a real daemon on this machine, and report which promises held: ``python -m faults [NAME…]``."""

import argparse
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from faults import (
    costly,
    crowds,
    disk,
    files,
    fuzz,
    hostile,
    kill,
    network,
    networks,
    posts,
    power,
    rooms,
    soak,
    times,
    unfair,
)
from faults.cluster import all_steps, demo
from faults.trial import NotRun, Trial, Verdict


@dataclass(frozen=True)
class Fault:
    """A fault and the promise that must hold in spite of it."""

    inject: Callable[[Trial], Verdict]
    promise: str


SOAK = "soak"
"""The fault that runs as long as it is told to, and only when it is named."""

FAULTS = {
    "kill": Fault(
        kill.killed, "kill -9 under load: nothing acknowledged is lost, duplicated, reordered or in a wrong room"
    ),
    "start": Fault(
        kill.start_with_a_million, "after kill -9 with a million posts the first client has joined within 2 s"
    ),
    "posts": Fault(posts.posted_once, "kill -9 while scripts post over HTTP with keys: each message is there once"),
    "rooms": Fault(
        rooms.remembered, "kill -9 just after people have moved: they come back where they were told they are"
    ),
    "power": Fault(power.power_lost, "power loss: nothing acknowledged is lost, duplicated or reordered"),
    "flush-error": Fault(disk.flush_fails, "a flush fails: nothing is acknowledged after it, exit 70"),
    "flush-slow": Fault(
        disk.flush_is_slow, "flushes take 300 ms: posts are live within 2 s, memory grows by at most 64 MiB"
    ),
    "flush-hangs": Fault(
        disk.flush_hangs, "a flush takes 15 s: posts are refused with a code after 10 s, and the daemon recovers"
    ),
    "disk-full": Fault(disk.disk_full, "full disk: reading and joining go on, posting is refused, and recovers"),
    "files": Fault(
        files.kept_whole, "kill -9 and a full disk at each step of a file: no post without its file, nothing left over"
    ),
    "downloads": Fault(
        files.fetched, "200 peers fetch a file, one at 1 KiB/s: a message takes at most 50 ms (p99), nobody is cut off"
    ),
    "descriptors": Fault(crowds.out_of_descriptors, "no descriptors left: further peers are told, commits go on"),
    "stopped": Fault(
        crowds.stopped_readers, "1,000 peers stop reading: the p99 of others at most doubles, all are disconnected"
    ),
    "slow": Fault(crowds.slow_readers, "1,000 slow readers: the p99 of others is below 50 ms, memory is under its cap"),
    "half-open": Fault(
        network.half_open, "the network of a peer vanishes: who asks for its nickname has it after 60 s, and it is told"
    ),
    "outage": Fault(network.outage, "the network is out for 120 s: nobody is cut off, and nothing is lost"),
    "networks": Fault(
        networks.networks,
        "loss, delay, outages and lost connections: what our clients say and hear is whole, or they say what is not",
    ),
    "clock": Fault(times.clock_jumps, "the clock jumps by 2 h: nobody is dropped, timers run right, numbers rise"),
    "stop": Fault(times.stopped_under_load, "SIGTERM under load: exit 0 within 8 s, everything is delivered"),
    "two": Fault(times.two_daemons, "two daemons on one folder: the second refuses, exit 1"),
    "damage": Fault(
        times.journal_damaged, "a damaged journal: the daemon does not start, and names the file and a remedy"
    ),
    "newlines": Fault(
        hostile.newline_flood, "16 peers flood line ends, exempt or not: the p99 of honest clients is at most 50 ms"
    ),
    "endless": Fault(hostile.endless_lines, "100 x 10 MB without a line end: memory returns to within 10 MiB"),
    "noise": Fault(hostile.noise, "200 streams of 1 MB of noise: no traceback, the daemon goes on"),
    "names": Fault(
        costly.long_names,
        "8 attackers with long names: round trip 20 ms (p99), /history 100 ms, memory returns to within 10 MiB",
    ),
    "searches": Fault(costly.slow_searches, "8 attackers with slow searches: the same"),
    "lists": Fault(costly.long_lists, "8 attackers with long lists and completions: the same"),
    "registrations": Fault(
        unfair.registrations,
        "8 peers register and guess: a login takes at most 1 s, a round trip 20 ms (p99), memory returns",
    ),
    "guesses": Fault(unfair.guesses, "1,000 addresses guess at an account: 30 guesses count, its owner is let in"),
    "hellos": Fault(unfair.hellos, "TLS that is begun and not established takes 64 KiB a connection at most"),
    "figures": Fault(unfair.figures, "half requests for figures: few are kept, and others are answered within 1 s"),
    "cluster": Fault(
        all_steps.carried_out,
        "three nodes and three members of etcd: nothing is lost, doubled or not the same at all nodes",
    ),
    "fuzz": Fault(fuzz.fuzzed, "doors and telnet filter under a fuzzer: no exception, and only valid lines are sent"),
}


def main() -> int:
    """Inject the faults that were named; the exit status is 0 if no promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=f"{__doc__.partition(':')[0]}.")
    parser.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        help=f"faults to inject: {', '.join(FAULTS)}, or {SOAK} (default: all but {SOAK})",
    )
    parser.add_argument("--quick", action="store_true", help="inject the short form of each")
    parser.add_argument("--minutes", metavar="M", type=float, default=30.0, help="how long a soak lasts (default: 30)")
    parser.add_argument(
        "--leak", metavar="BYTES", type=int, default=0,
        help="make the daemon leak so many bytes with each connection: a soak must find that (default: 0)",
    )  # fmt: skip
    parser.add_argument(
        "--demo",
        action="store_true",
        help="with “cluster”: start three nodes and three members of etcd to try them out",
    )
    arguments = parser.parse_args()
    if arguments.demo:
        if arguments.names != ["cluster"]:
            parser.error("--demo goes with “cluster” only")
        leave_nothing()
        with Trial(full=False) as trial:
            demo.show(trial)
        return 0
    unknown = set(arguments.names) - set(FAULTS) - {SOAK}
    if unknown:
        parser.error(f"unknown fault: {', '.join(sorted(unknown))}; the faults are {', '.join([*FAULTS, SOAK])}")
    leave_nothing()
    soaking = Fault(
        lambda trial: soak.soaked(trial, arguments.minutes, arguments.leak),
        "connections come and go for a long time: memory and descriptors stay flat",
    )
    faults = {**FAULTS, SOAK: soaking}
    verdicts = [tell(name, faults[name], not arguments.quick) for name in arguments.names or FAULTS]
    return 0 if all(acceptable(verdict) for verdict in verdicts) else 1


def leave_nothing() -> None:
    """Have this process end as usual when it is told to, so that nothing that it started is left running."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is signal.SIG_DFL:  # else nohup has it ignored
            signal.signal(each, lambda number, frame: sys.exit(128 + number))


def acceptable(verdict: Verdict) -> bool:
    """Return whether this is not a failure.  A fault that could not be injected is a failure in CI only."""
    return verdict.kept is True or (verdict.kept is None and os.environ.get("CI") != "true")


def tell(name: str, fault: Fault, full: bool) -> Verdict:
    """Inject one fault, and print its promise and its verdict."""
    begun = time.monotonic()
    try:
        with Trial(full) as trial:
            verdict = fault.inject(trial)
    except NotRun as lack:
        verdict = Verdict(None, str(lack))
    except Exception:
        traceback.print_exc()
        verdict = Verdict(False, "the trial itself failed")
    print(f"{name:12} {fault.promise}\n{'':12} {verdict} [{time.monotonic() - begun:.0f} s]", flush=True)
    return verdict


if __name__ == "__main__":
    sys.exit(main())
