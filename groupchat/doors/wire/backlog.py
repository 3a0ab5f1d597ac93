"""What waits to be sent to peers that do not read: added up, and bounded."""

from typing import Any, Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from groupchat.model.errors import TooSlow


class Stalled(Protocol):
    """A connection that takes nothing more just now."""

    address: str
    transport: Any

    def cut_off(self, refusal: TooSlow) -> None:
        """Drop it, with all that waits for it."""


class Backlog:
    """The connections that take nothing more, and how much waits for all of them.

    Each is held back as soon as its transport's 64 KiB are full, so that little comes to that;
    but what was said within one turn of the reactor is handed over in one piece, however large.
    Above ``limit`` bytes the connection with the most is cut off first, until the rest is within it.
    It is looked at when a turn in which somebody stalled is over: once, however many did.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, limit: int) -> None:
        self.limit = limit
        self._clock = clock
        self._stalled: dict[Stalled, None] = {}
        self._weighing = False

    def __len__(self) -> int:
        return len(self._stalled)

    def stalled(self, connection: Stalled) -> None:
        """It takes nothing more."""
        self._stalled[connection] = None
        if not self._weighing:
            self._weighing = True
            self._clock.callLater(0, self._weigh)

    def flows(self, connection: Stalled) -> None:
        """It takes something again, or is gone."""
        self._stalled.pop(connection, None)

    def _weigh(self) -> None:
        self._weighing = False
        weights = {connection: queued(connection.transport) for connection in self._stalled}
        total = sum(weights.values())
        for connection in sorted(weights, key=weights.__getitem__, reverse=True):
            if total <= self.limit:
                return
            total -= weights[connection]
            self.log.warn(
                "{total} bytes wait for {count} peers; {address}, with {most} the largest, is cut off",
                total=total + weights[connection], count=len(weights), address=connection.address,
                most=weights[connection],
            )  # fmt: skip
            connection.cut_off(TooSlow("Too much waits for those who do not read, and most of it for you."))


def queued(transport: Any) -> int:
    """How many bytes a transport holds back, with whatever is below it (TLS); 0 where that is not known."""
    total = 0
    while transport is not None:
        total += len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
        total += getattr(transport, "_tempDataLen", 0)
        total += sum(map(len, getattr(transport, "_appSendBuffer", ())))
        transport = getattr(transport, "transport", None)
    return total
