"""The states of a client.

    NEW ──▶ CONNECTING ──▶ JOINING ──▶ JOINED ──▶ LEAVING ──▶ LEFT
               ▲  │           │           │
               │  ▼           ▼           │   FAILED: from JOINING or JOINED, when another attempt
             WAITING ◀────────┴───────────┘           would be refused, or is not wanted

``leave`` leads from every state to LEFT; LEFT and FAILED are final.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The states of a client, as drawn above."""

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
    """The client is in ``state`` now.

    ``reason``: why, when the program did not ask for it.
    ``delay``: seconds until the next attempt, in WAITING.
    """

    state: State
    reason: Exception | None = None
    delay: float = 0.0
