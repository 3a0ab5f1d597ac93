"""Faults of a node: it dies, it hangs, its disk is full, its clock is wrong, one of its rows was changed."""

import contextlib
import sqlite3
import subprocess
import sys
import time

from faults.cluster.cluster import Cluster, Node, running
from faults.cluster.guests import Guest, let_in, until_free, until_posted, until_refused
from faults.cluster.planted import program
from faults.cluster.steps import FREE_S, PATIENCE, Seen, judged
from faults.power import Disk, stop
from faults.trial import START_S, need_root, wait_for

HOUR_S = 3600
PAUSED_S = 15.0
"""Seconds for which a node hangs: longer than its lease lasts."""
SPARE = 20 * 2**20
"""Bytes that the small disk has besides what its node needs."""
BALLAST = 16 * 2**20
"""Bytes that are taken away from it until it has run full."""


def killed(cluster: Cluster) -> Seen:
    """Kill a node with its people, and start it again when their nicknames are free."""
    first, *_, last = cluster.nodes
    load = cluster.load()
    Guest(cluster.trial, first, "alice")
    with running(load):
        time.sleep(1.0)
        first.kill()
        free = until_free(cluster.trial, last, "alice", FREE_S * PATIENCE)
        first.start()
        time.sleep(1.0)
    return judged(load, cluster.findings(load), figure=f"nicknames free after {free:.1f} s")


def paused(cluster: Cluster) -> Seen:
    """Let a node hang for longer than its lease lasts, while its people are still connected to it."""
    first, *_, last = cluster.nodes
    load = cluster.load()
    alice = Guest(cluster.trial, first, "alice")
    with running(load):
        time.sleep(1.0)
        first.pause()
        begun = time.monotonic()
        alice.send("say", text="Said while it hung.", key="hung")
        free = until_free(cluster.trial, last, "alice", FREE_S * PATIENCE)
        carol = Guest(cluster.trial, last, "alice")
        time.sleep(max(begun + PAUSED_S - time.monotonic(), 0.0))
        first.resume()
        # Whoever has the nickname now keeps it, and its former bearer is told.
        told = alice.heard(r'"(?:code|event)": ?"(node-lost|nick-taken|replaced|journal-unavailable|done)"')[1]
        back = let_in(cluster.trial, first, "bob")
        well = until_posted(back)
        time.sleep(1.0)
    is_kept = carol.is_in and carol.ask("say", text="Still here.")["event"] == "done"
    for guest in (alice, carol, back):
        guest.close()
    figure = f"nicknames free after {free:.1f} s; who was there is told {told}; well {well:.1f} s after it went on"
    return judged(load, cluster.findings(load), is_kept, figure)


def power_lost(cluster: Cluster) -> Seen:
    """Cut the power of a node, which takes away what it has not flushed: it takes that from the log once more."""
    trial, last = cluster.trial, cluster.nodes[-1]
    disk = Disk(trial, name="node-disk")
    node = Node(trial, cluster.location, "e1", disk.mount() / "data")
    node.program = program("seldom")
    cluster.nodes.append(node)
    node.start()
    load = cluster.load()
    Guest(trial, node, "alice")
    with running(load):
        time.sleep(1.5)
        stop(node.daemon.process)
        before, _ = node.reached()
        disk.cut_power()
        node.kill()
        disk.unmount()
        disk.mount()
        after, _ = node.reached()
        until_free(trial, last, "alice", FREE_S * PATIENCE)
        node.start()
        time.sleep(1.0)
    seen = judged(load, cluster.findings(load), figure=f"had carried out {before:,} entries, and {after:,} after it")
    cluster.nodes.remove(node)
    status = node.stop()
    disk.unmount()
    return Seen(seen.is_kept and status == 0, f"{seen.figure}; exit status {status}")


def disk_full(cluster: Cluster) -> Seen:
    """Add a node with a small disk, let that run full, and make space again."""
    need_root()
    trial, first = cluster.trial, cluster.nodes[0]
    used = sum(path.stat().st_size for path in first.data.glob("chat.db*"))
    point = trial.folder / "small"
    point.mkdir()
    trial.run("mount", "-t", "tmpfs", "-o", f"size={2 * used + SPARE}", "groupchat-fault", point)
    trial.at_end(lambda: subprocess.run(["umount", str(point)], check=False, capture_output=True))
    node = Node(trial, cluster.location, "d1", point / "data")
    node.program = cluster.nodes[0].program
    cluster.nodes.append(node)
    (point / "ballast").write_bytes(bytes(BALLAST))
    node.start()
    reader = Guest(trial, node, "reader")
    load = cluster.load(size=2000)
    other = Guest(trial, first, "other")
    with running(load):
        took = until_refused(reader, 3 * START_S)
    # The others go on filling it, so they rest until there is space.
    is_read = reader.ask("history", count=5)["event"] == "listed"
    is_elsewhere = other.ask("say", text="Here is space.")["event"] == "done"
    (point / "ballast").unlink()
    well = until_posted(reader)
    seen = judged(
        load, cluster.findings(load), is_read and is_elsewhere,
        f"refused there only (within {took:.1f} s), reading went on; well {well:.1f} s after there was space",
    )  # fmt: skip
    reader.close()
    other.close()
    cluster.nodes.remove(node)
    status = node.stop()
    return Seen(seen.is_kept and status == 0, f"{seen.figure}; exit status {status}")


def clock_wrong(cluster: Cluster) -> Seen:
    """Run one node with a clock that is two hours ahead, and then two hours behind."""
    node, offset = cluster.nodes[1], cluster.trial.folder / "offset"
    offset.write_text(str(2 * HOUR_S))
    node.stop()
    program, node.program = node.program, [sys.executable, "-m", "faults.shifted", str(offset)]
    node.start()
    load = cluster.load()
    with running(load):
        time.sleep(1.5)
        offset.write_text(str(-2 * HOUR_S))
        time.sleep(1.5)
    seen = judged(load, cluster.findings(load), not load.refused, f"refused: {load.refused or 'nothing'}")
    shown = _hours(node)
    node.stop()
    node.program = program
    node.start()
    return Seen(seen.is_kept and len(shown) > 1, f"{seen.figure}; posts of the hours {', '.join(map(str, shown))}")


def _hours(node: Node) -> list[int]:
    """Return by how many hours the newest posts differ from now, rounded."""
    with contextlib.closing(node.connect()) as database:
        rows = database.execute("SELECT DISTINCT round((at / 1000.0 - ?) / 3600) FROM posts", [time.time()])
        return sorted({int(row[0]) for row in rows})


def row_changed(cluster: Cluster) -> Seen:
    """Change a row of one node by hand; it must stop, and come back with a copy of another one's data."""
    node, other = cluster.nodes[1], cluster.nodes[2]
    Guest(cluster.trial, other, "writer").ask("say", text="As it was said.")
    with contextlib.closing(sqlite3.connect(node.data / "chat.db", timeout=START_S, isolation_level=None)) as database:
        wait_for(lambda: not cluster.differences(), START_S)
        changed = database.execute("UPDATE posts SET text = 'as it was not' WHERE text = 'As it was said.'").rowcount
    begun = time.monotonic()
    status = node.daemon.wait(2 * START_S)
    took = time.monotonic() - begun
    others = all(one.is_running for one in cluster.nodes if one is not node)
    copy = cluster.trial.folder / "copy.db"
    _groupchat(cluster, "backup", copy, "--data", other.data)
    node.data.rename(cluster.trial.folder / "changed")
    _groupchat(cluster, "seed", "--from", copy, "--data", node.data, "--node", node.name)
    node.start()
    found = cluster.differences()
    kept = changed == 1 and status == 70 and others and not found
    return Seen(
        kept, f"exit status {status} after {took:.1f} s, the others {'went on' if others else 'stopped'}; equal again "
        f"after it was given a copy: {'; '.join(found) or 'yes'}",
    )  # fmt: skip


def _groupchat(cluster: Cluster, *words: object) -> None:
    cluster.trial.run(
        sys.executable, "-c", "import sys; from groupchat.admin.main import main; sys.exit(main())", *words
    )
