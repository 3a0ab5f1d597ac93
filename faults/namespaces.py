"""Network namespaces whose names and addresses no other trial on this machine has."""

import socket
import subprocess
from pathlib import Path

from faults.trial import NotRun, Trial

SPACES = Path("/var/run/netns")
"""The folder where ``ip netns add`` keeps the namespaces."""

MOST = 250
"""So many trials of one kind can run at once on this machine: the number is part of an IPv4 address."""


def claim(trial: Trial, kind: str) -> int:
    """Return a number that is this trial's until it ends, or its process does.

    What is left behind by a process that was killed is left alone: its number is taken.

    :param kind: the beginning of the names of its namespaces.  :raises NotRun: there is none left.
    """
    for number in range(1, MOST + 1):
        held = socket.socket(socket.AF_UNIX)
        try:
            held.bind(f"\0{kind}{number}")
        except OSError:
            held.close()
            continue
        if any(SPACES.glob(f"{kind}{number}-*")):
            held.close()
            continue
        trial.at_end(held.close)
        return number
    raise NotRun(f"{MOST} trials of this kind run on this machine")


class Namespace:
    """A network namespace, which is gone when the trial ends.

    :param name: begins with a kind, a number that was claimed for it, and a hyphen.

    ``prefix``: the command that runs another one in it.  It shares everything else with this process: ``ip netns exec``
    gives it a copy of all mounts instead, which keeps file systems in use that another trial has unmounted.
    """

    def __init__(self, trial: Trial, name: str) -> None:
        self.name = name
        self.prefix = ("nsenter", f"--net={SPACES / name}", "--")
        trial.run("ip", "netns", "add", name)
        trial.at_end(lambda: subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True))
