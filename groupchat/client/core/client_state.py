"""The states of a client, and the functions of a program that are told of them.

    NEW ──▶ CONNECTING ──▶ JOINING ──▶ JOINED ──▶ LEAVING ──▶ LEFT
               ▲  │           │           │
               │  ▼           ▼           │   FAILED: from JOINING or JOINED, when another attempt
             WAITING ◀────────┴───────────┘           would be refused, or is not wanted

``leave`` leads from every state to LEFT; LEFT and FAILED are final.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from groupchat.client.core.protocol import Message


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


class Change(NamedTuple):
    """The client is in ``state`` now.

    ``reason``: why, when the program did not ask for it; in CONNECTING, why another server of several is tried.
    ``delay``: seconds until the next attempt, in WAITING; 0.0: another server is tried at once.
    """

    state: State
    reason: Exception | None = None
    delay: float = 0.0


class Listeners(NamedTuple):
    """The program's functions; an exception of one is told to ``broken``, and the event counts as handled.

    ``heard``: is called with every event, in order.
    ``changed``: is called with every change of state.
    ``silent``: is called with the seconds for which the server has been silent, and 0.0 when it is no longer.
    ``broken``: is called with a sentence and the exception of another one.
    """

    heard: Callable[[Message], object]
    changed: Callable[[Change], object]
    silent: Callable[[float], object]
    broken: Callable[[str, Exception], object]

    def tell(self, what: str, listener: Callable[..., object], *news: object) -> None:
        """Call one of the functions."""
        try:
            listener(*news)
        except Exception as error:
            self.broken(f"The program failed {what}", error)
