"""Detection of servers that do not answer."""

from collections.abc import Callable

from groupchat.client.core.client_errors import ConnectionDropped
from groupchat.client.core.network import Clock, Timer
from groupchat.client.core.protocol import JsonLines

HANDSHAKE = 30.0
"""Seconds from the connection to the welcome; the server's own limit."""

SHORT_HANDSHAKE = 10.0
"""The same while there are other servers to try: a process that is stopped still takes connections."""

TICK = 1.0
"""Seconds between two looks at the silence."""

QUIET = 10.0
"""Seconds of silence after which the server is asked for a sign of life, and again after as many more."""

SLOW = 15.0
"""Seconds of silence from which on the program is told: the server was asked, and has not answered for some time."""

LATE = 25.0
"""Seconds of silence after which another connection is tried: the network may have changed, and only it be dead."""

LATE_AMONG_SEVERAL = 15.0
"""The same if there are other servers: it may be this one that has stopped."""

DEAD = 180.0
"""Seconds of silence after which the connection is dropped; the server's kernel gives it up a little later."""

GOODBYE = 5.0
"""Seconds the server has to close the connection of a client that leaves."""

PING = "ping"
"""The ``ref`` of the request for a sign of life."""


class Pulse:
    """Notices that a connection is silent, and drops it when the server is too late.  There is one timer.

    :param silent: is called with the seconds of silence, each second from SLOW on, and with 0.0 when it ends.
    :param late: is called when the silence has lasted for ``late_after`` seconds, and each second from then on.
    """

    def __init__(
        self, clock: Clock, silent: Callable[[float], object] = lambda seconds: None,
        late: Callable[[], object] = lambda: None, late_after: float = LATE,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._silent = silent
        self._late = late
        self._late_after = late_after
        self._timer: Timer | None = None
        self._heard_at = self._asked_at = 0.0
        self._told = False

    def await_welcome(self, wire: JsonLines, patience: float = HANDSHAKE) -> None:
        """Expect the welcome on a new connection, within so many seconds."""
        self._set(patience, wire.drop, ConnectionDropped("the server did not answer"))

    def watch(self, wire: JsonLines) -> None:
        """Watch a connection from now on, and ask the server for a sign of life when nothing comes."""
        self._heard_at = self._asked_at = self._clock.seconds()
        self._set(TICK, self._look, wire)

    def await_goodbye(self, wire: JsonLines) -> None:
        """Expect the end of the connection, which the client has asked for."""
        self._set(GOODBYE, wire.drop, ConnectionDropped("the server did not say goodbye"))

    def stop(self) -> None:
        """Expect nothing any more."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        self._tell(0.0)

    def _set(self, delay: float, call: Callable[..., None], *arguments: object) -> None:
        self.stop()
        self._timer = self._clock.call_later(delay, call, *arguments)

    def _look(self, wire: JsonLines) -> None:
        self._timer = self._clock.call_later(TICK, self._look, wire)
        now = self._clock.seconds()
        if wire.heard or wire.paused:
            wire.heard = False
            self._heard_at = self._asked_at = now
            self._tell(0.0)
            return
        silence = now - self._heard_at
        if silence >= DEAD:
            wire.drop(ConnectionDropped("the server has stopped answering"))
            return
        if now - self._asked_at >= QUIET:
            self._asked_at = now
            wire.send({"do": "ping", "ref": PING})
        if silence >= SLOW:
            self._tell(silence)
        if silence >= self._late_after:
            self._late()

    def _tell(self, silence: float) -> None:
        if silence or self._told:
            self._told = silence > 0.0
            self._silent(silence)
