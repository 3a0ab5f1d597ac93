"""The total of what waits to be sent to peers that do not read, and its bound."""

from typing import Any, Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from groupchat.doors.wire.transport import queued
from groupchat.interfaces.entrances import IBacklog
from groupchat.model.errors import TooSlow
from groupchat.model.networks import origin
from groupchat.model.wording import plural


class Stalled(Protocol):
    """A connection that takes nothing more just now."""

    address: str
    transport: Any

    def cut_off(self, refusal: TooSlow) -> None:
        """Drop the connection, with all that waits for it."""


@implementer(IBacklog)
class Backlog:
    """The connections that take nothing more, and how much waits for all of them.

    Each is held back as soon as its transport's 64 KiB are full, so that little is added after that;
    but what was said within one turn of the reactor is handed over in one piece, however large.
    Above ``limit`` bytes the connection with the most is cut off first, until the rest is within the limit.
    The total is taken when a turn in which connections stalled is over: once, however many did.
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
        """The connection takes nothing more."""
        self._stalled[connection] = None
        if not self._weighing:
            self._weighing = True
            self._clock.callLater(0, self._weigh)

    def flows(self, connection: Stalled) -> None:
        """The connection takes something again, or is gone."""
        self._stalled.pop(connection, None)

    def move(self, connection: Stalled, successor: Stalled) -> None:
        """Count the successor instead, if the connection takes nothing more."""
        if connection in self._stalled:
            del self._stalled[connection]
            self._stalled[successor] = None

    def _weigh(self) -> None:
        self._weighing = False
        weights = {connection: queued(connection.transport) for connection in self._stalled}
        total = sum(weights.values())
        for connection in sorted(weights, key=weights.__getitem__, reverse=True):
            if total <= self.limit:
                return
            total -= weights[connection]
            self.log.warn(
                "{total} bytes wait for {peers}; {address}, with {most} the largest, is cut off",
                total=total + weights[connection], peers=plural(len(weights), "peer"),
                address=origin(connection.address), most=weights[connection],
            )  # fmt: skip
            connection.cut_off(TooSlow("Too much is waiting to be read, most of it by you. Read faster, or less."))
