"""Links between this machine and network namespaces, whose packets go through this process.

It can lose them, delay them, hold them back to a rate, drop the large ones, and forget connections, as a router does.
"""

import contextlib
import fcntl
import heapq
import itertools
import os
import random
import select
import struct
import threading
import time
from dataclasses import dataclass

from faults.namespaces import Namespace, claim
from faults.trial import NotRun, Trial, need, need_root

KIND = "gclink"
"""The beginning of the names of these namespaces."""

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
"""From linux/if_tun.h: packets of IP, without a header before them."""

TCP = 6
"""The protocol's number in an IPv4 header (RFC 791)."""

QUEUE_S = 3.0
"""Seconds of packets that a link with a rate holds back; what comes beyond that is lost, as in a router's queue."""


@dataclass
class Weather:
    """What a link does to packets; it can be changed at any time.

    ``loss``: the share of packets lost, to the client and from it.
    ``delay``, ``jitter``: seconds each way; with jitter, packets overtake each other.
    ``rate``: bytes a second each way (0: no limit).
    ``largest``: bytes of the largest packet that comes through (0: no limit).
    ``is_down``: nothing comes through.
    ``ports``: only the packets of connections to one of these ports are lost (empty: those of all).
    """

    loss: tuple[float, float] = (0.0, 0.0)
    delay: float = 0.0
    jitter: float = 0.0
    rate: int = 0
    largest: int = 0
    is_down: bool = False
    ports: frozenset[int] = frozenset()


class Shaper:
    """Decides when a packet comes through a link, if it does.

    The ways are 0: to the client, and 1: from it.
    """

    def __init__(self, weather: Weather, chance: random.Random) -> None:
        self.weather = weather
        self._chance = chance
        self._known: set[tuple[int, int]] = set()
        self._forgotten: set[tuple[int, int]] = set()
        self._free_at = [0.0, 0.0]

    def forget(self) -> None:
        """Let no packet through of the connections there are now, and tell nobody: a router has lost its table."""
        self._forgotten |= self._known

    def due(self, packet: bytes, way: int, now: float) -> float | None:
        """Return when a packet of IP comes through, in seconds on the clock of ``now``; None: never."""
        weather = self.weather
        if packet[0] >> 4 != 4:
            return None
        if weather.ports and (packet[9] != TCP or weather.ports.isdisjoint(_ports(packet))):
            return now
        if weather.is_down or self._chance.random() < weather.loss[way]:
            return None
        if (weather.largest and len(packet) > weather.largest) or self._is_forgotten(packet, way):
            return None
        due = now
        if weather.rate:
            begins = max(now, self._free_at[way])
            if begins - now > QUEUE_S:
                return None
            due = self._free_at[way] = begins + len(packet) / weather.rate
        return due + weather.delay + self._chance.uniform(0.0, weather.jitter)

    def _is_forgotten(self, packet: bytes, way: int) -> bool:
        """Return whether a packet is of a forgotten connection; note the connection."""
        if packet[9] != TCP:
            return False
        source, target = _ports(packet)
        ports = (source, target) if way else (target, source)
        self._known.add(ports)
        return ports in self._forgotten


def _ports(packet: bytes) -> tuple[int, int]:
    """Return from which port and to which one a packet of TCP goes."""
    source, target = struct.unpack_from("!HH", packet, (packet[0] & 15) * 4)
    return source, target


class Link:
    """A network of one client.

    :param net: the number that its trial has claimed.

    ``here``: the address of this machine in it; ``there``: that of its end; ``prefix``: runs a command at its end.
    """

    def __init__(self, trial: Trial, net: int, number: int, shaper: Shaper) -> None:
        self.shaper = shaper
        self.here, self.there = (f"10.214.{net}.{2 * number + end}" for end in (0, 1))
        near, far = (f"gc{end}{net}-{number}" for end in "nf")  # at most 15 characters
        space = Namespace(trial, f"{KIND}{net}-{number}")
        self.prefix = space.prefix
        self.ends = (_tun(trial, near), _tun(trial, far))
        """The descriptors of this machine's end, and of the client's."""
        trial.run("ip", "link", "set", far, "netns", space.name)
        for within, device, own, other in (
            ((), near, self.here, self.there), (self.prefix, far, self.there, self.here),
        ):  # fmt: skip
            trial.run(*within, "ip", "addr", "add", own, "peer", other, "dev", device)
            trial.run(*within, "ip", "link", "set", device, "up")
        trial.run(*self.prefix, "ip", "link", "set", "lo", "up")


class Router:
    """Passes on the packets of all links of a trial, in a thread.

    :param seed: of what is left to chance.
    """

    def __init__(self, trial: Trial, seed: int = 1) -> None:
        need_root()
        need("ip")
        need("nsenter")
        self._trial = trial
        self._net = claim(trial, KIND)
        self._chance = random.Random(seed)
        self._links: dict[int, tuple[Link, int]] = {}
        self._poll = select.poll()
        self._waiting: list[tuple[float, int, int, bytes]] = []
        self._order = itertools.count()
        self._is_ended = False
        self._count = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def link(self, weather: Weather) -> Link:
        """Make another link."""
        self._count += 1
        link = Link(self._trial, self._net, self._count, Shaper(weather, self._chance))
        for way, end in enumerate(link.ends):
            self._links[end] = (link, way)
            self._poll.register(end, select.POLLIN)
        self._trial.at_end(self._end)  # before its descriptors are closed
        return link

    def _end(self) -> None:
        self._is_ended = True
        self._thread.join()

    def _run(self) -> None:
        while not self._is_ended:
            now = time.monotonic()
            wait = min(self._waiting[0][0] - now, 0.05) if self._waiting else 0.05
            for end, _ in self._poll.poll(max(wait, 0.0) * 1000):
                self._take(end)
            self._pass_on()

    def _take(self, end: int) -> None:
        link, way = self._links[end]
        with contextlib.suppress(BlockingIOError):
            while True:
                packet = os.read(end, 65536)
                due = link.shaper.due(packet, way, time.monotonic())
                if due is not None:
                    heapq.heappush(self._waiting, (due, next(self._order), link.ends[1 - way], packet))

    def _pass_on(self) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            _, _, end, packet = heapq.heappop(self._waiting)
            with contextlib.suppress(OSError):  # an end whose client has ended
                os.write(end, packet)


def _tun(trial: Trial, name: str) -> int:
    """Make a network device whose packets come from, and go to, the descriptor that is returned.  Raises NotRun."""
    try:
        end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise NotRun(f"/dev/net/tun: {error.strerror}") from error
    trial.at_end(lambda: os.close(end))
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return end
