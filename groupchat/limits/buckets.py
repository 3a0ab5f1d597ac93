"""Token buckets: limit how much a peer may send, and tell how long it has been sending too much."""

import math

SLACK_S = 0.1
"""Seconds of unused rate after which a peer is no longer in steady excess; the delay of late timers is shorter."""


class TokenBucket:
    """The tokens of one peer: ``burst`` at first, then ``rate`` more a second, never more than ``burst``.

    A peer that spends more than it has is in debt, and has to wait until the debt is gone.
    """

    __slots__ = ("_at", "_balance", "_debt_since", "burst", "rate")

    def __init__(self, burst: float, rate: float) -> None:
        self.burst = burst
        self.rate = rate
        self._at = -math.inf
        self._balance = float(burst)
        self._debt_since: float | None = None

    def spend(self, now: float, cost: float = 1.0) -> float:
        """Take tokens; return how many seconds to wait until no debt is left; 0.0: go on."""
        self._settle(now)
        self._balance -= cost
        if self._balance >= 0:
            return 0.0
        if self._debt_since is None:
            self._debt_since = now
        return -self._balance / self.rate

    def in_excess(self, now: float) -> float:
        """Return for how many seconds the peer has been sending too much; 0.0: it does not.

        A peer that has to wait is out of debt whenever its wait is over, and in debt again with its next line.
        The excess ends only when that line does not come at once.
        """
        self._settle(now)
        return 0.0 if self._debt_since is None else now - self._debt_since

    def is_full(self, now: float) -> bool:
        """Return whether nothing is missing: a new bucket would be the same."""
        self._settle(now)
        return self._balance >= self.burst

    def _settle(self, now: float) -> None:
        """Add the tokens earned since last time."""
        if now > self._at:
            self._balance = min(self.burst, self._balance + (now - self._at) * self.rate)
            self._at = now
        if self._debt_since is not None and self._balance >= min(self.burst, self.rate * SLACK_S):
            self._debt_since = None
