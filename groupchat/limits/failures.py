"""Count wrong passwords, and tell how long to wait before the next try.

``now`` is always an argument, in seconds on a clock that never goes back.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from groupchat.lazy.records import record
from groupchat.model.networks import household, site

WIDER = 10
"""The factor for the failures of a /48, and of an account over all addresses where its owner never was."""

REMEMBERED = 16384
"""Most tallies of each kind that are remembered; beyond that the least recently used are forgotten."""


@dataclass(slots=True)
class Tally:
    """The failures of one account, address or network.

    ``since``: the moment from which they are forgotten one by one.
    ``last``: the moment of the newest; ``until``: when the next try is allowed.
    """

    failures: int = 0
    since: float = 0.0
    last: float = 0.0
    until: float = 0.0


@record
class Counted:
    """A try that was counted at the moment ``at``; ``before`` is the moment of the failure before it."""

    tally: Tally
    allowed: int
    at: float
    before: float


class Attempt:
    """A try that was counted as a failure before its result is known.

    ``wait``: seconds until a try is allowed (nothing was counted then); 0.0: go on.
    """

    __slots__ = ("_counted", "_failures", "wait")

    def __init__(self, failures: "Failures", counted: tuple[Counted, ...], wait: float = 0.0) -> None:
        self._failures = failures
        self._counted = counted
        self.wait = wait

    def forgive(self) -> None:
        """Take it back: the password was not wrong, or not looked at."""
        for counted in self._counted:
            self._failures.take_back(counted)
        self._counted = ()


class Failures:
    """Wrong passwords, by address, network and account.

    After ``allowed`` failures the next try has to wait for ``wait`` seconds; each further failure doubles the wait,
    up to ``longest``.  When nothing failed for ``longest`` seconds after the wait, one failure is forgotten, and so on:
    whoever goes on for ever has one try in that time.  All three may be changed at any time.

    1. An address (IPv6: its /64) waits for every account.
       A /48 does after WIDER times as many failures.
    2. An account waits for all addresses after WIDER times as many failures, but not for those that are known:
       somebody who guesses everywhere cannot keep its owner out of the places where they were before.
    3. At an exempt address, where many people may be, only the account waits for which a password was wrong there.
    """

    def __init__(self, allowed: int, wait: float, longest: float) -> None:
        self.allowed = allowed
        self.wait = wait
        self.longest = longest
        self._tallies: dict[str, OrderedDict[str, Tally]] = {
            kind: OrderedDict() for kind in ("address", "site", "account", "account at an address")
        }

    def __len__(self) -> int:
        """Return how many tallies are remembered."""
        return sum(map(len, self._tallies.values()))

    def begin(self, account: str, address: str, now: float, *, exempt: bool = False, known: bool = False) -> Attempt:
        """Count a try as a failure before its result is known; otherwise many at the same time would all be free.

        :param account: the key of a nickname, whether there is such an account or not;
            empty: a password that is not an account's, which is counted by address only.
        :param address: an IP address; empty, as for a UNIX socket: an exempt one.
        :param exempt: whether the address is exempt from limits.
        :param known: whether the owner of the account has logged in from there.
        """
        tallies = [
            (self._tally(kind, name, now), allowed)
            for kind, name, allowed in self._named(account, address, exempt or not address, known)
        ]
        wait = max((tally.until - now for tally, _ in tallies), default=0.0)
        if wait > 0:
            return Attempt(self, (), wait)
        counted = tuple(Counted(tally, allowed, now, tally.last) for tally, allowed in tallies)
        for tally, allowed in tallies:
            tally.failures += 1
            tally.last = now
            tally.since = tally.until = now + self._pause(tally.failures - allowed)
        return Attempt(self, counted)

    def take_back(self, counted: Counted) -> None:
        """Let everything be as if this one try had not been; attempts call this."""
        tally = counted.tally
        tally.failures = max(tally.failures - 1, 0)
        if tally.last == counted.at:
            tally.last = counted.before
        tally.since = tally.until = tally.last + self._pause(tally.failures - counted.allowed)

    def _named(self, account: str, address: str, exempt: bool, known: bool) -> Iterator[tuple[str, str, int]]:
        """Yield the kind and the name of everything that a try is counted for, and what that is allowed."""
        if not exempt:
            yield "address", household(address), self.allowed
            if network := site(address):
                yield "site", network, self.allowed * WIDER
        elif account:
            yield "account at an address", f"{household(address)} {account}", self.allowed
        if account and not known:
            yield "account", account, self.allowed * WIDER

    def _pause(self, beyond: int) -> float:
        return 0.0 if beyond < 0 else min(self.wait * 2.0 ** min(beyond, 32), self.longest)

    def _tally(self, kind: str, name: str, now: float) -> Tally:
        """Return the failures of this name, without those that are forgotten by now."""
        tallies = self._tallies[kind]
        tally = tallies.setdefault(name, Tally())
        tallies.move_to_end(name)
        if len(tallies) > REMEMBERED:
            tallies.popitem(last=False)
        forgotten = int((now - tally.since) / self.longest)
        if tally.failures and forgotten:
            tally.failures = max(tally.failures - forgotten, 0)
            tally.since += forgotten * self.longest
        return tally
