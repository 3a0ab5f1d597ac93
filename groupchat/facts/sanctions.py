"""Bans and mutes: whom they keep out or keep quiet, where, by whom, why, and until when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Generic, Self, TypeVar

from groupchat.facts.typed import TypedFact
from groupchat.lazy.records import record
from groupchat.model.drafts import Consequence, Revoke
from groupchat.model.events import AuthorId
from groupchat.model.times import FOREVER, lasting


@record
class Sanction(TypedFact):
    """One person, nickname or network that may not come in, or may say nothing.

    ``whom``: the nickname or network as it is shown; ``key``: what it is undone by, the nickname's key or the network.
    ``author``: the author it is about, if that is known; ``named``: it holds for everybody with the nickname too
    (another connection of a guest is another author).
    ``room``: where it holds; empty: everywhere.
    ``by``, ``why``: the operator who decided it, and the reason given (which may be empty).
    ``at``, ``until``: wall-clock seconds since 1970 UTC; ``until`` None: it does not end by itself.
    ``origin``: it holds too for guests who come from there after it was decided; empty: for nobody else.
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
    origin: str = ""

    @property
    def name(self) -> str:
        """Return its name, which no other fact of its kind has."""
        return self.named_by(self.room, self.key)

    @staticmethod
    def named_by(room: str, key: str) -> str:
        """Return the name of a sanction that holds in a room (empty: everywhere).  No room's name has a slash."""
        return f"{room}/{key}"

    @property
    def subjects(self) -> Iterator[AuthorId | str]:
        """Iterate over what it is found by: an author, the key of a nickname."""
        if self.author is not None:
            yield self.author
        if self.named:
            yield self.key
        if self.origin:
            yield household_of(self.origin)

    def value(self) -> dict[str, Any]:
        """Return every field, without an origin that there is not: so it is kept as it was before there were any."""
        value = asdict(self)
        if not self.origin:
            del value["origin"]
        return value

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read a sanction; its name follows from its fields."""
        return cls(**value)

    def ended(self) -> tuple[Consequence, ...]:
        """Return what follows when it ends, by itself or by an operator."""
        return (self.undone(),)

    def holds(self, now: float) -> bool:
        """Say whether it has not ended."""
        return self.until is None or self.until > now

    def concerns(self, author: AuthorId, key: str) -> bool:
        """Say whether it is about this author, or whoever has the nickname with this key."""
        return author == self.author or (self.named and key == self.key)

    def left(self, now: float) -> float:
        """Return how many seconds it still lasts."""
        return FOREVER if self.until is None else self.until - now

    def sentence(self, done: str, where: str, now: float, of_household: bool = False) -> str:
        """Return what the person concerned is told, such as ``You are muted in dev for 5 minutes, by alice: spam``.

        :param done: ``muted`` or ``banned``.
        :param where: a place that follows, such as `` in dev``; empty: everywhere.
        :param of_household: whether they are concerned only because of where they come from.
        """
        whose = "Your address is" if self.is_network else "You are"
        if of_household:
            whose = "Guests from your address are"
        why = f": {self.why}" if self.why else "."
        return f"{whose} {done}{where}{span(self.left(now), f'un{done}')}, by {self.by}{why}"

    @property
    def is_network(self) -> bool:
        """Say whether it is about addresses, and not about a person."""
        return self.author is None and not self.named


class Ban(Sanction):
    """A ban of a person or nickname."""

    __slots__ = ()
    KIND = "ban"

    def ended(self) -> tuple[Consequence, ...]:
        """Return what follows when it ends: a token of somebody who was kept out of the server lets nobody in."""
        if self.room or self.author is None:
            return super().ended()
        return (*super().ended(), Revoke(self.author))


class Mute(Sanction):
    """A mute of a person or nickname."""

    __slots__ = ()
    KIND = "mute"


class NetworkBan(Sanction):
    """A ban of addresses."""

    __slots__ = ()
    KIND = "network-ban"


class NetworkMute(Sanction):
    """A mute of addresses."""

    __slots__ = ()
    KIND = "network-mute"


def household_of(origin: str) -> str:
    """Return the subject by which sanctions of guests from there are found: no nickname has a slash."""
    return f"/{origin}"


S = TypeVar("S", bound=Sanction)


def span(seconds: float, undone: str) -> str:
    """Return how long a sanction lasts, as a sentence goes on: `` for 2 hours``, or `` until unmuted``."""
    return f" {lasting(seconds) or f'until {undone}'}"


class Book(Generic[S]):
    """All bans of people, or all mutes: found by their subjects, removed by their name."""

    def __init__(self) -> None:
        self._named: dict[str, S] = {}
        self._about: dict[AuthorId | str, dict[str, S]] = {}
        """Subject -> name -> sanction: several may be about one person, made under different nicknames."""

    def __len__(self) -> int:
        return len(self._named)

    def __iter__(self) -> Iterator[S]:
        return iter(list(self._named.values()))

    def get(self, name: str) -> S | None:
        """Return the sanction with this name."""
        return self._named.get(name)

    def write(self, sanction: S) -> None:
        """Add a sanction, instead of any with the same name."""
        self.strike(sanction.name)
        self._named[sanction.name] = sanction
        for subject in sanction.subjects:
            self._about.setdefault(subject, {})[sanction.name] = sanction

    def strike(self, name: str) -> None:
        """Remove the sanction with this name."""
        sanction = self._named.pop(name, None)
        if sanction is None:
            return
        for subject in sanction.subjects:
            known = self._about[subject]
            del known[name]
            if not known:
                del self._about[subject]

    def find(
        self, subjects: Iterable[AuthorId | str], room: str, now: float, origin: str = "", since: float = 0.0
    ) -> S | None:
        """Return what holds for any of these in this room (empty: everywhere); what holds everywhere comes first.

        :param origin: where a guest comes from; empty: that does not matter.  :param since: when they came first.
        """
        for subject in subjects:
            known = self._about.get(subject)
            if known is not None:
                holding = [found for found in known.values() if found.room in ("", room) and found.holds(now)]
                if holding:
                    return min(holding, key=lambda found: found.room)
        for found in self.of_household(origin, since) if origin else ():
            if found.room in ("", room) and found.holds(now):
                return found
        return None

    def of_household(self, origin: str, since: float) -> list[S]:
        """Return what was decided about a guest from there before another one came first, at this time."""
        return [found for found in self.concerning(household_of(origin)) if found.origin and found.at < since]

    def about(self, author: AuthorId, room: str) -> S | None:
        """Return a sanction of an author that was decided for this place (empty: everywhere)."""
        return next((found for found in self.concerning(author) if found.room == room), None)

    def concerning(self, subject: AuthorId | str) -> list[S]:
        """Return every sanction that is found by this subject, by name."""
        known = self._about.get(subject, {})
        return [known[name] for name in sorted(known)]
