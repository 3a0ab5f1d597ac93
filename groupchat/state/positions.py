"""Positions: the number up to which each account has read."""

from collections.abc import Iterable
from dataclasses import dataclass

from groupchat.model.drafts import Fact
from groupchat.model.events import AuthorId

POSITION = "position"
"""The kind of fact of a position; its name is ``AUTHOR/room``."""


PRIVATE = ""
"""Stands for the room of private messages."""


@dataclass(frozen=True, slots=True)
class Position:
    """``upto``: the number up to which everything was shown; ``at``: when, in seconds since 1970 UTC."""

    upto: int
    at: float


class Positions:
    """The position of each account in each room, and in its private messages.

    Positions are noted when a connection leaves; after a crash some messages count as new again, which does no harm.
    """

    def __init__(self) -> None:
        self._known: dict[AuthorId, dict[str, Position]] = {}

    def learn(self, fact: Fact) -> None:
        """Apply a fact about a position that is on disk; one that was noted since then is newer, and stays."""
        author, _, room = fact.name.partition("/")
        if fact.value is None:
            self._known.get(AuthorId(int(author)), {}).pop(room, None)
            return
        known = self._known.setdefault(AuthorId(int(author)), {})
        if room not in known or known[room].upto <= fact.value["upto"]:
            known[room] = Position(fact.value["upto"], fact.value["at"])

    def find(self, author: AuthorId, room: str) -> Position | None:
        """Return how far the account has read there; None: it never was there."""
        return self._known.get(author, {}).get(room)

    def note(self, author: AuthorId, rooms: Iterable[str], upto: int, at: float) -> list[Fact]:
        """Note that an account has read these rooms up to here; return the facts to be written."""
        known = self._known.setdefault(author, {})
        changed = [room for room in rooms if room not in known or known[room].upto <= upto]
        for room in changed:
            known[room] = Position(upto, at)
        return [Fact(POSITION, f"{author}/{room}", {"upto": upto, "at": at}) for room in changed]

    def forget(self, author: AuthorId) -> list[Fact]:
        """Forget an account that is removed; return the facts to be written."""
        return [Fact(POSITION, f"{author}/{room}", None) for room in self._known.pop(author, {})]
