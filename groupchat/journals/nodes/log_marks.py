"""Marks in the log: in which entry something was decided that other nodes may not have known yet."""

from typing import Protocol

from groupchat.lazy.records import record

GRACE_S = 86400.0
"""Seconds for which marks are kept beyond the time from which on sessions are kept."""


@record
class Mark:
    """Where something was decided last.

    ``number``: the number of the entry; ``at``: when that was asked for, in seconds since 1970 UTC.
    """

    number: int
    at: float


class Entry(Protocol):
    """The entry that is carried out."""

    @property
    def rules(self) -> int:
        """The rules by which the entry is carried out."""

    @property
    def number(self) -> int:
        """The number of the entry that is carried out; 0: there is none."""

    @property
    def known(self) -> int:
        """Up to which entry its node had carried out the log when it made that."""
