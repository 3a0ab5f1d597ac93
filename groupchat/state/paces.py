"""Paces: when people showed a slow room something, as far as the journal does not know it.

The journal holds authors to the pace of a room, by what they posted.  Here is what it cannot see: nicknames, words of
being away, and that a guest who comes may be one who has just left.  It is forgotten when the server ends.
"""

from groupchat.model.events import AuthorId
from groupchat.state.people import Person

KEPT_S = 3600.0
"""Seconds after which nothing is held against anybody: no room is slower."""

LOOKED_AT = 64
"""The most guests of one household who have left that are looked at."""


class Paces:
    """What was shown in slow rooms lately.  Times are wall-clock seconds since 1970 UTC."""

    def __init__(self) -> None:
        self._shown: dict[str, dict[AuthorId, float]] = {}
        self._left: dict[str, dict[AuthorId, float]] = {}
        """For each origin the guests who have shown something and left, and when they left."""
        self._worded: dict[str, dict[AuthorId, float]] = {}
        """Under one name, when people took another nickname, or left other words when they went away."""

    def note(self, room: str, author: AuthorId, at: float) -> None:
        """Note that somebody showed a room something."""
        self._shown.setdefault(room, {})[author] = at

    def note_words(self, author: AuthorId, at: float) -> None:
        """Note that somebody has another nickname, or other words of being away."""
        self._worded.setdefault("", {})[author] = at

    def is_news(self, room: str, person: Person) -> bool:
        """Say whether a room has not seen the nickname, or the words of being away, that a person has now."""
        at = self._worded.get("", {}).get(person.author)
        shown = self._shown.get(room, {}).get(person.author)
        return at is not None and (shown is None or shown <= at)

    def left(self, person: Person, at: float) -> None:
        """Note that a guest has left, who may come back as somebody else."""
        if person.account is None and person.origin and any(person.author in shown for shown in self._shown.values()):
            gone = self._left.setdefault(person.origin, {})
            gone[person.author] = at
            while len(gone) > LOOKED_AT:
                del gone[next(iter(gone))]

    def last(self, room: str, person: Person) -> float | None:
        """Return when a person showed a room something last, or a guest from there who left before they came."""
        shown = self._shown.get(room)
        if shown is None:
            return None
        found = [shown[person.author]] if person.author in shown else []
        if person.account is None and person.origin:
            gone = self._left.get(person.origin, {})
            found += [shown[author] for author, at in gone.items() if author in shown and at <= person.known_since]
        return max(found, default=None)

    def sweep(self, now: float) -> None:
        """Forget what is too old to matter.  To be called each second."""
        for known in (self._shown, self._left, self._worded):
            for name, times in list(known.items()):
                for author in [author for author, at in times.items() if at < now - KEPT_S]:
                    del times[author]
                if not times:
                    del known[name]
