"""Lines of the log that anybody can cause: of each kind so many in a while, and then how many more there were.

Who connects and leaves for ever may not fill the disk, nor hide what else the log has to tell.
"""

from twisted.logger import Logger

log = Logger()

PERIOD = 10
"""Sweeps, which are a second each, after which lines are counted anew."""


class Sparing:
    """Counts lines.

    ``limit``: so many of a kind are written in PERIOD seconds; it may be changed at any time.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._counts: dict[str, int] = {}
        self._sweeps = 0

    def allows(self, kind: str) -> bool:
        """Whether one more line of this kind is to be written now.

        :param kind: what such lines are, in the plural; none of it comes from outside, so there are few kinds.
        """
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        return count <= self.limit

    def sweep(self) -> None:
        """To be called each second: begin anew when it is time, and tell what was left out."""
        self._sweeps += 1
        if self._sweeps % PERIOD:
            return
        for kind, count in self._counts.items():
            if count > self.limit:
                log.warn(
                    "{count} more lines about {kind} in {seconds} s were left out",
                    count=count - self.limit, kind=kind, seconds=PERIOD,
                )  # fmt: skip
        self._counts.clear()
