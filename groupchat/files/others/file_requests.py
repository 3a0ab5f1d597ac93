"""What is asked of whoever asks other nodes for files."""

from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred

from groupchat.interfaces.storage import NodeCard
from groupchat.model.drafts import StoredFile


class NotGiven(Exception):
    """The node has not given the file; the sentence says why.

    ``is_away``: it cannot be reached at all.
    """

    def __init__(self, sentence: str, is_away: bool = False) -> None:
        super().__init__(sentence)
        self.is_away = is_away


class Transfer(Protocol):
    """A file that is on its way.  ``done``: fires when all of it has come, or fails with NotGiven."""

    done: "Deferred[None]"

    def resume(self) -> None:
        """Go on: more can be taken."""

    def cancel(self) -> None:
        """Take nothing more of it."""


class Requests(Protocol):
    """Asks nodes for files."""

    def ask(self, node: NodeCard, file: StoredFile, take: Callable[[bytes], bool]) -> Transfer:
        """Ask a node for a file.  :param take: takes a part of it; returns whether more can be taken at once."""

    def close(self) -> "Deferred[None]":
        """Close all connections."""
