"""Faults of the network: a member of etcd, or a node, is cut off from the others, both ways or one way only."""

import contextlib
import time

from faults.cluster.cluster import Cluster, running
from faults.cluster.guests import Guest, until_free, until_posted, until_refused
from faults.cluster.members import REFUSED_S, SILENCE_S, WELL_S
from faults.cluster.steps import FREE_S, PATIENCE, Seen, judged
from faults.links import Link, Router, Weather
from faults.trial import START_S, wait_for
from tests.functional.etcd_members import EtcdMember, Place

WAYS = {"from it": (0.0, 1.0), "to it": (1.0, 0.0), "both ways": (1.0, 1.0)}
"""The shares of packets that are lost on the way to the namespace, and on the way from there."""

CUT_S = 3.0
"""Seconds for which a member of etcd is cut off: longer than an election takes."""


def cut_off(cluster: Cluster) -> Seen:
    """Run another cluster with a member of etcd and a node in a network of their own, and cut off one and the other.

    The node is cut off from etcd and not from its people: for them nothing is lost.
    """
    trial = cluster.trial
    link = Router(trial).link(Weather())
    there, here = Place(link.there, link.prefix), Place(link.here)
    other = Cluster(trial, folder=trial.folder / "cut", places=(there, here, here))
    first, member = other.nodes[0], other.etcd.members[0]
    others = other.etcd.others(member)
    first.place = there
    first.location = f"etcd://{','.join(f'{one.host}:{one.port}' for one in others)}/trial"
    other.start()
    guest, absent = (Guest(trial, first, nick) for nick in ("alice", "bob"))
    load = other.load()
    with running(load) as ledger:
        ports = frozenset({member.port, *(one.peer_port for one in other.etcd.members)})
        for loss in WAYS.values():
            _lead(other, member)
            _lose(other, link, Weather(loss=loss, ports=ports), CUT_S)
        silence = ledger.silence
        ports = frozenset(one.port for one in others)
        refused, well, free = 0.0, 0.0, 0.0
        for way, loss in WAYS.items():
            link.shaper.weather = Weather(loss=loss, ports=ports)
            refused = max(refused, until_refused(guest))
            is_read = all(guest.ask(do)["event"] == "listed" for do in ("history", "list"))
            if way == "both ways":
                free = until_free(trial, other.nodes[-1], absent.nick, FREE_S * PATIENCE)
            link.shaper.weather = Weather()
            well = max(well, until_posted(guest))
        time.sleep(1.0)
    for one in (guest, absent):
        one.close()
    kept = is_read and silence <= SILENCE_S * PATIENCE and refused <= REFUSED_S * PATIENCE and well <= WELL_S * PATIENCE
    figure = (
        f"a member that leads, {', '.join(WAYS)}: silent for at most {silence:.1f} s; a node likewise: refused there "
        f"after {refused:.1f} s, reading {'went on' if is_read else 'did not go on'}, well {well:.1f} s after; "
        f"nicknames free after {free:.1f} s"
    )
    seen = judged(load, other.findings(load), kept, figure)
    for node in other.nodes:
        node.stop()
    other.etcd.close()
    return seen


def _lead(other: Cluster, member: EtcdMember) -> None:
    """Have a member lead the others; on a busy machine etcd may need to be asked more than once."""
    number = other.etcd.call("maintenance/status", member=member)["header"]["member_id"]

    def is_leading() -> bool:
        leader = other.etcd.leader()
        if leader is not member:
            with contextlib.suppress(OSError):
                other.etcd.call("maintenance/transfer-leadership", member=leader, targetID=number)
        return leader is member

    if not wait_for(is_leading, START_S, 0.1):
        raise AssertionError(f"{member.name} does not lead the others within {START_S:g} s.")


def _lose(other: Cluster, link: Link, weather: Weather, seconds: float) -> None:
    """Lose these packets for some seconds, and wait until etcd is whole again."""
    link.shaper.weather = weather
    time.sleep(seconds)
    link.shaper.weather = Weather()
    other.etcd.wait()
