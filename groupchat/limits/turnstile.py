"""Limit the connections of each address.

``now`` is always an argument, in seconds on a clock that never goes back.
"""

import math
from collections import OrderedDict
from collections.abc import Iterable
from ipaddress import IPv4Address

from groupchat.model.errors import TooManyConnections
from groupchat.model.networks import Network, is_private, plain
from groupchat.model.wording import plural


class Turnstile:
    """Counts the connections of each address, and how many it made recently.

    An address is an IPv4 address, or the /64 of an IPv6 address, which is what one household or machine is given.
    ``live``: most connections at a time; ``new``: most new ones within ``window`` seconds.
    ``private_live`` and ``private_new``: the same for an address of a private network, or of this machine:
    there a whole classroom or office comes from one address.
    ``exempt``: networks that are counted but never refused.
    Of the addresses without connections the last ``remembered`` are kept, which bounds the memory:
    16,384 with one recent connection each take 5 MiB.
    """

    def __init__(
        self,
        live: int = 32,
        new: int = 64,
        window: float = 60.0,
        exempt: Iterable[Network] = (),
        remembered: int = 16384,
        private_live: int = 500,
        private_new: int = 500,
    ) -> None:
        self.live = live
        self.new = new
        self.private_live = private_live
        self.private_new = private_new
        self.window = window
        self.exempt = tuple(exempt)
        self._remembered = remembered
        # By address: how many connections it has, when it made the recent ones; those without any now, oldest first.
        self._here: dict[object, int] = {}
        self._recent: dict[object, list[float]] = {}
        self._gone: OrderedDict[object, None] = OrderedDict()

    def limit(
        self, live: int, new: int, window: float, exempt: Iterable[Network], private_live: int, private_new: int
    ) -> None:
        """Change the limits; existing connections stay."""
        self.live, self.new, self.window, self.exempt = live, new, window, tuple(exempt)
        self.private_live, self.private_new = private_live, private_new

    def __len__(self) -> int:
        """Return how many addresses are remembered."""
        return len(self._recent)

    def enter(self, address: str, now: float) -> None:
        """Count a new connection from an IP address.  An empty address, of a UNIX socket, is never refused.

        :raises TooManyConnections: the address is at a limit; nothing was counted.
        """
        name, is_exempt = self._look_up(address)
        here = self._here.get(name, 0)
        recent = [at for at in self._recent.get(name, ()) if now - at < self.window]
        if is_exempt:
            recent.clear()
        else:
            live, new = self._limits(address)
            if here >= live:
                raise TooManyConnections(
                    f"Your address has {plural(here, 'connection')} already, yours and those of all who share it. "
                    "Try again later, or ask the administrator to exempt it."
                )
            if len(recent) >= new:
                wait = math.ceil(recent[-new] + self.window - now)
                raise TooManyConnections(
                    "There were too many new connections from your address, yours and those of all who share it. "
                    f"Try again in {wait} s.",
                    wait,
                )
            recent.append(now)
        self._here[name] = here + 1
        self._recent[name] = recent
        self._gone.pop(name, None)

    def leave(self, address: str) -> None:
        """Count the end of a connection.

        :raises ValueError: the address has no connection, so the caller counts wrongly.
        """
        name, _ = self._look_up(address)
        here = self._here.pop(name, 0)
        if here == 0:
            raise ValueError(f"{address} leaves without having entered")
        if here > 1:
            self._here[name] = here - 1
            return
        self._gone[name] = None
        if len(self._gone) > self._remembered:
            oldest, _ = self._gone.popitem(last=False)
            del self._recent[oldest]

    def connections(self, address: str) -> int:
        """Return how many connections the address has now."""
        return self._here.get(self._look_up(address)[0], 0)

    def exempts(self, address: str) -> bool:
        """Tell whether the address is in an exempt network, or empty."""
        return self._look_up(address)[1]

    def _limits(self, address: str) -> tuple[int, int]:
        """Return the most connections of an address, and its most new ones."""
        return (self.private_live, self.private_new) if is_private(address) else (self.live, self.new)

    def _look_up(self, address: str) -> tuple[object, bool]:
        """Return what an address is counted as, and whether it is exempt."""
        if not address:
            return "", True
        ip = plain(address)
        name = ip if isinstance(ip, IPv4Address) else int(ip) >> 64
        return name, any(ip in network for network in self.exempt)
