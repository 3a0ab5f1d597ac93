"""Who is live, and how a batch reaches them: rendered once per style, one write per member.

Members that see the same things in the same way stand in one crowd, and share one rendering of each batch.
Only who posted in the batch, is whispered to in it, or ignores somebody in it, gets bytes of their own.
Everything a member is handed is in journal order, over all rooms:
so a connection cut at any byte has shown a prefix, and can be resumed from the last number.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from groupchat.delivery.queue import EVERYWHERE, Entry
from groupchat.interfaces.screens import IStyle, Rendered
from groupchat.model.events import AuthorId, Done, Event, Post

if TYPE_CHECKING:
    from groupchat.state.people import Person
    from groupchat.verbs.member import Member


class View(NamedTuple):
    """What a crowd has in common: how it is shown things, and which."""

    style: IStyle
    rooms: tuple[str, ...]
    current: str


class Batch:
    """What is delivered together, rendered at most once per style and mark."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self._events: list[Event] = [entry.event for entry in entries]
        self._previous = [entry.previous for entry in entries]
        self._lines: dict[tuple[IStyle, bool], list[Rendered]] = {}
        self._pieces: dict[View, list[Rendered]] = {}
        rooms = {entry.rooms for entry in entries}
        self._one_room = next(iter(rooms)) if len(rooms) == 1 else None
        """The only rooms anything here is for, when all entries agree (the usual case)."""

    def lines(self, style: IStyle, marked: bool) -> list[Rendered]:
        """Every event of the batch in this style."""
        lines = self._lines.get((style, marked))
        if lines is None:
            lines = self._lines[style, marked] = style.render(self._events, self._previous, marked)
        return lines

    def pieces(self, view: View) -> list[Rendered]:
        """What the whole crowd is shown of each entry: nothing of what is private, or for other rooms."""
        pieces = self._pieces.get(view)
        if pieces is None:
            pieces = self._pieces[view] = self._cut(view)
        return pieces

    def shared(self, view: View) -> Rendered:
        """What the whole crowd is shown, in one piece."""
        return Rendered(b"".join(self.pieces(view)))

    def own(self, member: "Member", particular: Iterable[int]) -> Rendered:
        """What this one member is shown: what its crowd is, but for the entries that are particular to it."""
        # Most of the work is the copy, which costs the same few nanoseconds for each line whoever wrote it.
        pieces = self.pieces(member.view).copy()
        for index in particular:
            pieces[index] = self._particular(member, index)
        return Rendered(b"".join(pieces))

    def _cut(self, view: View) -> list[Rendered]:
        if self._one_room and len(self._one_room) == 1:
            (room,) = self._one_room
            if room in view.rooms:
                return self.lines(view.style, room != view.current)
        nothing = Rendered(b"")
        return [
            self._line(view, index) if _seen(entry, view.rooms) else nothing for index, entry in enumerate(self.entries)
        ]

    def _particular(self, member: "Member", index: int) -> Rendered:
        """One entry as this member is shown it, with the answer if it posted it."""
        entry, view = self.entries[index], member.view
        mine = entry.origin is member
        shown = (
            (_seen(entry, view.rooms) or _is_party(entry, member.person.author))
            and not (mine and not view.style.echoes(entry.event))
            and not member.person.ignores(entry)
        )
        line = self._line(view, index) if shown else Rendered(b"")
        return Rendered(line + answer_to(entry, member)) if mine and entry.awaited else line

    def answers(self, member: "Member") -> Rendered:
        """Only the answers to what this member posted: it reads the rest from the journal."""
        mine = [entry for entry in self.entries if entry.origin is member and entry.awaited]
        return Rendered(b"".join(answer_to(entry, member) for entry in mine))

    def _line(self, view: View, index: int) -> Rendered:
        entry = self.entries[index]
        marked = len(view.rooms) > 1 and bool(entry.rooms) and view.current not in (entry.rooms or ())
        return self.lines(view.style, marked)[index]


def _seen(entry: Entry, rooms: tuple[str, ...]) -> bool:
    if entry.rooms is EVERYWHERE:
        return True
    return any(room in rooms for room in entry.rooms)


def _is_party(entry: Entry, author: AuthorId) -> bool:
    return entry.reader is not None and author in (entry.author, entry.reader)


def answer_to(entry: Entry, member: "Member") -> Rendered:
    """The answer to who waits for this entry: done, with its number if it has one."""
    number = entry.event.id if isinstance(entry.event, Post) else 0
    return member.screen.style.answer(Done(number, entry.text), entry.ref, member.current)


class Fanout:
    """The live members, in crowds.

    ``find`` says which person an author is, if here.
    """

    def __init__(self, find: "Callable[[AuthorId], Person | None]") -> None:
        self._crowds: dict[View, dict[Member, Callable[[Rendered], None]]] = {}
        self._find = find
        self._ignorers: dict[AuthorId, set[Person]] = {}
        self.deliveries = 0
        """How many writes were made so far."""
        self.bytes = 0
        """How many bytes were in them."""

    def add(self, member: "Member") -> None:
        """From the next batch on, the member is shown what happens.  Also to be called when its view has changed."""
        self.remove(member)
        member.view = View(member.screen.style, member.rooms, member.current)
        self._crowds.setdefault(member.view, {})[member] = member.screen.write
        member.live = True

    def remove(self, member: "Member") -> None:
        """The member is shown nothing more from here."""
        if not member.live:
            return
        member.live = False
        crowd = self._crowds[member.view]
        del crowd[member]
        if not crowd:
            del self._crowds[member.view]

    def ignore(self, person: "Person", author: AuthorId) -> None:
        """The person is shown nothing more of this author."""
        self._ignorers.setdefault(author, set()).add(person)

    def unignore(self, person: "Person", author: AuthorId) -> None:
        """The person is shown this author's posts again."""
        ignorers = self._ignorers.get(author, set())
        ignorers.discard(person)
        if not ignorers:
            self._ignorers.pop(author, None)

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Hand a batch to everybody who is live, and their answers to those who are not."""
        batch = Batch(entries)
        personal = self._personal(entries)
        # A write may pause its member, which then leaves its crowd: each crowd is copied before.
        for view, crowd in list(self._crowds.items()):
            shared = batch.shared(view)
            if not shared:
                continue
            others = crowd.copy()
            for member in personal:
                others.pop(member, None)
            for write in others.values():
                write(shared)
            self.deliveries += len(others)
            self.bytes += len(others) * len(shared)
        for member, particular in personal.items():
            own = batch.own(member, particular) if member.live else batch.answers(member)
            if own:
                member.screen.write(own)
                self.deliveries += 1
                self.bytes += len(own)

    def _personal(self, entries: Sequence[Entry]) -> "dict[Member, list[int]]":
        """Who needs bytes of their own for this batch, and because of which of its entries."""
        personal: dict[Member, list[int]] = {}
        for index, entry in enumerate(entries):
            if entry.origin is not None:
                personal.setdefault(entry.origin, []).append(index)
            if entry.author is None or (entry.reader is None and entry.author not in self._ignorers):
                continue
            for member in self._concerned(entry.author, entry.reader):
                if member is not entry.origin:
                    personal.setdefault(member, []).append(index)
        return personal

    def _concerned(self, author: AuthorId, reader: AuthorId | None) -> "Iterator[Member]":
        """The live connections of the two whom a private post is for, and of who ignores its author."""
        people = set(self._ignorers.get(author, ()))
        if reader is not None:
            people.update(person for person in map(self._find, (author, reader)) if person is not None)
        for person in people:
            yield from (member for member in person.connections if member.live)
