"""Rooms: who is in each, and what it is about."""

from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from itertools import chain
from math import inf

from groupchat.model import names
from groupchat.model.drafts import StoredRoom
from groupchat.model.events import AuthorId
from groupchat.state.people import Connection, Person

LOBBY = "lobby"
"""The room everybody comes into first."""


class Standing(IntEnum):
    """How somebody is in a room: not at all, only by programs that read, or in person."""

    ABSENT = 0
    PROGRAM = 1
    PRESENT = 2


class Room:
    """One room.

    ``members``: every connection that is in it; ``programs``: those of them that are programs.
    ``last_at``: when something was last shown in it, in seconds since 1970 UTC, for day lines.
    ``posted_at``: when something was last posted in it, in seconds since 1970 UTC (None: never, as
    far as the journal knows).
    ``called_at``: when somebody called everybody in it last, in seconds on the clock that never jumps.
    ``called_by``: the author who did, and the key of their request (None: it had none).
    ``changes``: how often those who are shown notices were told that its people have changed.
    """

    __slots__ = ("called_at", "called_by", "changes", "last_at", "members", "name", "posted_at", "programs", "topic")

    def __init__(self, name: str, last_at: float, topic: str = "", posted_at: float | None = None) -> None:
        self.name = name
        self.topic = topic
        self.last_at = last_at
        self.posted_at = posted_at
        self.called_at = -inf
        self.called_by: tuple[AuthorId, str | None] | None = None
        self.changes = 0
        self.members: dict[Connection, None] = {}
        self.programs: dict[Connection, None] = {}

    @property
    def stored(self) -> bool:
        """Say whether the journal has posts of it."""
        return self.posted_at is not None

    @property
    def people(self) -> Iterator[Person]:
        """Everybody who is here, in the order they came; a person with several connections once."""
        return iter(dict.fromkeys(connection.person for connection in self.members))

    def split(self) -> tuple[list[Person], list[Person]]:
        """Return the people who are here, and those who are here only by programs that read."""
        everybody = list(self.people)
        if not self.programs:
            return everybody, []
        owners = {connection.person for connection in self.programs}  # each may have very many
        programs = {person for person in owners if self.standing(person) is Standing.PROGRAM}
        return [one for one in everybody if one not in programs], [one for one in everybody if one in programs]

    def standing(self, person: Person) -> Standing:
        """Return how somebody is here."""
        found = Standing.ABSENT
        for connection in person.connections:
            if connection in self.members:
                if not connection.program:
                    return Standing.PRESENT
                found = Standing.PROGRAM
        return found

    def add(self, connection: Connection) -> None:
        """Put a connection in."""
        self.members[connection] = None
        if connection.program:
            self.programs[connection] = None

    def remove(self, connection: Connection) -> None:
        """Take a connection out."""
        del self.members[connection]
        self.programs.pop(connection, None)


class Rooms:
    """Every room there is: one exists while somebody is in it, or something was posted in it lately.

    ``now`` gives the wall-clock time in seconds since 1970 UTC.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.revived: Callable[[str], object] = lambda name: None
        """Called with the name when something is posted in a room that was forgotten, or is new."""
        self._rooms: dict[str, Room] = {}
        self._alike: dict[str, tuple[str, ...]] = {}
        """The names of rooms, by what they look like; of two that look alike an operator made one."""
        self._add(Room(LOBBY, now()))

    def load(self, stored: StoredRoom) -> None:
        """Learn of a room the journal has posts of."""
        self._add(Room(stored.name, stored.last_at, stored.topic, stored.last_at))

    def find(self, name: str) -> Room | None:
        """Return the room with this name, if there is one."""
        return self._rooms.get(name)

    def find_alike(self, name: str, beside: Iterable[str] = ()) -> str:
        """Return the name of another room that looks like this one; empty: there is none.

        :param beside: names of rooms that there may be soon.
        """
        look = names.room_look(name)
        known = self._alike.get(look, ())
        others = chain(known, (one for one in beside if names.room_look(one) == look))
        return next((other for other in others if other != name), "")

    def open(self, name: str) -> Room:
        """Return the room with this name, made if it is new."""
        room = self._rooms.get(name)
        if room is None:
            room = Room(name, self._now())
            self._add(room)
        return room

    def posted(self, name: str) -> Room:
        """Return the room in which something was posted."""
        room = self._rooms.get(name)
        if room is None:
            room = self.open(name)
            self.revived(name)
        return room

    def forget_unused(self, since: float, since_bare: float) -> None:
        """Forget the rooms that nobody is in, and in which nothing was posted for long; never the lobby.

        :param since: what was posted before this, in seconds since 1970 UTC, is long ago.
        :param since_bare: the same for rooms without a topic.
        """
        for room in [room for room in self._rooms.values() if not room.members and room.name != LOBBY]:
            if room.posted_at is None or room.posted_at < (since if room.topic else since_bare):
                self._remove(room.name)

    def drop_unused(self, room: Room) -> None:
        """Forget a room that nobody is in and that has no posts; never the lobby."""
        if not room.members and not room.stored and room.name != LOBBY and room.name in self._rooms:
            self._remove(room.name)

    def drop(self, name: str) -> None:
        """Forget a room that nobody is in, whatever the journal has of it; never the lobby."""
        room = self._rooms.get(name)
        if room is not None and not room.members and name != LOBBY:
            self._remove(name)

    def names(self) -> tuple[str, ...]:
        """Return the names of all rooms."""
        return tuple(self._rooms)

    def _add(self, room: Room) -> None:
        if room.name not in self._rooms:
            look = names.room_look(room.name)
            self._alike[look] = (*self._alike.get(look, ()), room.name)
        self._rooms[room.name] = room

    def _remove(self, name: str) -> None:
        del self._rooms[name]
        look = names.room_look(name)
        left = tuple(other for other in self._alike[look] if other != name)
        if left:
            self._alike[look] = left
        else:
            del self._alike[look]

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    def __len__(self) -> int:
        return len(self._rooms)
