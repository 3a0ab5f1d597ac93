"""The steps of the trial of a cluster: each does something to it, and returns what was seen."""

from collections.abc import Callable
from dataclasses import dataclass

from faults.cluster.cluster import Cluster
from faults.trial import summary
from groupchat.checker.agreement import Agreement
from groupchat.checker.roamers import ClusterLoad

FREE_S = 15.0
"""Seconds after which the nicknames of a node that has died are free, where the machine is left alone."""

PATIENCE = 3.0
"""Everything may take so many times as long as is promised: the machine may be busy with other work."""


@dataclass(frozen=True)
class Seen:
    """What was seen in a step; ``is_kept`` is None if this machine cannot run it."""

    is_kept: bool | None
    figure: str


@dataclass(frozen=True)
class Step:
    """One step: what is done, what must hold nevertheless, and the function that does it."""

    name: str
    promise: str
    carry_out: Callable[[Cluster], Seen]


def judged(load: ClusterLoad, agreement: Agreement, is_kept: bool = True, figure: str = "") -> Seen:
    """Return what was seen, with what became of a load."""
    faults = [line for line in agreement.lines() if line.startswith("!")][:3]
    words = [
        summary(load.ledger, agreement.findings),
        f"changes {len(agreement.changes)}, differing {len(agreement.differing)}, sessions {len(agreement.sessions)}",
        *([figure] if figure else []),
        *faults,
    ]
    return Seen(agreement.good and is_kept, "; ".join(words))
