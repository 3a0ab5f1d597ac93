"""Where a client stands, and how it got there."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a client stands."""

    NEW = "new"
    CONNECTING = "connecting"
    JOINING = "joining"
    JOINED = "joined"
    WAITING = "waiting"
    LEAVING = "leaving"
    LEFT = "left"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Change:
    """The client has come into ``state``.

    ``reason``: why, when it was not asked for.
    ``delay``: seconds until the next attempt, when it is WAITING.
    """

    state: State
    reason: Exception | None = None
    delay: float = 0.0
