"""Detection of servers that do not answer."""

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from groupchat.client.client_errors import ConnectionDropped
from groupchat.client.protocol import JsonLines

HANDSHAKE = 30.0
"""Seconds from the connection to the welcome; the server's own limit."""

QUIET = 60.0
"""Seconds of silence after which the server is asked for a sign of life, and again until it counts as dead."""

GOODBYE = 5.0
"""Seconds the server has to close the connection of a client that leaves."""

PING = "ping"
"""The ``ref`` of the request for a sign of life."""


class Pulse:
    """Drops a connection on which the server is too late.  There is one timer."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._timer: IDelayedCall | None = None

    def await_welcome(self, wire: JsonLines) -> None:
        """Expect the welcome on a new connection."""
        self._set(HANDSHAKE, wire.drop, ConnectionDropped("the server did not answer"))

    def watch(self, wire: JsonLines) -> None:
        """Expect something every minute from now on, and ask for it when nothing comes."""
        self._set(QUIET, self._listen, wire, False)

    def await_goodbye(self, wire: JsonLines) -> None:
        """Expect the end of the connection, which the client has asked for."""
        self._set(GOODBYE, wire.drop, ConnectionDropped("the server did not say goodbye"))

    def stop(self) -> None:
        """Expect nothing any more."""
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def _set(self, delay: float, call: Callable[..., None], *arguments: object) -> None:
        self.stop()
        self._timer = self._clock.callLater(delay, call, *arguments)

    def _listen(self, wire: JsonLines, asked: bool) -> None:
        """Ask a silent server for a sign of life; drop the connection if it was asked already."""
        if wire.heard or wire.paused:
            wire.heard = False
            self.watch(wire)
        elif asked:
            wire.drop(ConnectionDropped("the server has stopped answering"))
        else:
            wire.send({"do": "ping", "ref": PING})
            self._set(QUIET, self._listen, wire, True)
