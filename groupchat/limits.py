"""How much is too much: token buckets for lines, and a turnstile that counts the connections of each address.

Nothing here asks a clock: ``now`` is always an argument, in seconds that never go back.
The figures come from the settings; nothing here is per connection but one small bucket.
"""

import math
from collections import OrderedDict
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

from groupchat.errors import TooManyConnections

Network: TypeAlias = IPv4Network | IPv6Network

SLACK_S = 0.1
"""Who leaves this long unused, in seconds, is no longer in steady excess; late timers stay below it."""


class TokenBucket:
    """What one peer may still spend: at first ``burst`` tokens, then ``rate`` more a second, up to ``burst``.

    Spending more than there is leaves a debt, which the peer has to wait off.
    """

    __slots__ = ("_at", "_balance", "_debt_since", "burst", "rate")

    def __init__(self, burst: float, rate: float) -> None:
        self.burst = burst
        self.rate = rate
        self._at = -math.inf
        self._balance = float(burst)
        self._debt_since: float | None = None

    def spend(self, now: float, cost: float = 1.0) -> float:
        """Take tokens, and return how many seconds to wait until no debt is left; 0.0: go on."""
        self._settle(now)
        self._balance -= cost
        if self._balance >= 0:
            return 0.0
        if self._debt_since is None:
            self._debt_since = now
        return -self._balance / self.rate

    def in_excess(self, now: float) -> float:
        """For how many seconds the peer has been in debt while more kept coming; 0.0: it is not.

        A peer that is made to wait is out of debt whenever its wait is over, and in debt again with its next line.
        Only when that line does not come at once is the excess over.
        """
        self._settle(now)
        return 0.0 if self._debt_since is None else now - self._debt_since

    def _settle(self, now: float) -> None:
        """Add what was earned since last time."""
        if now > self._at:
            self._balance = min(self.burst, self._balance + (now - self._at) * self.rate)
            self._at = now
        if self._balance >= min(self.burst, self.rate * SLACK_S):
            self._debt_since = None


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
        ip = _ip(address)
        name = ip if isinstance(ip, IPv4Address) else int(ip) >> 64
        return name, any(ip in network for network in self.exempt)


def household(address: str) -> str:
    """What an address is counted as, in words: itself, or the /64 of an IPv6 one; empty for none."""
    if not address:
        return ""
    ip = _ip(address)
    return str(ip) if isinstance(ip, IPv4Address) else str(IPv6Network((int(ip) >> 64 << 64, 64)))


def _ip(address: str) -> IPv4Address | IPv6Address:
    ip: IPv4Address | IPv6Address = ip_address(address)
    return ip.ipv4_mapped or ip if isinstance(ip, IPv6Address) else ip
