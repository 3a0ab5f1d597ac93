"""A cluster to try out: ``python -m faults cluster --demo``."""

import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faults.cluster.cluster import Cluster
from faults.trial import HOST, Trial
from tests.functional.etcd_members import EtcdMember


def show(trial: Trial, wait: Callable[[], object] = signal.pause) -> None:
    """Start three members of etcd and three nodes, say what can be typed, and end everything at Ctrl-C."""
    print("Starting three members of etcd and three nodes …", flush=True)
    try:
        cluster = Cluster(trial).start()
        print("\n".join(_words(cluster)), flush=True)
        wait()
    except KeyboardInterrupt:
        print("\nEnding them.", flush=True)


def _words(cluster: Cluster) -> list[str]:
    addresses = [f"{HOST}:{node.port}" for node in cluster.nodes]
    first, second = cluster.nodes[:2]
    member = cluster.etcd.members[0]
    groupchat = _groupchat()
    return [
        "",
        *(
            f"node {node.name}: port {node.port}, process {node.daemon.process.pid}, {node.data}"
            for node in cluster.nodes
        ),
        *(f"etcd {member.name}: port {member.port}, process {_pid(member)}" for member in cluster.etcd.members),
        "",
        "Each in a terminal of its own:",
        f"  nc {HOST} {first.port}",
        f"  nc {HOST} {second.port}",
        f"  {groupchat} join {','.join(addresses)}     # comes back at another node when its own is killed",
        f"  {groupchat} verify {' '.join(addresses)}",
        "And then:",
        f"  kill -9 {first.daemon.process.pid}     # the nicknames of its people are free after 15 s at most",
        f"  kill -9 {_pid(member)}     # one member of etcd: nobody notices, but for a moment",
        f"  {groupchat} cluster status --data {second.data}",
        "To start what was killed again, in a terminal of its own (Ctrl-C there ends it):",
        f"  cd {shlex.quote(str(first.daemon.log_path.parent))} && {_command(first.daemon.process.args)}",
        f"  {_command(_process(member).args)}",
        "Ctrl-C here ends all the others.",
    ]


def _groupchat() -> str:
    """Return how groupchat is run by whoever has not put it on the PATH."""
    program = Path(sys.executable).with_name("groupchat")
    return shlex.quote(str(program)) if program.exists() else f"{shlex.quote(sys.executable)} -m groupchat.admin"


def _command(words: Any) -> str:
    return shlex.join(map(str, words))


def _process(member: EtcdMember) -> "subprocess.Popen[bytes]":
    assert member.process is not None
    return member.process


def _pid(member: EtcdMember) -> int:
    return _process(member).pid
