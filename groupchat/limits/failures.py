"""Wrong passwords: who has to wait before the next one is tried.

Nothing here asks a clock: ``now`` is always an argument, in seconds that never go back.
"""

from collections import OrderedDict
from dataclasses import dataclass

from groupchat.model.networks import household

WINDOW_S = 60.0
"""Failures further apart than this, in seconds, are counted anew while nobody has to wait."""

REMEMBERED = 16384
"""So many accounts, and so many addresses, are remembered; of more, the longest untouched are forgotten."""


@dataclass(slots=True)
class _Tally:
    """What is known of one account or address."""

    failures: int = 0
    last: float = 0.0
    until: float = 0.0


class Failures:
    """Wrong passwords, by account and by address.

    ``allowed``: so many in a minute make one wait ``wait`` seconds, and each further one twice as long,
    up to ``longest``; all three may be changed at any time.

    An account that is guessed at waits only for addresses that have failed lately:
    so its owner still comes in from another one.
    """

    def __init__(self, allowed: int, wait: float, longest: float) -> None:
        self.allowed = allowed
        self.wait = wait
        self.longest = longest
        self._accounts: OrderedDict[str, _Tally] = OrderedDict()
        self._addresses: OrderedDict[str, _Tally] = OrderedDict()

    def __len__(self) -> int:
        """How many accounts and addresses are remembered."""
        return len(self._accounts) + len(self._addresses)

    def begin(self, account: str, address: str, now: float) -> float:
        """Count a try, as if it failed; else many at the same time would all be free.

        :param account: a nickname's key, whether there is such an account or not.
        :param address: an IP address; empty: there is none, and it is not counted.
        :return: how many seconds to wait, and then nothing was counted; 0.0: go on.
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
        """The try that began was none of a wrong password: take it back."""
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
    """What is known of this one, as it is now."""
    tally = tallies.setdefault(name, _Tally())
    tallies.move_to_end(name)
    if len(tallies) > REMEMBERED:
        tallies.popitem(last=False)
    if now >= max(tally.until + (tally.until - tally.last), tally.last + WINDOW_S):
        # As long again as the wait was without another failure: begin anew.
        tally.failures, tally.until = 0, 0.0
    return tally
