"""A cluster to try out: ``python -m faults cluster --demo``."""

import signal
from collections.abc import Callable

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
        f"  groupchat join {','.join(addresses)}     # comes back at another node when its own is killed",
        f"  groupchat verify {' '.join(addresses)}",
        "And then:",
        f"  kill -9 {first.daemon.process.pid}     # the nicknames of its people are free after 15 s at most",
        f"  kill -9 {_pid(cluster.etcd.members[0])}     # one member of etcd: nobody notices, but for a moment",
        f"  groupchat cluster status --data {second.data}",
        "Ctrl-C ends all.",
    ]


def _pid(member: EtcdMember) -> int:
    assert member.process is not None
    return member.process.pid
