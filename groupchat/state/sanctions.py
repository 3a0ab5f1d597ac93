"""Bans and mutes: who is kept out or kept quiet, where, by whom, why, and until when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from groupchat.model.drafts import Fact
from groupchat.model.events import AuthorId
from groupchat.model.times import FOREVER, spoken

if TYPE_CHECKING:
    from groupchat.state.people import Person


@dataclass(frozen=True, slots=True)
class Sanction:
    """One person, nickname or network that may not come in, or may say nothing.

    ``whom``: the nickname or network as it is shown; ``key`` what it is undone by: the nickname's key or the network.
    ``author``: whose posts it is about, if that is known; ``named``: whether it holds for whoever has the nickname too
    (guests: another connection of theirs is another author).
    ``room``: where it holds; empty: everywhere.
    ``by``, ``why``: who decided it, and the reason they gave (it may be empty).
    ``at``, ``until``: wall-clock seconds since 1970 UTC; ``until`` None: it does not end by itself.
    """

    whom: str
    key: str
    author: AuthorId | None
    named: bool
    room: str
    by: str
    why: str
    at: float
    until: float | None

    @property
    def name(self) -> str:
        """What tells it from others of its kind.  No room's name has a slash."""
        return f"{self.room}/{self.key}"

    @property
    def subjects(self) -> Iterator["AuthorId | str"]:
        """What it is found by: an author, the key of a nickname."""
        if self.author is not None:
            yield self.author
        if self.named:
            yield self.key

    def fact(self, kind: str) -> Fact:
        """What the journal keeps of it."""
        return Fact(kind, self.name, asdict(self))

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Sanction":
        """The sanction a journal kept."""
        return cls(**value)

    def holds(self, now: float) -> bool:
        """Whether it has not ended."""
        return self.until is None or self.until > now

    def concerns(self, person: "Person") -> bool:
        """Whether it is about this person."""
        return person.author == self.author or (self.named and person.key == self.key)

    def left(self, now: float) -> float:
        """How many seconds it still lasts."""
        return FOREVER if self.until is None else self.until - now

    def sentence(self, done: str, now: float) -> str:
        """What the person concerned is told, such as ``You are muted in dev for 5 minutes, by alice: spam``."""
        why = f": {self.why}" if self.why else "."
        return f"You are {done} for {spoken(self.left(now))}, by {self.by}{why}"


class Book:
    """All bans of people, or all mutes: found by what they are about, struck out by their name."""

    def __init__(self) -> None:
        self._named: dict[str, Sanction] = {}
        self._about: dict[AuthorId | str, dict[str, Sanction]] = {}
        """Subject -> room -> sanction."""

    def __len__(self) -> int:
        return len(self._named)

    def __iter__(self) -> Iterator[Sanction]:
        return iter(list(self._named.values()))

    def get(self, name: str) -> Sanction | None:
        """The sanction with this name."""
        return self._named.get(name)

    def write(self, sanction: Sanction) -> None:
        """It holds from now on, instead of any with the same name."""
        self.strike(sanction.name)
        self._named[sanction.name] = sanction
        for subject in sanction.subjects:
            self._about.setdefault(subject, {})[sanction.room] = sanction

    def strike(self, name: str) -> None:
        """It holds no more."""
        sanction = self._named.pop(name, None)
        if sanction is None:
            return
        for subject in sanction.subjects:
            rooms = self._about.get(subject, {})
            if rooms.get(sanction.room) is sanction:
                del rooms[sanction.room]
            if not rooms:
                self._about.pop(subject, None)

    def find(self, subjects: "Iterable[AuthorId | str]", room: str, now: float) -> Sanction | None:
        """What holds for any of these in this room (empty: everywhere), the one for everywhere first."""
        for subject in subjects:
            rooms = self._about.get(subject)
            if rooms is not None:
                for place in ("", room):
                    found = rooms.get(place)
                    if found is not None and found.holds(now):
                        return found
        return None

    def anywhere(self, subjects: "Iterable[AuthorId | str]", now: float) -> Sanction | None:
        """What holds for any of these, wherever."""
        for subject in subjects:
            for found in self._about.get(subject, {}).values():
                if found.holds(now):
                    return found
        return None
