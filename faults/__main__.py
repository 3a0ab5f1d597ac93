"""``python -m faults [NAME…]``: inject faults into a real daemon on this machine; say whether each promise held."""

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from faults import crowds, disk, fuzz, hostile, kill, power, soak, times
from faults.trial import NotRun, Trial, Verdict


@dataclass(frozen=True)
class Fault:
    """A row of the table of faults."""

    inject: Callable[[Trial], Verdict]
    promise: str


SOAK = "soak"
"""Lasts as long as one likes, and so is run only when it is named."""

FAULTS = {
    "kill": Fault(kill.killed, "kill -9 under load: nothing acknowledged lost, doubled or reordered"),
    "start": Fault(kill.start_with_a_million, "up again 2 s after kill -9 with a million posts"),
    "power": Fault(power.power_lost, "power loss: nothing acknowledged lost, doubled or reordered"),
    "flush-error": Fault(disk.flush_fails, "a flush fails: nothing acknowledged after it, exit 70"),
    "flush-slow": Fault(disk.flush_is_slow, "a flush takes 300 ms: live within 2 s, memory +64 MiB at most"),
    "flush-hangs": Fault(disk.flush_hangs, "a flush takes 15 s: posts refused by name after 10 s, and it recovers"),
    "disk-full": Fault(disk.disk_full, "full disk: reading and joining go on, posting is refused, and recovers"),
    "descriptors": Fault(crowds.out_of_descriptors, "no descriptors left: the rest are told, commits go on"),
    "stopped": Fault(crowds.stopped_readers, "1,000 stopped readers: others' p99 at most doubled, all cut off"),
    "slow": Fault(crowds.slow_readers, "1,000 slow readers: others' p99 below 50 ms, memory under the cap"),
    "half-open": Fault(crowds.half_open, "a peer's network vanishes: its nickname is free within 120 s"),
    "clock": Fault(times.clock_jumps, "the clock jumps by 2 h: nobody dropped, timers right, numbers rise"),
    "stop": Fault(times.stopped_under_load, "SIGTERM under load: exit 0 within 12 s, everything delivered"),
    "two": Fault(times.two_daemons, "two daemons on one folder: the second refuses, exit 1"),
    "damage": Fault(times.journal_damaged, "a damaged journal: no start; the file and a remedy are named"),
    "newlines": Fault(
        hostile.newline_flood, "16 flooders with line ends, exempt or not: an honest p99 of at most 50 ms"
    ),
    "endless": Fault(hostile.endless_lines, "100 x 10 MB without a line end: memory back within 10 MiB"),
    "noise": Fault(hostile.noise, "200 streams of 1 MB of noise: no traceback, serves on"),
    "fuzz": Fault(fuzz.fuzzed, "doors and telnet filter under a fuzzer: nothing raised, nothing sent that is no line"),
}


def main() -> int:
    """Run what is asked for; the exit status is 0 when no promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__.partition(":")[2].strip())
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help=f"which, of: {', '.join(FAULTS)}, or {SOAK} (default: all but that)"
    )
    parser.add_argument("--quick", action="store_true", help="the short form of each")
    parser.add_argument("--minutes", metavar="M", type=float, default=30.0, help="how long a soak lasts (default: 30)")
    parser.add_argument(
        "--leak", metavar="BYTES", type=int, default=0,
        help="have the soaked daemon lose so many with each connection: the soak must find that (default: 0)",
    )  # fmt: skip
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(FAULTS) - {SOAK}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join([*FAULTS, SOAK])}")
    soaking = Fault(
        lambda trial: soak.soaked(trial, arguments.minutes, arguments.leak),
        "comings and goings for ever: memory and descriptors stay flat",
    )
    faults = {**FAULTS, SOAK: soaking}
    verdicts = [tell(name, faults[name], not arguments.quick) for name in arguments.names or FAULTS]
    return 0 if all(acceptable(verdict) for verdict in verdicts) else 1


def acceptable(verdict: Verdict) -> bool:
    """Whether this is no failure: what a machine cannot do is one only where nothing may be left out."""
    return verdict.kept is True or (verdict.kept is None and os.environ.get("CI") != "true")


def tell(name: str, fault: Fault, full: bool) -> Verdict:
    """Inject one fault, and print its lines."""
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
