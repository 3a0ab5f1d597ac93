"""How far each account has read."""

from collections.abc import Iterable
from dataclasses import dataclass

from groupchat.model.drafts import Fact
from groupchat.model.events import AuthorId

POSITION = "position"
"""The kind of fact a position is; its name is ``AUTHOR/room``."""


PRIVATE = ""
"""What stands for the room of what is private."""


@dataclass(frozen=True, slots=True)
class Position:
    """``upto``: the number up to which everything was shown; ``at``: when, in seconds since 1970 UTC."""

    upto: int
    at: float


class Positions:
    """How far each account has read, in each room and in what is private.

    They are noted when the last connection of an account leaves;
    after a crash some messages are new that were not, which does no harm.
    """

    def __init__(self) -> None:
        self._known: dict[AuthorId, dict[str, Position]] = {}

    def load(self, facts: Iterable[Fact]) -> None:
        """Learn them from the journal."""
        for fact in facts:
            author, _, room = fact.name.partition("/")
            value = fact.value or {}
            self._known.setdefault(AuthorId(int(author)), {})[room] = Position(value["upto"], value["at"])

    def find(self, author: AuthorId, room: str) -> Position | None:
        """How far the account has read there; None: it never was there."""
        return self._known.get(author, {}).get(room)

    def note(self, author: AuthorId, rooms: Iterable[str], upto: int, at: float) -> list[Fact]:
        """The account has read these rooms up to here; gives what is to be written."""
        known = self._known.setdefault(author, {})
        changed = [room for room in rooms if room not in known or known[room].upto <= upto]
        for room in changed:
            known[room] = Position(upto, at)
        return [Fact(POSITION, f"{author}/{room}", {"upto": upto, "at": at}) for room in changed]

    def forget(self, author: AuthorId) -> list[Fact]:
        """The account is no more; gives what is to be written."""
        return [Fact(POSITION, f"{author}/{room}", None) for room in self._known.pop(author, {})]
