"""Count wrong passwords, and tell how long to wait before the next try.

``now`` is always an argument, in seconds on a clock that never goes back.
"""

from collections import OrderedDict
from dataclasses import dataclass

from groupchat.model.networks import household

WINDOW_S = 60.0
"""Seconds without a failure after which counting begins again, while nobody has to wait."""

REMEMBERED = 16384
"""Most accounts, and most addresses, that are remembered; beyond that the least recently used are forgotten."""


@dataclass(slots=True)
class _Tally:
    """The failures of one account or address."""

    failures: int = 0
    last: float = 0.0
    until: float = 0.0


class Failures:
    """Wrong passwords, by account and by address.

    After ``allowed`` failures within a minute, the next try has to wait for ``wait`` seconds.
    Each further failure doubles the wait, up to ``longest``.  All three may be changed at any time.

    While somebody guesses the password of an account, only addresses with recent failures have to wait:
    the owner can still log in from another address.
    """

    def __init__(self, allowed: int, wait: float, longest: float) -> None:
        self.allowed = allowed
        self.wait = wait
        self.longest = longest
        self._accounts: OrderedDict[str, _Tally] = OrderedDict()
        self._addresses: OrderedDict[str, _Tally] = OrderedDict()

    def __len__(self) -> int:
        """Return how many accounts and addresses are remembered."""
        return len(self._accounts) + len(self._addresses)

    def begin(self, account: str, address: str, now: float) -> float:
        """Count a try as a failure before its result is known; otherwise many at the same time would all be free.

        :param account: the key of a nickname, whether there is such an account or not.
        :param address: an IP address; empty: only the account is counted.
        :return: how many seconds to wait (nothing was counted then); 0.0: go on.
        """
        named = _tally(self._accounts, account, now)
        there = _tally(self._addresses, household(address), now) if address else _Tally()
        wait = there.until - now
        if there.failures or not address:
            wait = max(wait, named.until - now)
        if wait > 0:
            return wait
        self._count(named, now)
        if address:
            self._count(there, now)
        return 0.0

    def forgive(self, account: str, address: str) -> None:
        """Take back a try: the password was not wrong."""
        for tallies, name in ((self._accounts, account), (self._addresses, household(address))):
            tally = tallies.get(name)
            if tally is not None and tally.failures:
                tally.failures -= 1
                tally.until = tally.last + self._pause(tally.failures)

    def _count(self, tally: _Tally, now: float) -> None:
        tally.failures += 1
        tally.last = now
        tally.until = now + self._pause(tally.failures)

    def _pause(self, failures: int) -> float:
        beyond = failures - self.allowed
        return 0.0 if beyond < 0 else min(self.wait * 2.0 ** min(beyond, 32), self.longest)


def _tally(tallies: "OrderedDict[str, _Tally]", name: str, now: float) -> _Tally:
    """Return the failures of this account or address; they begin at zero again when all is long ago."""
    tally = tallies.setdefault(name, _Tally())
    tallies.move_to_end(name)
    if len(tallies) > REMEMBERED:
        tallies.popitem(last=False)
    if now >= max(tally.until + (tally.until - tally.last), tally.last + WINDOW_S):
        # There was no other failure for as long again as the wait: begin again.
        tally.failures, tally.until = 0, 0.0
    return tally
