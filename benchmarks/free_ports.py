"""Ports for servers that are started soon."""

import atexit
import random
import socket
from collections import deque
from pathlib import Path

from groupchat.doors.blocked_ports import BLOCKED_PORTS

HOST = "127.0.0.1"

RESERVED = 200
"""How many ports that were given out are kept from being given out again."""

_reserved: deque[socket.socket] = deque()


def outgoing_ports() -> range:
    """Return the ports that the kernel gives to connections which are made from here."""
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    return range(low, high + 1)


def free_port(first: int = 0, step: int = 1) -> int:
    """Return a port that nobody listens on, and that nobody who asks likewise takes before it is used.

    It is none of those that the kernel gives to outgoing connections, as far as there are others:
    a client that tries one of these while nobody listens may be connected to itself, and then the port is taken.
    Nor is it one that browsers refuse to open.
    Until as many others were given out, it is given to nobody again, neither here nor by another process:
    this one holds the port of the same number for UDP.

    :param first, step: only every so many-th port is given out, from the first one on, so that others have the rest.
    """
    ours = [port for port in range(10_000 + first, 65_536, step) if port not in BLOCKED_PORTS]
    outgoing = outgoing_ports()
    others = [port for port in ours if port not in outgoing]
    while True:
        port = random.choice(others or ours)
        held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            held.bind((HOST, port))
            with socket.socket() as probe:
                probe.bind((HOST, port))
        except OSError:
            held.close()
        else:
            _reserved.append(held)
            if len(_reserved) > RESERVED:
                _reserved.popleft().close()
            return port


@atexit.register
def _release() -> None:
    while _reserved:
        _reserved.pop().close()
