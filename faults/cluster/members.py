"""Faults of etcd: a member dies or hangs, all die, most are away, the space is used up."""

import time

from faults.cluster.cluster import Cluster, running
from faults.cluster.guests import Guest, let_in, until_posted, until_refused
from faults.cluster.steps import PATIENCE, Seen, judged
from faults.power import Disk, stop
from faults.trial import START_S, wait_for

SILENCE_S = 5.0
"""Seconds for which nothing may be acknowledged when one member is lost."""
REFUSED_S = 10.0
"""Seconds after which posts are refused when most members are away."""
WELL_S = 5.0
"""Seconds after which all is well when they are back."""
DISK_MIB = 1024
"""The size of the disk whose power fails."""
VALUE = "QUFB" * 256 * 1024
"""A value of 768 KiB, by which etcd is filled."""


def one_lost(cluster: Cluster) -> Seen:
    """Kill a member, or pause it for longer than an election takes, again and again."""
    rounds = 100 if cluster.trial.full else 4
    each = 10 if cluster.trial.full else rounds
    longest, done, seen = 0.0, 0, Seen(True, "")
    while done < rounds and seen.is_kept:
        load = cluster.load()
        with running(load) as ledger:
            for number in range(done, done + each):
                time.sleep(0.5)
                leader = cluster.etcd.leader()
                victim = leader if number % 4 < 2 else cluster.etcd.others(leader)[0]
                if number % 2:
                    victim.pause()
                    time.sleep(3.0)
                    victim.resume()
                else:
                    victim.kill()
                    time.sleep(1.0)
                    cluster.etcd.restart(victim)
                cluster.etcd.wait()
            time.sleep(1.0)
        done, longest = done + each, max(longest, ledger.silence)
        seen = judged(load, cluster.findings(load), longest <= SILENCE_S * PATIENCE)
    return Seen(seen.is_kept, f"{done} rounds; silent for at most {longest:.1f} s; {seen.figure}")


def all_killed(cluster: Cluster) -> Seen:
    """Kill all members at once, and start them again after a second."""
    load = cluster.load()
    with running(load) as ledger:
        time.sleep(1.0)
        for member in cluster.etcd.members:
            member.kill()
        time.sleep(1.0)
        cluster.etcd.restart_all()
        time.sleep(2.0)
    silence = ledger.silence
    return judged(load, cluster.findings(load), figure=f"silent for {silence:.1f} s")


def power_lost(cluster: Cluster) -> Seen:
    """Cut the power of all members of another cluster at once, which takes away what they have not flushed."""
    trial = cluster.trial
    disk = Disk(trial, DISK_MIB)
    other = Cluster(trial, folder=trial.folder / "power", members=disk.mount() / "etcd").start()
    load = other.load()
    with running(load):
        time.sleep(2.0)
        for member in other.etcd.members:
            assert member.process is not None
            stop(member.process)
        disk.cut_power()
        for member in other.etcd.members:
            member.kill()
        disk.unmount()
        disk.mount()
        other.etcd.restart_all()
        time.sleep(1.0)
    seen = judged(load, other.findings(load))
    for node in other.nodes:
        node.stop()
    other.etcd.close()
    return seen


def most_away(cluster: Cluster) -> Seen:
    """Kill two of three, look what people can do at each node, and start them again."""
    away = 20.0 if cluster.trial.full else 8.0
    load = cluster.load()
    guests = [Guest(cluster.trial, node, f"guest{node.name}") for node in cluster.nodes]
    with running(load):
        time.sleep(0.5)
        leader = cluster.etcd.leader()
        lost = [leader, cluster.etcd.others(leader)[0]]
        for member in lost:
            member.kill()
        begun = time.monotonic()
        refused = max(until_refused(guest) for guest in guests)
        is_read = all(guest.ask("history", count=5)["event"] == "listed" for guest in guests)
        is_listed = all(guest.ask("list")["event"] == "listed" for guest in guests)
        time.sleep(max(begun + away - time.monotonic(), 0.0))
        cluster.etcd.restart_all()
        well = max(until_posted(guest) for guest in guests)
        time.sleep(1.0)
    for guest in guests:
        guest.close()
    kept = refused <= REFUSED_S * PATIENCE and well <= WELL_S * PATIENCE and is_read and is_listed
    figure = f"refused after {refused:.1f} s, reading {'went on' if is_read and is_listed else 'did not go on'}"
    return judged(load, cluster.findings(load), kept, f"{figure}, well {well:.1f} s after they were back")


def space_used_up(cluster: Cluster) -> Seen:
    """Fill etcd up to its quota, and wait until the node that looks after it has made space."""
    load = cluster.load()
    with running(load):
        fill(cluster)
        begun = time.monotonic()
        is_full = cluster.etcd.call("maintenance/alarm", action="GET").get("alarms")
        guest = let_in(cluster.trial, cluster.nodes[-1], "filler")
        well = until_posted(guest)
        is_free = wait_for(lambda: not cluster.etcd.call("maintenance/alarm", action="GET").get("alarms"), START_S, 0.5)
        took = time.monotonic() - begun
        time.sleep(0.5)
    guest.close()
    refused = sum(load.refused.values())
    kept = well <= START_S and is_free and set(load.refused) <= {"journal-unavailable"}
    figure = f"{'full' if is_full else 'nearly full'}, {refused} refused, compacted and well {took:.1f} s later"
    return judged(load, cluster.findings(load), kept, figure)


def fill(cluster: Cluster) -> None:
    """Write into etcd until it takes nothing any more."""
    for _ in range(1000):
        try:
            cluster.etcd.call("kv/put", key="ZmlsbA==", value=VALUE, limit=START_S)
        except OSError as error:
            if "space" in str(error):
                return
            raise
    raise AssertionError("etcd takes more than its quota.")
