"""Measure the daemon and its peers, and report the figures: ``python -m benchmarks``."""

import argparse
import json
import platform
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import (
    client,
    cluster,
    compare,
    connections,
    core,
    durable,
    fanout,
    history,
    idle,
    join,
    parts,
    plots,
    rooms,
    slow,
    start,
    tls,
    web,
)
from benchmarks.figures import Row
from benchmarks.load import Broken, library
from benchmarks.peer import Peer
from benchmarks.peers import PEERS
from benchmarks.processes import LOAD_CORE, Stopped, pin, raise_descriptors
from benchmarks.report import tables
from benchmarks.targets import judged

FULL: dict[str, Any] = {
    "members": (1, 100, 1000, 5000), "windows": (1, 64), "seconds": 3.0, "rounds": 3, "joins": 5000, "idle": 10_000,
    "sizes": (0, 100_000, 1_000_000, 10_000_000), "rates": (100, 1000, 10_000), "span": 10.0, "missed": 20_000,
    "lines": 6000, "listeners": 1000, "starts": 9, "crowd": 1200, "behind": 30_000, "secured": (100, 1000),
    "connected": (1000, 5000, 10_000, 20_000), "simulated": (100, 1000, 10_000, 100_000),
    "share": 1.0,
}  # fmt: skip
QUICK: dict[str, Any] = {
    "members": (100,), "windows": (1, 64), "seconds": 1.0, "rounds": 1, "joins": 1000, "idle": 300,
    "sizes": (0, 20_000), "rates": (100, 1000), "span": 2.0, "missed": 5000,
    "lines": 600, "listeners": 200, "starts": 3, "crowd": 150, "behind": 5000, "secured": (100,),
    "connected": (100, 1000), "simulated": (100, 1000), "share": 0.05,
}  # fmt: skip
SCENARIOS = (
    *(
        "fanout",
        "join",
        "idle",
        "connections",
        "core",
        "rooms",
        "history",
        "slow",
        "durable",
        "client",
        "start",
        "parts",
        "web",
    ),
    *("tls", "cluster"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the scenarios that were named, and return the exit status."""
    options = _options(arguments)
    plan = QUICK if options.quick else FULL
    here = _circumstances(options.quick)
    chosen, before = options.scenarios or SCENARIOS, None
    if options.compare is not None:
        try:
            before = compare.earlier(options.compare)
            chosen = options.scenarios or compare.scenarios(before)
            compare.check(before, here, chosen)
        except compare.Incomparable as reason:
            print(f"python -m benchmarks: {reason}", file=sys.stderr)
            return 2
    peers = _present(options.peers)
    raise_descriptors()
    pin(LOAD_CORE)
    if library() is None:
        _tell("There is no C compiler (cc): the load runs in Python, and may be slower than a server.")
    wanted: dict[str, Callable[[], list[Row]]] = {
        "fanout": lambda: fanout.fan_out(
            peers, options.members or plan["members"], plan["windows"], plan["seconds"],
            options.rounds or plan["rounds"], _tell,
        ),
        "join": lambda: join.join(plan["joins"], _tell),
        "idle": lambda: idle.idle(peers, plan["idle"], _tell),
        "connections": lambda: connections.connections(options.members or plan["connected"], _tell),
        "core": lambda: core.core(options.members or plan["simulated"], _tell),
        "rooms": lambda: rooms.rooms(plan["share"], _tell),
        "history": lambda: history.history(options.sizes or plan["sizes"], options.journals, _tell),
        "slow": lambda: slow.slow(100, 100, plan["span"], options.rounds or plan["rounds"], _tell),
        "durable": lambda: durable.durable(plan["rates"], plan["span"], _tell),
        "client": lambda: client.client(plan["missed"], _tell),
        "start": lambda: start.start(plan["starts"], _tell),
        "parts": lambda: parts.parts(plan["lines"], _tell),
        "web": lambda: web.web(
            plan["listeners"], plan["windows"], plan["seconds"], options.rounds or plan["rounds"], _tell
        ),
        "tls": lambda: tls.tls(
            peers, options.members or plan["secured"], plan["windows"], plan["seconds"],
            options.rounds or plan["rounds"], _tell,
        ),
        "cluster": lambda: cluster.cluster(
            options.members[0] if options.members else plan["crowd"], plan["behind"], plan["lines"],
            plan["seconds"], options.rounds or plan["rounds"], _tell,
        ),
    }  # fmt: skip
    rows: list[Row] = []
    status = 0
    for scenario in chosen:
        try:
            rows += wanted[scenario]()
        except (Broken, Stopped, OSError) as error:
            _tell(f"{scenario} failed: {error}")
            status = 1
        if options.json is not None:  # after each scenario, so that a long run that is interrupted leaves something
            options.json.write_text(json.dumps({**here, "rows": rows}, indent=1))
    print(tables(rows, judged(rows)))
    if before is not None:
        try:
            print("\n" + compare.compared(before["rows"], rows))
        except compare.Incomparable as reason:
            _tell(str(reason))
            status = 1
    if options.plot is not None:
        try:
            plots.draw(rows, options.plot)
        except plots.NothingToDraw as reason:
            _tell(str(reason))
            status = 1
    return status


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="groupchat beside its peers")
    parser.add_argument(
        "scenarios", nargs="*", type=_scenario, metavar="SCENARIO", help=f"{', '.join(SCENARIOS)} (default: all)"
    )
    parser.add_argument("--quick", action="store_true", help="take less than two minutes, with less precise figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    parser.add_argument(
        "--compare", type=Path, metavar="OLD.json",
        help="print ratios to an earlier run of this machine, written by --json; by default run its scenarios again",
    )  # fmt: skip
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw a picture to FILE.png or FILE.svg")
    parser.add_argument(
        "--peers", type=_names, default=None, metavar="NAMES", help="measure only these servers, separated by commas"
    )
    parser.add_argument(
        "--members",
        type=_numbers,
        metavar="NUMBERS",
        help="for fanout and tls, and the first for cluster: numbers of members, such as 100,1000",
    )
    parser.add_argument(
        "--rounds",
        type=int,
        metavar="N",
        help="for fanout, slow, web, tls and cluster: how often to measure; the medians are reported",
    )
    parser.add_argument("--sizes", type=_numbers, metavar="NUMBERS", help="for history: numbers of posts")
    parser.add_argument("--journals", type=Path, metavar="FOLDER", help="for history: keep the filled journals there")
    return parser.parse_args(arguments)


def _scenario(text: str) -> str:
    if text not in SCENARIOS:
        raise argparse.ArgumentTypeError(f"unknown scenario {text}; the scenarios are {', '.join(SCENARIOS)}")
    return text


def _names(text: str) -> list[str]:
    known = [peer.name for peer in PEERS]
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in known]:
        raise argparse.ArgumentTypeError(f"unknown server {', '.join(unknown)}; the servers are {', '.join(known)}")
    return names


def _numbers(text: str) -> list[int]:
    return [int(number.replace("_", "")) for number in text.split(",")]


def _present(names: Sequence[str] | None) -> list[Peer]:
    """Return the servers asked for that are installed, and report which are missing."""
    present = []
    for peer in PEERS:
        if names is None or peer.name in names:
            if missing := peer.missing():
                _tell(f"{peer.name} is missing: {missing} is not installed.")
            else:
                present.append(peer)
    return present


def _circumstances(quick: bool) -> dict[str, Any]:
    """Return on what machine, when and how this run was made."""
    cpu = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())  # fmt: skip
    cores = sum(line.startswith("processor") for line in Path("/proc/cpuinfo").read_text().splitlines())
    return {
        "command": shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]]), "at": time.strftime("%Y-%m-%d %H:%M"),
        "machine": f"{cores} × {cpu}, {platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}", "quick": quick,
    }  # fmt: skip


def _tell(line: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
