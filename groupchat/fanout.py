"""Who is live, and how a batch reaches them: rendered once per style, one write per member.

Members that see the same things in the same way stand in one crowd, and share one rendering of each batch.
Only who posted in the batch, is whispered to in it, or ignores somebody in it, gets bytes of their own.
Everything a member is handed is in journal order, over all rooms:
so a connection cut at any byte has shown a prefix, and can be resumed from the last number.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from groupchat.entry import EVERYWHERE, Entry
from groupchat.events import AuthorId, Done, Event, Post
from groupchat.interfaces import IStyle, Rendered

if TYPE_CHECKING:
    from groupchat.member import Member
    from groupchat.person import Person


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
        rooms = {entry.rooms for entry in entries}
        self._one_room = next(iter(rooms)) if len(rooms) == 1 else None
        """The only rooms anything here is for, when all entries agree (the usual case)."""

    def lines(self, style: IStyle, marked: bool) -> list[Rendered]:
        """Every event of the batch in this style."""
        lines = self._lines.get((style, marked))
        if lines is None:
            lines = self._lines[style, marked] = style.render(self._events, self._previous, marked)
        return lines

    def shared(self, view: View) -> Rendered:
        """What the whole crowd is shown; what is private is left out."""
        if self._one_room and len(self._one_room) == 1:
            (room,) = self._one_room
            if room not in view.rooms:
                return Rendered(b"")
            return Rendered(b"".join(self.lines(view.style, room != view.current)))
        seen = [index for index, entry in enumerate(self.entries) if _seen(entry, view.rooms)]
        return Rendered(b"".join(self._line(view, index) for index in seen))

    def own(self, member: "Member") -> Rendered:
        """What this one member is shown, with the answers to what they posted."""
        view = member.view
        pieces: list[bytes] = []
        for index, entry in enumerate(self.entries):
            mine = entry.origin is member
            if (
                (_seen(entry, view.rooms) or _is_party(entry, member.person.author))
                and not (mine and not view.style.echoes(entry.event))
                and not member.person.ignores(entry)
            ):
                pieces.append(self._line(view, index))
            if mine and entry.awaited:
                pieces.append(answer_to(entry, member))
        return Rendered(b"".join(pieces))

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
            if personal.isdisjoint(crowd):
                writes = list(crowd.values())
            else:
                writes = [write for member, write in crowd.items() if member not in personal]
            for write in writes:
                write(shared)
            self.deliveries += len(writes)
        for member in personal:
            own = batch.own(member) if member.live else batch.answers(member)
            if own:
                member.screen.write(own)
                self.deliveries += 1

    def _personal(self, entries: Sequence[Entry]) -> "set[Member]":
        """Who needs bytes of their own for this batch."""
        personal: set[Member] = set()
        for entry in entries:
            if entry.origin is not None:
                personal.add(entry.origin)
            if entry.author is None:
                continue
            if entry.reader is not None:
                for author in (entry.author, entry.reader):
                    person = self._find(author)
                    if person is not None:
                        personal.update(member for member in person.connections if member.live)
            for person in self._ignorers.get(entry.author, ()):
                personal.update(member for member in person.connections if member.live)
        return personal
