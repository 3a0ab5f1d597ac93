"""A room: who is in it, what it is about, and how often it may tell of comings and goings."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from groupchat.limits.buckets import TokenBucket
from groupchat.model.events import Joined, Left, ManyJoined, ManyLeft

if TYPE_CHECKING:
    from groupchat.delivery.queue import Entry
    from groupchat.state.people import Person
    from groupchat.verbs.member import Member

LOBBY = "lobby"
"""The room one comes into."""

SHOWN = 5
"""Up to so many people who come (or go) in one batch are shown one by one; more become one line."""


class Room:
    """One room.  It exists while somebody is in it or the journal has posts of it.

    ``last_at``: when something was last shown in it, in seconds since 1970 UTC, for day lines.
    """

    __slots__ = ("gathered", "last_at", "members", "name", "notices", "stored", "topic")

    def __init__(self, name: str, last_at: float, notices: TokenBucket, topic: str = "", stored: bool = False) -> None:
        self.name = name
        self.topic = topic
        self.last_at = last_at
        self.stored = stored
        """Whether the journal has posts of it."""
        self.members: dict[Member, None] = {}
        self.notices = notices
        """Each join or leave notice costs as many tokens as there are members to show it to."""
        self.gathered: list[Entry] = []
        """Notices that wait until the bucket has tokens again."""

    @property
    def people(self) -> "Iterator[Person]":
        """Who is here, in the order they came; a person with several connections once."""
        return iter(dict.fromkeys(member.person for member in self.members))

    def holds(self, person: "Person") -> bool:
        """Whether any connection of the person is here."""
        return any(member in self.members for member in person.connections)


_Coming = TypeVar("_Coming", Joined, Left)


def condense(entries: "Sequence[Entry]") -> "Sequence[Entry]":
    """Turn more than SHOWN joins (or leaves) of one room in one batch into one line, where the last of them stands.

    Otherwise n people who come at the same time would cost n² lines.
    """
    from groupchat.delivery.queue import Entry

    if len(entries) <= SHOWN:
        return entries
    arrivals: dict[tuple[type, str], list[int]] = {}
    for index, entry in enumerate(entries):
        event = entry.event
        if entry.rooms and (type(event) is Joined or type(event) is Left):  # a farewell is for nobody else
            arrivals.setdefault((type(event), event.room), []).append(index)
    dropped: set[int] = set()
    replaced: dict[int, Entry] = {}
    for (kind, room), indexes in arrivals.items():
        if len(indexes) <= SHOWN:
            continue
        events = [entries[index].event for index in indexes]
        nicks = tuple(event.nick for event in events if isinstance(event, Joined | Left))
        last = entries[indexes[-1]].event
        assert isinstance(last, Joined | Left)
        many = ManyJoined if kind is Joined else ManyLeft
        dropped.update(indexes[:-1])
        replaced[indexes[-1]] = Entry.of_notice(many(room, nicks, last.at), (room,))
    if not replaced:
        return entries
    return [replaced.get(index, entry) for index, entry in enumerate(entries) if index not in dropped]
