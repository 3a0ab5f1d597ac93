"""Readers: connections that are live, and those that are catching up; one that takes nothing for too long is cut off.

Rules:

1. A connection is live (in the fanout, no cursor), or catching up (a cursor), or neither, before it has come in.
2. During a batch nobody becomes live or falls behind: a connection that stops reading then does so when it ends.
3. A connection that is cut off has been told so, and leaves by ``leave``.
"""

from collections.abc import Callable

from groupchat.config.settings import Settings
from groupchat.delivery.cursor import Cursor, Renderings
from groupchat.delivery.fair_share import FairShare
from groupchat.delivery.fanout import Fanout
from groupchat.delivery.stream import Stream
from groupchat.interfaces.clock import Clock
from groupchat.model.errors import Refusal, ServerError, TooSlow
from groupchat.model.events import Done, Ref
from groupchat.model.times import spoken
from groupchat.state.people import Connection


class Readers:
    """Knows how far every connection has read.

    ``refuse(connection, refusal, ref)`` tells a connection why it is cut off, and
    ``leave(connection, reason)`` takes it out of the hall.
    ``behind(connection)`` is called when it begins to catch up, from when on it is shown no notices,
    and ``level(connection)`` when it is live.
    """

    def __init__(
        self,
        stream: Stream,
        fanout: Fanout,
        shares: FairShare,
        settings: Settings,
        clock: Clock,
        now: Callable[[], float],
        refuse: Callable[[Connection, Refusal, Ref], None],
        leave: Callable[[Connection, str], None],
        behind: Callable[[Connection], None],
        level: Callable[[Connection], None],
    ) -> None:
        self.settings = settings
        self._stream = stream
        self._fanout = fanout
        self._shares = shares
        self._clock = clock
        self._now = now
        self._refuse = refuse
        self._leave = leave
        self._behind = behind
        self._level = level
        self._renderings = Renderings(stream)
        self._is_delivering = False
        self._handed = stream.delivered
        """The number up to which everything was handed over before the batch that is being delivered."""
        self._fallen: list[Connection] = []
        """Connections that stopped reading while a batch was being handed over."""
        self._stalled: dict[Connection, float] = {}
        """Connections that take nothing, and since when, on the clock that never jumps."""
        self._waiting: dict[Connection, list[Callable[[], None]]] = {}
        """Functions to call when a connection that is catching up has caught up."""

    def position(self, connection: Connection) -> int:
        """Return the number up to which everything was handed to a connection."""
        if connection.cursor is not None:
            return connection.cursor.position
        return self._handed if self._is_delivering else self._stream.delivered

    def begin(self, connection: Connection, position: int) -> None:
        """Let a connection that has come in read on from a number, until it is live."""
        connection.cursor = Cursor(
            connection, position, self._stream, self._shares, self._renderings, self.settings.page_posts, self._now(),
            self._caught_up, self._failed,
        )  # fmt: skip
        self._renderings.begin(connection)
        self._behind(connection)
        connection.cursor.advance()  # does nothing as long as it is paused

    def review(self, connection: Connection) -> None:
        """Group a connection anew, whose rooms or style have changed."""
        if connection.live:
            self._fanout.add(connection)

    def pause(self, connection: Connection) -> None:
        """Hand a connection nothing from the next batch on: it takes nothing more."""
        connection.paused = True
        self._stalled.setdefault(connection, self._clock.seconds())
        if self._is_delivering:
            self._fallen.append(connection)
        else:
            self._fall_behind(connection)

    def resume(self, connection: Connection) -> None:
        """Read on for a connection that takes something again."""
        connection.paused = False
        self._stalled.pop(connection, None)
        if connection.cursor is not None:
            connection.cursor.advance()

    def detach(self, connection: Connection) -> None:
        """Show a connection nothing more."""
        self._fanout.remove(connection)
        connection.cursor = None
        self._renderings.end(connection)
        self._stalled.pop(connection, None)
        for function in self._waiting.pop(connection, ()):
            function()  # its requests are answered all the same

    def when_caught_up(self, connection: Connection, function: Callable[[], None]) -> None:
        """Call a function when a connection has read everything; at once unless it is catching up."""
        if connection.cursor is None:
            function()
        else:
            self._waiting.setdefault(connection, []).append(function)

    def answer_in_order(self, connection: Connection, answer: Done, ref: Ref) -> None:
        """Answer a connection when it was shown everything delivered so far."""
        self.when_caught_up(connection, lambda: connection.show(answer, ref))

    def batch_begins(self) -> None:
        """Note that a batch is being handed over."""
        self._is_delivering = True
        self._handed = self._stream.delivered

    def batch_ends(self) -> None:
        """Let connections that stopped reading during the batch read on from its end, when they can."""
        self._is_delivering = False
        fallen, self._fallen = self._fallen, []
        for connection in fallen:
            self._fall_behind(connection)

    def sweep(self) -> None:
        """Cut off connections that have taken nothing for too long.  To be called each second."""
        self._renderings.sweep()
        limit = self._clock.seconds() - self.settings.stuck_timeout_s
        for connection in [connection for connection, since in self._stalled.items() if since <= limit]:
            if connection.screen.silence() > 0.0:
                # Its network is out, and so it cannot read: it has its time again when it is back.
                self._stalled[connection] = self._clock.seconds()
                continue
            seconds = self.settings.stuck_timeout_s
            refusal = TooSlow(f"You have read nothing for {spoken(seconds)}. Join again to go on where you were.")
            self._refuse(connection, refusal, None)
            connection.screen.close(refusal.code)
            self._leave(connection, "too slow")
            connection.screen.abort()

    # How

    def _caught_up(self, connection: Connection) -> None:
        """Make a connection live that stands at the head: from now on it gets batches as they come."""
        connection.cursor = None
        self._renderings.end(connection)
        self._fanout.add(connection)
        self._level(connection)
        for function in self._waiting.pop(connection, ()):
            function()

    def _fall_behind(self, connection: Connection) -> None:
        if connection.live:
            self._fanout.remove(connection)
            self.begin(connection, self._stream.delivered)

    def _failed(self, connection: Connection) -> None:
        """Cut off a connection that can no longer be promised an unbroken stream."""
        refusal = ServerError("Something went wrong here; it has been logged. Join again to go on.")
        self._refuse(connection, refusal, None)
        connection.screen.close(refusal.code)
        self._leave(connection, "server error")
