"""How much is too much: token buckets for lines, and a turnstile that counts the connections of each address.

Nothing here asks a clock: ``now`` is always an argument, in seconds that never go back.
The figures come from the settings; nothing here is per connection but one small bucket.
"""

import math
from collections import OrderedDict
from collections.abc import Iterable
from ipaddress import IPv4Address

from groupchat.model.errors import TooManyConnections
from groupchat.model.networks import Network, plain


class Turnstile:
    """How many connections each address has, and how many it made lately.

    An address is an IPv4 address, or the /64 of an IPv6 one, which is what one household or machine is given.
    ``live``: connections at a time; ``new``: within ``window`` seconds.
    ``exempt``: networks that are counted but never refused.
    Of addresses without connections the last ``remembered`` are kept, so that churn cannot grow memory
    (16,384 with one recent connection each take 5 MiB).
    """

    def __init__(
        self,
        live: int = 16,
        new: int = 32,
        window: float = 60.0,
        exempt: Iterable[Network] = (),
        remembered: int = 16384,
    ) -> None:
        self.live = live
        self.new = new
        self.window = window
        self.exempt = tuple(exempt)
        self._remembered = remembered
        # Here: address -> connections it has.  Recent: when it made them; those of _gone have none now, oldest first.
        self._here: dict[object, int] = {}
        self._recent: dict[object, list[float]] = {}
        self._gone: OrderedDict[object, None] = OrderedDict()

    def limit(self, live: int, new: int, window: float, exempt: Iterable[Network]) -> None:
        """Go by these limits from now on; nobody who is in is put out."""
        self.live, self.new, self.window, self.exempt = live, new, window, tuple(exempt)

    def __len__(self) -> int:
        """How many addresses are known."""
        return len(self._recent)

    def enter(self, address: str, now: float) -> None:
        """Count one connection more, from an IP address, or from none (a UNIX socket): that is always let in.

        :raises TooManyConnections: the address has enough; nothing was counted.
        """
        name, is_exempt = self._look_up(address)
        here = self._here.get(name, 0)
        recent = [at for at in self._recent.get(name, ()) if now - at < self.window]
        if is_exempt:
            recent.clear()
        else:
            if here >= self.live:
                raise TooManyConnections(f"Your address has {here} connections already; close one of them first.")
            if len(recent) >= self.new:
                wait = math.ceil(recent[-self.new] + self.window - now)
                raise TooManyConnections(f"Your address connects too often; try again in {wait} s.")
            recent.append(now)
        self._here[name] = here + 1
        self._recent[name] = recent
        self._gone.pop(name, None)

    def leave(self, address: str) -> None:
        """Count one connection less.

        :raises ValueError: the address has none, so somebody has counted wrongly.
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
        """How many connections the address has now."""
        return self._here.get(self._look_up(address)[0], 0)

    def exempts(self, address: str) -> bool:
        """Whether the address is in an exempt network, or there is none."""
        return self._look_up(address)[1]

    def _look_up(self, address: str) -> tuple[object, bool]:
        """What an address is counted as, and whether it is exempt."""
        if not address:
            return "", True
        ip = plain(address)
        name = ip if isinstance(ip, IPv4Address) else int(ip) >> 64
        return name, any(ip in network for network in self.exempt)
