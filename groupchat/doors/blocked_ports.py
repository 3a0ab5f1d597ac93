"""Ports that browsers refuse to open, and the advice to whoever runs a daemon at one of them."""

from collections.abc import Iterable

from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger

BLOCKED_PORTS = frozenset((
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
))  # fmt: skip
"""The bad ports of the Fetch standard: a page could make a browser attack the servers of other protocols there.

https://fetch.spec.whatwg.org/#port-blocking
"""

_log = Logger()


def advise(bound: Iterable[IListeningPort]) -> None:
    """Log for each of these ports that no browser opens that it is one; those of UNIX sockets have no number."""
    numbers = [getattr(port.getHost(), "port", None) for port in bound]
    # The same number may be bound twice, for IPv6 and for IPv4.
    for number in dict.fromkeys(number for number in numbers if number in BLOCKED_PORTS):
        _log.warn(
            "Browsers refuse to open port {port}; people with a browser cannot come in there: "
            "choose another port, such as 5000.",
            port=number,
        )
