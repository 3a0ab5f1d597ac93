"""Positions: the number up to which each account has read."""

from collections.abc import Iterable

from groupchat.facts.account_facts import ReadPosition
from groupchat.facts.kinds import read
from groupchat.model.drafts import Fact, ReadUpTo
from groupchat.model.events import AuthorId

PRIVATE = ""
"""Stands for the room of private messages."""


class Positions:
    """The position of each account in each room, and in its private messages."""

    KINDS = (ReadPosition.KIND,)
    """The kinds of facts it learns."""

    def __init__(self) -> None:
        self._known: dict[AuthorId, dict[str, ReadPosition]] = {}

    def learn(self, fact: Fact) -> None:
        """Apply a fact about a position, as the journal has it at the start."""
        position = read(fact)
        if isinstance(position, ReadPosition):
            self._known.setdefault(position.author, {})[position.room] = position

    def note(self, read: ReadUpTo) -> None:
        """Apply a position that was noted; a lower number than the one known changes nothing."""
        known = self._known.setdefault(read.author, {})
        if read.room not in known or known[read.room].upto <= read.upto:
            known[read.room] = ReadPosition(read.author, read.room, read.upto, read.at)

    def find(self, author: AuthorId, room: str) -> ReadPosition | None:
        """Return how far the account has read there; None: it never was there."""
        return self._known.get(author, {}).get(room)

    def moves(self, author: AuthorId, rooms: Iterable[str], upto: int, at: float) -> list[ReadUpTo]:
        """Return what is to be noted when an account has read these rooms up to here; nothing where it has read on."""
        known = self._known.get(author, {})
        return [
            ReadUpTo(author, room, upto, at)
            for room in dict.fromkeys(rooms)
            if room not in known or known[room].upto <= upto
        ]

    def forget(self, author: AuthorId) -> None:
        """Forget an account that is removed."""
        self._known.pop(author, None)
