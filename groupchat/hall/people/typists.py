"""People who are typing just now: shown to programs, never stored."""

from collections.abc import Callable

from groupchat.delivery.commits import Commits
from groupchat.delivery.queue import Notice
from groupchat.interfaces.clock import Clock
from groupchat.model.events import Typing
from groupchat.state.people import Connection

REPEAT_S = 3.0
"""Somebody who goes on typing is announced at most this often, in seconds."""
LINGER_S = 6.0
"""Without a new keystroke, somebody counts as typing no longer after so many seconds."""


class Typists:
    """The connections that are typing, and where."""

    def __init__(self, commits: Commits, clock: Clock, now: Callable[[], float]) -> None:
        self._commits = commits
        self._clock = clock
        self._now = now
        self.pass_on: Callable[[Typing, Connection], object] = lambda event, connection: None
        """Called with everything that is announced, for the other nodes of a cluster."""
        self._typing: dict[Connection, tuple[str, float, float]] = {}
        """The room, the moment it was announced last, and the moment of the last keystroke."""

    def started(self, connection: Connection, room: str) -> None:
        """Note a keystroke, and announce it unless that was done just before."""
        now = self._clock.seconds()
        known, announced, _ = self._typing.get(connection, (room, now - REPEAT_S, now))
        if now - announced < REPEAT_S:
            self._typing[connection] = (known, announced, now)
            return
        self._typing[connection] = (room, now, now)
        self._announce(connection, room, True)

    def stopped(self, connection: Connection) -> None:
        """Note that they said it, or are gone: people who read along see that anyway."""
        self._typing.pop(connection, None)

    def sweep(self) -> None:
        """Announce that people have stopped.  To be called each second."""
        if not self._typing:
            return
        now = self._clock.seconds()
        for connection, (room, _, since) in list(self._typing.items()):
            if now - since >= LINGER_S:
                del self._typing[connection]
                self._announce(connection, room, False)

    def _announce(self, connection: Connection, room: str, active: bool) -> None:
        event = Typing(room, connection.person.nick, self._now(), active)
        self._commits.post(Notice(event, (room,), connection))
        self.pass_on(event, connection)
