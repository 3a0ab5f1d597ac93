"""Limit the log lines that any peer can cause; of further ones, only the number is logged.

A peer that connects and disconnects endlessly must not fill the disk, or drown the rest of the log.
"""

from twisted.logger import Logger

from groupchat.model.wording import plural

log = Logger()

PERIOD = 10
"""Sweeps, one a second, after which counting begins again."""


class LogLimits:
    """Counts log lines by kind.

    ``limit``: most lines of a kind in PERIOD seconds; it may be changed at any time.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._counts: dict[str, int] = {}
        self._sweeps = 0

    def allows(self, kind: str) -> bool:
        """Tell whether one more line of this kind may be written now.

        :param kind: what the lines are about, in the plural; never text of a peer, so there are few kinds.
        """
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        return count <= self.limit

    def sweep(self) -> None:
        """Log how many lines were left out, and begin again, every PERIOD calls.  To be called each second."""
        self._sweeps += 1
        if self._sweeps % PERIOD:
            return
        for kind, count in self._counts.items():
            if count > self.limit:
                log.warn(
                    "Left out {lines} about {kind} in {seconds} s",
                    lines=plural(count - self.limit, "more line"), kind=kind, seconds=PERIOD,
                )  # fmt: skip
        self._counts.clear()
