"""What is told of every change of a connection: nobody, or what tells other nodes of a cluster."""

from typing import Protocol

from groupchat.state.people import Connection, Watcher


class Listener(Protocol):
    """What is told of every change of a connection, right after the notices about it."""

    def changed(self, connection: Connection, reason: str = "") -> None:
        """Note that a connection is in other rooms, or its person has another nickname, or is away or back.

        :param reason: why it left a room, as the others are told.
        """

    def watching(self, watcher: Watcher) -> None:
        """Note that somebody follows a room from now on, without being in it."""

    def departed(self, connection: Connection, reason: str) -> None:
        """Note that a connection has left the hall, or was replaced by another one of its person."""


class Unheard:
    """A listener that nobody needs: there is one hall."""

    def changed(self, connection: Connection, reason: str = "") -> None:
        """Do nothing."""

    def watching(self, watcher: Watcher) -> None:
        """Do nothing."""

    def departed(self, connection: Connection, reason: str) -> None:
        """Do nothing."""
