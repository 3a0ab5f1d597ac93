"""Starts of nodes: a second one of the same name or with the same folder, and nodes of the next release."""

import contextlib
import time

from faults.cluster.cluster import Cluster, Node, running
from faults.cluster.guests import let_in, until_posted
from faults.cluster.planted import program
from faults.cluster.steps import Seen, judged
from faults.trial import START_S, wait_for
from groupchat.journals.cluster.entries import RULES

UPGRADE = "upgrade this node"


def twice(cluster: Cluster) -> Seen:
    """Start a second daemon with the name of a node that runs, and one with the folder of another."""
    trial, first, second = cluster.trial, cluster.nodes[0], cluster.nodes[1]
    load = cluster.load()
    namesake = Node(trial, cluster.location, first.name, trial.folder / "namesake")
    neighbour = Node(trial, cluster.location, "z9", second.data)
    with running(load):
        for node in (namesake, neighbour):
            node.launch()
        statuses = [node.daemon.wait(2 * START_S) for node in (namesake, neighbour)]
        time.sleep(0.5)
    words = [_last_words(node) for node in (namesake, neighbour)]
    kept = statuses == [1, 1] and all(words)
    figure = f"exit status {statuses[0]}: {words[0]}; exit status {statuses[1]}: {words[1]}"
    return judged(load, cluster.findings(load), kept, figure.replace(str(trial.folder), ""))


def _last_words(node: Node) -> str:
    """Return why it did not start."""
    text = node.daemon.errors.strip() or node.daemon.log.strip()
    return text.splitlines()[-1][-300:] if text else ""


def upgraded(cluster: Cluster) -> Seen:
    """Start one node after the other as the next release; then start the old release on one of them."""
    load = cluster.load()
    with running(load):
        for node in cluster.nodes:
            node.stop()
            node.program = program("newer")
            node.start()
            guest = let_in(cluster.trial, node, f"guest{node.name}")
            until_posted(guest)
            guest.close()
        is_new = wait_for(lambda: all(rules(node) == RULES + 1 for node in cluster.nodes), START_S, 0.2)
        time.sleep(0.5)
    seen = judged(load, cluster.findings(load), is_new, f"refused: {load.refused or 'nothing'}")
    node = cluster.nodes[0]
    node.stop()
    newer, node.program = node.program, program("checking")
    node.launch()
    told = wait_for(lambda: UPGRADE in node.daemon.log + node.daemon.errors, START_S, 0.1)
    status = node.daemon.process.poll()
    if node.is_running:
        node.kill()
    node.program = newer
    node.start()
    differences = cluster.differences()
    return Seen(
        seen.is_kept and told and not differences,
        f"{seen.figure}; newer rules {'began' if is_new else 'did not begin'} when all knew them; the old release then "
        f"{'says to upgrade' if told else 'says nothing'} (exit status {status}); {'; '.join(differences)}",
    )  # fmt: skip


def rules(node: Node) -> int:
    """Return by which rules a node carries out the next entry."""
    with contextlib.closing(node.connect()) as database:
        return int(database.execute("SELECT rules FROM place").fetchone()[0])
