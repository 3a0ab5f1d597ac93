"""The live connections, and how a batch reaches them: rendered once per style, one write per connection.

Connections that see the same things in the same way stand in one crowd, and share one rendering of each batch.
Only those that posted in the batch, are whispered to in it, or ignore somebody in it, get bytes of their own.
Everything a connection is handed is in journal order, over all rooms:
so a connection cut at any byte has shown a prefix, and can be resumed from the last number.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from groupchat.delivery.queue import EVERYWHERE
from groupchat.interfaces.screens import IStyle, Rendered
from groupchat.model.events import COMING, AuthorId, Done, Event, Moved, Post, Ref, Typing
from groupchat.model.preferences import ACTIVE
from groupchat.state.people import Connection, Person, View


@dataclass(slots=True, eq=False)
class Shown:
    """One thing to show, with what delivery needs to know of it.

    ``rooms``: the people in one of these see it (EVERYWHERE: all do; empty: only ``author`` and ``reader``).
    ``origin``: the connection it came from, which is told ``answer`` with ``ref`` (None: nothing).
    ``previous``: when something was last shown in its room, in seconds since 1970 UTC.
    """

    event: Event
    rooms: tuple[str, ...] | None
    author: AuthorId | None = None
    reader: AuthorId | None = None
    origin: Connection | None = None
    answer: Done | None = None
    ref: Ref = None
    previous: float = 0.0


class Batch:
    """Things that are delivered together, rendered at most once per style and mark."""

    def __init__(self, items: Sequence[Shown]) -> None:
        self.items = items
        self._events: list[Event] = [item.event for item in items]
        self._previous = [item.previous for item in items]
        self._lines: dict[tuple[IStyle, bool], list[Rendered]] = {}
        self._pieces: dict[View, dict[int, Rendered]] = {}
        self.rooms = list(dict.fromkeys([item.rooms for item in items]))
        """The rooms that anything here is for, each combination once."""
        only = self.rooms[0] if len(self.rooms) == 1 else None
        self._only_room = only[0] if only is not None and len(only) == 1 else ""
        """The room that everything here is for (the usual case); empty: not all of it is for one and the same."""
        self._in_rooms: dict[str | None, list[int]] = {}
        """For each room the items that are for it (None: those that are for everybody), when they do not all agree."""

    def lines(self, style: IStyle, marked: bool) -> list[Rendered]:
        """Render every event of the batch in this style."""
        lines = self._lines.get((style, marked))
        if lines is None:
            lines = self._lines[style, marked] = style.render(self._events, self._previous, marked)
        return lines

    def shared(self, view: View) -> Rendered:
        """Return what the whole crowd is shown, in one piece: nothing of what is private, or for other rooms."""
        if self._only_room in view.rooms:
            return Rendered(b"".join(self.lines(view.style, self._only_room != view.current)))
        return Rendered(b"".join(self._cut(view).values()))

    def own(self, connection: Connection, particular: Iterable[int]) -> Rendered:
        """Return what this one connection is shown: what its crowd is, but for the items that are particular to it."""
        view = connection.view
        if self._only_room in view.rooms:
            # Most of the work is the copy, which costs the same few nanoseconds for each line whoever wrote it.
            lines = self.lines(view.style, self._only_room != view.current).copy()
            for index in particular:
                lines[index] = self._particular(connection, index)
            return Rendered(b"".join(lines))
        pieces = self._cut(view) | {index: self._particular(connection, index) for index in particular}
        return Rendered(b"".join([pieces[index] for index in sorted(pieces)]))

    def _cut(self, view: View) -> dict[int, Rendered]:
        """Return the items that the whole crowd is shown, by their numbers and in their order.

        It costs a crowd what is for its rooms, in time and in memory: where many people move at once, each between
        other rooms, that is very little of the batch.
        """
        pieces = self._pieces.get(view)
        if pieces is None:
            if not self._in_rooms:
                self._find_rooms()
            found = [self._in_rooms[place] for place in (None, *view.rooms) if place in self._in_rooms]
            indexes = found[0] if len(found) == 1 else sorted({index for some in found for index in some})
            pieces = self._pieces[view] = {index: self._line(view, index) for index in indexes}
        return pieces

    def _find_rooms(self) -> None:
        for index, item in enumerate(self.items):
            for room in (None,) if item.rooms is EVERYWHERE else item.rooms:
                self._in_rooms.setdefault(room, []).append(index)

    def _particular(self, connection: Connection, index: int) -> Rendered:
        """Return one item as this connection is shown it, with the answer if it posted it."""
        item, view = self.items[index], connection.view
        if isinstance(item.event, Moved):
            if not _seen(item, view.rooms):
                return Rendered(b"")
            moved = item.event.without({connection.person.author, *connection.person.ignored})
            return view.style.render([moved], [item.previous], self._is_marked(view, item))[0]
        mine = item.origin is connection
        shown = (
            not (mine and not view.style.echoes(item.event))  # nearly always why it is particular
            and not (type(item.event) in COMING and item.author == connection.person.author)
            and (_seen(item, view.rooms) or _is_party(item, connection.person.author))
            and not (item.author in connection.person.ignored and _is_ignorable(item.event, view.style))
        )
        line = self._line(view, index) if shown else Rendered(b"")
        return Rendered(line + _answer(item, connection)) if mine and item.answer is not None else line

    def answers(self, connection: Connection) -> Rendered:
        """Return only the answers to what this connection posted: it reads the rest from the journal."""
        mine = [item for item in self.items if item.origin is connection and item.answer is not None]
        return Rendered(b"".join(_answer(item, connection) for item in mine))

    def _line(self, view: View, index: int) -> Rendered:
        return self.lines(view.style, self._is_marked(view, self.items[index]))[index]

    def _is_marked(self, view: View, item: Shown) -> bool:
        return len(view.rooms) > 1 and bool(item.rooms) and view.current not in (item.rooms or ())


def _seen(item: Shown, rooms: tuple[str, ...]) -> bool:
    return item.rooms is EVERYWHERE or any(map(rooms.__contains__, item.rooms))


def _is_party(item: Shown, author: AuthorId) -> bool:
    return item.reader is not None and author in (item.author, item.reader)


def _is_ignorable(event: Event, style: IStyle) -> bool:
    """Say whether ignoring its author hides this: what they say, and for people all else; programs keep exact lists."""
    return style.prose or isinstance(event, Post | Typing)


def _answer(item: Shown, connection: Connection) -> Rendered:
    assert item.answer is not None
    return connection.screen.answer(item.answer, item.ref, connection.person.nick, connection.current)


class Fanout:
    """The live connections, in crowds.

    ``find`` returns the person who is here as an author.
    """

    def __init__(self, find: Callable[[AuthorId], Person | None]) -> None:
        self._crowds: dict[View, dict[Connection, Callable[[Rendered], None]]] = {}
        self._views: dict[str, dict[View, None]] = {}
        """For each room the views of crowds that see it: nothing is looked at for all others."""
        self._find = find
        self._ignorers: dict[AuthorId, set[Person]] = {}
        self.deliveries = 0
        """Writes made so far."""
        self.bytes = 0
        """Bytes in them."""

    def add(self, connection: Connection) -> None:
        """Show the connection what happens from the next batch on.  Also to be called when its view has changed."""
        self.remove(connection)
        connection.view = View(connection.screen.style, connection.rooms, connection.current)
        crowd = self._crowds.get(connection.view)
        if crowd is None:
            crowd = self._crowds[connection.view] = {}
            for room in connection.view.rooms:
                self._views.setdefault(room, {})[connection.view] = None
        crowd[connection] = connection.screen.write
        connection.live = True

    def remove(self, connection: Connection) -> None:
        """Show the connection nothing more."""
        if not connection.live:
            return
        connection.live = False
        crowd = self._crowds[connection.view]
        del crowd[connection]
        if not crowd:
            del self._crowds[connection.view]
            for room in connection.view.rooms:
                views = self._views[room]
                del views[connection.view]
                if not views:
                    del self._views[room]

    def ignore(self, person: Person, author: AuthorId) -> None:
        """Show the person nothing more of this author."""
        self._ignorers.setdefault(author, set()).add(person)

    def unignore(self, person: Person, author: AuthorId) -> None:
        """Show the person this author's posts again."""
        ignorers = self._ignorers.get(author, set())
        ignorers.discard(person)
        if not ignorers:
            self._ignorers.pop(author, None)

    def deliver(self, items: Sequence[Shown]) -> None:
        """Hand a batch to every live connection, and their answers to those that are not live."""
        batch = Batch(items)
        personal = self._personal(items)
        apart: dict[View, list[Connection]] = {}
        for connection in personal:
            apart.setdefault(connection.view, []).append(connection)
        # A write may pause its connection, which then leaves its crowd: each crowd is copied before.
        for view in self._concerned_views(batch.rooms):
            crowd = self._crowds.get(view, {})
            shared = batch.shared(view)
            if not shared:
                continue
            others = crowd.copy()
            for connection in apart.get(view, ()):
                others.pop(connection, None)
            for write in others.values():
                write(shared)
            self.deliveries += len(others)
            self.bytes += len(others) * len(shared)
        for connection, particular in personal.items():
            own = batch.own(connection, particular) if connection.live else batch.answers(connection)
            if own:
                connection.screen.write(own)
                self.deliveries += 1
                self.bytes += len(own)

    def _concerned_views(self, rooms: Sequence[tuple[str, ...] | None]) -> list[View]:
        """Return the views of the crowds that are shown anything that is for these rooms."""
        if EVERYWHERE in rooms:
            return list(self._crowds)
        found: dict[View, None] = {}
        for some in rooms:
            for room in some or ():
                found.update(self._views.get(room, {}))
        return list(found)

    def _personal(self, items: Sequence[Shown]) -> dict[Connection, list[int]]:
        """Find the connections that need bytes of their own for this batch, and the items because of which they do."""
        personal: dict[Connection, list[int]] = {}
        for index, item in enumerate(items):
            if item.origin is not None:
                personal.setdefault(item.origin, []).append(index)
            if item.author is None:
                if isinstance(item.event, Moved):
                    for connection in self._told_otherwise(item.event):
                        personal.setdefault(connection, []).append(index)
                continue
            if type(item.event) in COMING:
                # A notice about an earlier connection of theirs would make people believe that they have left.
                person = self._find(item.author)
                for connection in person.connections if person is not None else ():
                    if connection.live and connection is not item.origin:
                        personal.setdefault(connection, []).append(index)
            if item.reader is None and item.author not in self._ignorers:
                continue
            for connection in self._concerned(item.author, item.reader):
                if connection is not item.origin:
                    personal.setdefault(connection, []).append(index)
        return personal

    def _told_otherwise(self, event: Moved) -> Iterator[Connection]:
        """Iterate over the live connections of those who moved themselves, and of people who ignore one of them."""
        authors = (*(author for author, _ in event.known), *event.unknown)
        people: dict[Person, None] = {}
        for author in authors:
            if author is None:
                continue
            person = self._find(author)
            people.update(dict.fromkeys([*([person] if person is not None else []), *self._ignorers.get(author, ())]))
        for person in people:
            for connection in person.connections:
                if connection.live and connection.screen.style.preferences.joins == ACTIVE:
                    yield connection

    def _concerned(self, author: AuthorId, reader: AuthorId | None) -> Iterator[Connection]:
        """Iterate over the live connections of the two a private post is for, and of people who ignore its author."""
        people = set(self._ignorers.get(author, ()))
        if reader is not None:
            people.update(person for person in map(self._find, (author, reader)) if person is not None)
        for person in people:
            yield from (connection for connection in person.connections if connection.live)
