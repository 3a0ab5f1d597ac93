"""Token buckets: how much one peer may spend, and for how long it has been spending too much."""

import math

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
