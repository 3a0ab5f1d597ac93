"""The trial of a cluster: everything that can go wrong with it, step by step, each compared at all nodes."""

import time
import traceback

from faults.cluster import cut_off, members, nodes_lost, starting
from faults.cluster.cluster import Cluster
from faults.cluster.planted import program
from faults.cluster.steps import Seen, Step
from faults.trial import NotRun, Trial, Verdict

QUOTA = 24 * 2**20
"""Bytes that etcd may take in the short form."""

STEPS = (
    Step("disk full", "one node's disk is full: that node only refuses, by name, and is well afterwards",
         nodes_lost.disk_full),
    Step("one member lost", "any one member of etcd dies or hangs: silent for at most 5 s", members.one_lost),
    Step("cut off", "a member of etcd, or a node, is cut off, both ways or one way: the same, and that node refuses",
         cut_off.cut_off),
    Step("all members killed", "all members of etcd die: nothing is lost", members.all_killed),
    Step("power lost", "all members of etcd lose their power at once: nothing is lost", members.power_lost),
    Step("node's power lost", "a node loses its power: what it had not flushed it takes from the log",
         nodes_lost.power_lost),
    Step("most members away", "two of three away: refused within 10 s, reading goes on, well 5 s after",
         members.most_away),
    Step("node killed", "a node dies: its nicknames are free after 15 s, its people are elsewhere by token",
         nodes_lost.killed),
    Step("node paused", "a node hangs for 15 s: it acknowledges nothing that it cannot write, and its names go",
         nodes_lost.paused),
    Step("clock wrong", "a clock is off by two hours, ahead and behind: the same everywhere", nodes_lost.clock_wrong),
    Step("started twice", "two daemons with one name, or with one folder: the second refuses", starting.twice),
    Step("row changed", "a row was changed by hand: it is found, and that node stops", nodes_lost.row_changed),
    Step("space used up", "the quota of etcd is used up: well after compaction", members.space_used_up),
    Step("upgraded", "a newer release, node by node: nobody is refused", starting.upgraded),
)  # fmt: skip


def carried_out(trial: Trial) -> Verdict:
    """Carry out all steps on one cluster; print what each promised, and what was seen."""
    quota = QUOTA * (8 if trial.full else 1)
    cluster = Cluster(trial, ["--quota-backend-bytes", str(quota)])
    for node in cluster.nodes:
        node.program = program("checking")
    cluster.start()
    broken, lacking = "", []
    for step in STEPS:
        begun = time.monotonic()
        seen = _seen(step, cluster)
        word = {True: "kept", False: "BROKEN", None: "not run"}[seen.is_kept]
        took = time.monotonic() - begun
        print(f"  {step.name:20}{step.promise}\n  {'':20}{word}: {seen.figure} [{took:.0f} s]", flush=True)
        if seen.is_kept is None:
            lacking.append(step.name)
        elif not seen.is_kept:
            broken = step.name
            break  # what comes next would be done to a cluster that is not as it should be
    figure = f"broken: {broken or 'none'}; not run: {', '.join(lacking) or 'none'}"
    return Verdict(None if lacking and not broken else not broken, f"{len(STEPS)} steps; {figure}")


def _seen(step: Step, cluster: Cluster) -> Seen:
    try:
        return step.carry_out(cluster)
    except NotRun as lack:
        return Seen(None, str(lack))
    except Exception as error:
        traceback.print_exc()
        return Seen(False, f"{type(error).__name__}: {error}")
