"""Rooms: who is in each, and what it is about."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Iterable, Iterator
from enum import IntEnum
from itertools import chain
from math import inf

from groupchat.model import names
from groupchat.model.drafts import StoredRoom
from groupchat.model.events import AuthorId
from groupchat.state.people import Connection, Person

LOBBY = "lobby"
"""The room everybody comes into first."""

FEW = 32
"""In a room with so many connections at most, people are simply counted."""


class Standing(IntEnum):
    """How somebody is in a room: not at all, only by programs that read, or in person."""

    ABSENT = 0
    PROGRAM = 1
    PRESENT = 2


class Listing:
    """The people of a room in the order of their nicknames' keys, in which they are listed.

    ``people``: everybody; ``programs``: those of them who are there only by programs that read.
    A room has one from when it was listed first: to sort all for each page would cost as much as there are people.
    """

    __slots__ = ("_keys", "people", "programs")

    def __init__(self, people: Iterable[Person], programs: Iterable[Person]) -> None:
        self.people = sorted((*people, *programs), key=lambda person: person.key)
        self._keys = [person.key for person in self.people]
        self.programs = set(programs)

    def note(self, person: Person, standing: Standing) -> None:
        """Note how somebody is there now."""
        index = self._find(person, person.key)
        if standing is Standing.ABSENT:
            self._take_out(index)
        elif index < 0:
            self._put_in(person)
        if standing is Standing.PROGRAM:
            self.programs.add(person)
        else:
            self.programs.discard(person)

    def renamed(self, person: Person, before: str) -> None:
        """Note that somebody who is there has another nickname, whose key was this one before."""
        self._take_out(self._find(person, before))
        self._put_in(person)

    def following(self, after: str | None, count: int) -> tuple[list[Person], int]:
        """Return the first people behind a key (None: of all), and how many follow these.

        Those with the same key come together: then there are more than ``count``.
        """
        start = 0 if after is None else bisect_right(self._keys, after)
        end = min(start + count, len(self.people))
        while start < end < len(self.people) and self._keys[end] == self._keys[end - 1]:
            end += 1
        return self.people[start:end], len(self.people) - end

    def _find(self, person: Person, key: str) -> int:
        """Return the index of somebody; -1: they are not there."""
        # For a moment two of a cluster may have one nickname.
        for index in range(bisect_left(self._keys, key), bisect_right(self._keys, key)):
            if self.people[index] is person:
                return index
        return -1

    def _put_in(self, person: Person) -> None:
        index = bisect_right(self._keys, person.key)
        self._keys.insert(index, person.key)
        self.people.insert(index, person)

    def _take_out(self, index: int) -> None:
        if index >= 0:
            del self._keys[index], self.people[index]


class Fullness:
    """The rooms by how many connections are in them.

    ``occupied``: the names of those that are not empty.
    All are kept in the order in which they are listed, the fullest first, from when they are listed first.
    """

    __slots__ = ("_order", "occupied")

    def __init__(self) -> None:
        self.occupied: set[str] = set()
        self._order: list[tuple[int, str]] | None = None

    def order(self, rooms: Iterable["Room"]) -> list[tuple[int, str]]:
        """Return the places of all these rooms in order; not to be changed."""
        if self._order is None:
            self._order = sorted(room.place for room in rooms)
        return self._order

    def changed(self, before: tuple[int, str] | None, after: tuple[int, str] | None) -> None:
        """Note that a room has another place now; None: it is not there."""
        for place, is_there in ((before, False), (after, True)):
            if place is None:
                continue
            count, name = place
            if is_there and count:
                self.occupied.add(name)
            else:
                self.occupied.discard(name)
            if self._order is not None and is_there:
                insort(self._order, place)
            elif self._order is not None:
                del self._order[bisect_left(self._order, place)]


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

    __slots__ = (
        "_fullness", "_listing", "called_at", "called_by", "changes", "last_at", "members", "name", "posted_at",
        "programs", "topic",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        last_at: float,
        topic: str = "",
        posted_at: float | None = None,
        fullness: Fullness | None = None,
    ) -> None:
        self.name = name
        self.topic = topic
        self.last_at = last_at
        self.posted_at = posted_at
        self.called_at = -inf
        self.called_by: tuple[AuthorId, str | None] | None = None
        self.changes = 0
        self.members: dict[Connection, None] = {}
        self.programs: dict[Connection, None] = {}
        self._listing: Listing | None = None
        self._fullness = fullness

    @property
    def place(self) -> tuple[int, str]:
        """Its place in the list of rooms: full ones come first."""
        return -len(self.members), self.name

    @property
    def stored(self) -> bool:
        """Say whether the journal has posts of it."""
        return self.posted_at is not None

    @property
    def people(self) -> Iterator[Person]:
        """Everybody who is here, in the order they came; a person with several connections once."""
        return iter(dict.fromkeys(connection.person for connection in self.members))

    @property
    def listing(self) -> Listing:
        """Everybody who is here, in the order in which they are listed."""
        if self._listing is None:
            self._listing = Listing(*self.split())
        return self._listing

    def count(self) -> int:
        """Return how many people are here, without programs that read."""
        if self._listing is None and len(self.members) <= FEW:
            return len(self.split()[0])
        return len(self.listing.people) - len(self.listing.programs)

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
        before = self.place
        self.members[connection] = None
        self._note_fullness(before)
        if connection.program:
            self.programs[connection] = None
        if self._listing is not None:
            came = Standing.PROGRAM if connection.program else Standing.PRESENT
            self._listing.note(connection.person, max(came, self.standing(connection.person)))

    def renamed(self, person: Person, before: str) -> None:
        """Note that somebody who is here has another nickname, whose key was this one before."""
        if self._listing is not None:
            self._listing.renamed(person, before)

    def remove(self, connection: Connection) -> None:
        """Take a connection out."""
        before = self.place
        del self.members[connection]
        self._note_fullness(before)
        self.programs.pop(connection, None)
        if self._listing is not None:
            self._listing.note(connection.person, self.standing(connection.person))

    def _note_fullness(self, before: tuple[int, str]) -> None:
        if self._fullness is not None:
            self._fullness.changed(before, self.place)


class Rooms:
    """Every room there is: one exists while somebody is in it, or something was posted in it lately.

    ``now`` gives the wall-clock time in seconds since 1970 UTC.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.revived: Callable[[str], object] = lambda name: None
        """Called with the name when something is posted in a room that was forgotten, or is new."""
        self._rooms: dict[str, Room] = {}
        self._fullness = Fullness()
        self._alike: dict[str, tuple[str, ...]] = {}
        """The names of rooms, by what they look like; of two that look alike an operator made one."""
        self._add(Room(LOBBY, now(), fullness=self._fullness))

    def load(self, stored: StoredRoom) -> None:
        """Learn of a room the journal has posts of."""
        self._add(Room(stored.name, stored.last_at, stored.topic, stored.last_at, self._fullness))

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
            room = Room(name, self._now(), fullness=self._fullness)
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

    def occupied(self, hidden: Iterable[str]) -> int:
        """Return how many rooms somebody is in, but for some that are not to be told of."""
        return len(self._fullness.occupied) - len(self._fullness.occupied.intersection(hidden))

    def fullest(self, after: Room | None, count: int, hidden: Collection[str]) -> tuple[list[Room], int]:
        """Return the next rooms of the list, and how many follow these.

        :param after: the room behind which they come; None: from the beginning.
        :param hidden: the names of rooms that are not to be told of.
        """
        order = self._fullness.order(self._rooms.values())
        found: list[Room] = []
        index = 0 if after is None else bisect_right(order, after.place)
        while index < len(order) and len(found) < count:
            name = order[index][1]
            if name not in hidden:
                found.append(self._rooms[name])
            index += 1
        behind = [self._rooms[name].place for name in hidden if name in self._rooms]
        unseen = sum(index < len(order) and place >= order[index] for place in behind)
        return found, len(order) - index - unseen

    def names(self) -> tuple[str, ...]:
        """Return the names of all rooms."""
        return tuple(self._rooms)

    def _add(self, room: Room) -> None:
        if room.name not in self._rooms:
            look = names.room_look(room.name)
            self._alike[look] = (*self._alike.get(look, ()), room.name)
            self._fullness.changed(None, room.place)
        self._rooms[room.name] = room

    def _remove(self, name: str) -> None:
        self._fullness.changed(self._rooms.pop(name).place, None)
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
