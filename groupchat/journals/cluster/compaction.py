"""Let the log forget what every living node has carried out, so that it stays a tail and does not fill up.

Rules:

1. Nothing is forgotten that a living node has not carried out, as its card says.
2. What is younger than ``keep_h`` stays, for nodes that come back; unless the log takes more than FULL of its quota.
"""

from collections.abc import Generator, Mapping
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from groupchat.interfaces.shared_log import Closed, ILog, LiveNode, Space
from groupchat.journals.cluster.cards import read_card
from groupchat.journals.cluster.log_ages import LogAges

COMPACT_S = 3600.0
"""Seconds between two times that the log is compacted."""

LOOK_S = 60.0
"""Seconds between two looks how full the log is."""

FULL = 0.6
"""The part of the log's quota from which it is compacted at once, and nothing is kept for nodes that are away."""


class Compaction:
    """Compacts the log; every node keeps count, and the first one does it.

    ``keep_h``: for how many hours entries are kept.

    :param ages: where it is kept how old entries are; None: that is forgotten when the process ends.
    """

    log = Logger()

    def __init__(self, shared: ILog, clock: IReactorTime, keep_h: float, ages: LogAges | None = None) -> None:
        self._log = shared
        self._clock = clock
        self._known: list[tuple[float, int]] = []
        """When which revision was the newest carried out here, each hour."""
        self._last = clock.seconds()
        self._done = 0
        self._is_busy = False
        self._ages = ages
        self._cluster = ""
        self.keep_h = keep_h

    def begin(self, cluster: str) -> None:
        """Go on from what was kept of this log when the process before this one ended."""
        self._cluster = cluster
        known = self._ages.read(cluster) if self._ages is not None else None
        if known is not None:
            now = self._clock.seconds()
            self._last = now - known.compacted
            self._known = [(now - age, revision) for age, revision in known.revisions]

    def note(self, revision: int) -> None:
        """Note how far the log is carried out here.  To be called each minute."""
        now = self._clock.seconds()
        if not self._known or now >= self._known[-1][0] + COMPACT_S:
            self._known.append((now, revision))
            old = [one for one in self._known if one[0] <= now - self.keep_h * 3600]
            self._known = self._known[max(len(old) - 1, 0) :]
            self._keep()

    @inlineCallbacks
    def compact(self, nodes: Mapping[str, LiveNode]) -> "Generator[Deferred[Any], Any, None]":
        """Compact the log, if it is time or there is need.  To be called each minute, by the first node only.

        :param nodes: those that live.
        """
        if self._is_busy:
            return
        self._is_busy = True
        try:
            space: Space = yield self._log.space()
            now = self._clock.seconds()
            is_full = space.is_full or space.used > FULL * space.quota
            if not is_full and now < self._last + COMPACT_S:
                return
            self._last = now
            self._keep()
            upto = min((read_card(live).revision for live in nodes.values()), default=0)
            if not is_full:
                upto = min(upto, self._old_revision(now))
            if upto > self._done or (space.is_full and upto):
                if is_full:
                    self.log.warn(
                        "The log takes {used:,} of {quota:,} bytes, so it is compacted now; a node that is away longer"
                        " than a few minutes needs a copy of another one’s data (groupchat seed)",
                        used=space.used, quota=space.quota,
                    )  # fmt: skip
                yield self._log.compact(upto)
                self._done = max(self._done, upto)
        except Closed:
            pass
        except Exception as error:
            self.log.warn("The log was not compacted: {error}", error=error)
        finally:
            self._is_busy = False

    def _keep(self) -> None:
        if self._ages is not None:
            now = self._clock.seconds()
            self._ages.write(self._cluster, now - self._last, [(now - at, revision) for at, revision in self._known])

    def _old_revision(self, now: float) -> int:
        """Return the newest revision that is old enough to be forgotten; 0: none is known to be."""
        return max((revision for at, revision in self._known if at <= now - self.keep_h * 3600), default=0)
