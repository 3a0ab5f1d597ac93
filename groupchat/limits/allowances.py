"""Allowances: how much each visitor may ask for, over however many connections, and when it is their turn."""

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed

from groupchat.limits.buckets import TokenBucket

KEPT = 256
"""The number of allowances that are kept without a look at whether they are still needed."""


class Timer(Protocol):
    """A clock that never jumps."""

    def seconds(self) -> float:
        """Return the seconds that have passed since some moment."""

    def callLater(self, delay: float, callable: Callable[..., object], *args: object) -> object:
        """Call the function after so many seconds."""


class Allowances:
    """A bucket of tokens for each visitor; who is not told apart shares one."""

    def __init__(self, clock: Timer) -> None:
        self._clock = clock
        self._buckets: dict[object, TokenBucket] = {}
        self._look_at = KEPT

    def __len__(self) -> int:
        return len(self._buckets)

    def charge(self, who: object, cost: float, burst: float, rate: float) -> float:
        """Charge a visitor; return how many seconds are left until it is their turn."""
        now = self._clock.seconds()
        bucket = self._buckets.get(who)
        if bucket is None:
            self._drop_full(now)
            bucket = self._buckets[who] = TokenBucket(burst, rate)
        bucket.burst, bucket.rate = burst, rate
        return bucket.spend(now, cost)

    def give_back(self, who: object, cost: float) -> None:
        """Charge nothing after all."""
        self._buckets[who].spend(self._clock.seconds(), -cost)

    def after(self, seconds: float) -> "Deferred[Any]":
        """Return a Deferred that fires after so many seconds; at once if there are none."""
        if not seconds:
            return succeed(None)
        turn: Deferred[Any] = Deferred()
        self._clock.callLater(seconds, turn.callback, None)
        return turn

    def _drop_full(self, now: float) -> None:
        """Forget those who could have as much as anybody new; it is looked at when there are twice as many as left."""
        if len(self._buckets) >= self._look_at:
            self._buckets = {who: bucket for who, bucket in self._buckets.items() if not bucket.is_full(now)}
            self._look_at = max(KEPT, 2 * len(self._buckets))
