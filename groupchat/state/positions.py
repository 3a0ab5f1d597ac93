"""Positions: the number up to which each account, and each guest who is here, has read each place."""

from collections.abc import Iterable

from groupchat.facts.account_facts import ReadPosition
from groupchat.facts.kinds import read
from groupchat.facts.reading_places import PRIVATE, partner, surplus, talk
from groupchat.model.drafts import Fact, ReadUpTo
from groupchat.model.events import AuthorId

__all__ = ["PRIVATE", "Positions"]


class Positions:
    """How far people have read each room, what is private with each person, and everything private."""

    KINDS = (ReadPosition.KIND,)
    """The kinds of facts it learns."""

    def __init__(self) -> None:
        self._known: dict[AuthorId, dict[str, ReadPosition]] = {}

    def learn(self, fact: Fact) -> None:
        """Apply a fact about a position, as the journal has it at the start."""
        position = read(fact)
        if isinstance(position, ReadPosition):
            self._known.setdefault(position.author, {})[position.room] = position

    def note(self, noted: ReadUpTo) -> bool:
        """Apply a position that was noted; return whether more has been read than was known.

        A lower number than the one known changes nothing, nor does one of a conversation that is not above the one of
        everything private.
        """
        known = self._known.setdefault(noted.author, {})
        if partner(noted.room) is not None and PRIVATE in known and known[PRIVATE].upto >= noted.upto:
            return False
        before = known.get(noted.room)
        if before is not None and before.upto > noted.upto:
            return False
        known[noted.room] = ReadPosition(noted.author, noted.room, noted.upto, noted.at)
        if before is None or noted.room == PRIVATE:
            dropped, raised = surplus(known)
            for one in dropped:
                del known[one.room]
            if raised is not None:
                known[PRIVATE] = raised
        return before is None or before.upto < noted.upto

    def find(self, author: AuthorId, room: str) -> ReadPosition | None:
        """Return how far somebody has read there; None: they never did."""
        return self._known.get(author, {}).get(room)

    def find_talk(self, author: AuthorId, other: AuthorId) -> ReadPosition | None:
        """Return how far somebody has read what is private with one person; None: nothing yet."""
        found = (self.find(author, PRIVATE), self.find(author, talk(other)))
        return max((one for one in found if one is not None), key=lambda one: one.upto, default=None)

    def reached(self, author: AuthorId, place: str) -> ReadPosition | None:
        """Return how far somebody has read a place, of which everything private may be a part."""
        other = partner(place)
        return self.find(author, place) if other is None else self.find_talk(author, other)

    def all_of(self, author: AuthorId) -> tuple[ReadPosition, ...]:
        """Return how far somebody has read each place."""
        return tuple(self._known.get(author, {}).values())

    def moves(self, author: AuthorId, rooms: Iterable[str], upto: int, at: float) -> list[ReadUpTo]:
        """Return the positions to note: somebody has read these rooms up to here, if they had not read further."""
        known = self._known.get(author, {})
        return [
            ReadUpTo(author, room, upto, at)
            for room in dict.fromkeys(rooms)
            if room not in known or known[room].upto <= upto
        ]

    def forget(self, author: AuthorId) -> None:
        """Forget an account that is removed, or a guest who has left."""
        self._known.pop(author, None)
