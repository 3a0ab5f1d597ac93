"""Who comes into the hall and its rooms and who leaves, and who is told of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from twisted.logger import Logger

from groupchat.delivery.queue import Entry
from groupchat.model.events import Joined, Left, Told
from groupchat.state.positions import PRIVATE
from groupchat.state.rooms import LOBBY, Room

if TYPE_CHECKING:
    from groupchat.hall.hall import Hall
    from groupchat.verbs.member import Member

log = Logger()

RENEWED_S = 43200.0
"""A token is forgotten some days after its member was last here: who stays is written down so often, in seconds."""


class Attendance:
    """Comings and goings."""

    def __init__(self, hall: "Hall") -> None:
        self._hall = hall

    def enter_room(self, member: "Member", name: str) -> None:
        """Put a member into a room, and tell who is there."""
        room = self._hall.room(name)
        known = room.holds(member.person)
        room.members[member] = None
        member.rooms = (*(other for other in member.rooms if other != name), name)
        member.current = name
        if not known:
            self._pass_by(room, Joined(name, member.person.nick, self._hall.now()), member)

    def leave_room(self, member: "Member", name: str, reason: str) -> None:
        """Take a member out of a room, and tell who is there."""
        room = self._hall.rooms[name]
        del room.members[member]
        member.rooms = tuple(other for other in member.rooms if other != name)
        if member.current == name:
            member.current = member.rooms[-1] if member.rooms else ""
        if not room.holds(member.person):
            self._pass_by(room, Left(name, member.person.nick, self._hall.now(), reason), member)
        if not room.members and not room.stored and name != LOBBY:
            del self._hall.rooms[name]
        self._hall.readers.review(member)

    def leave(self, member: "Member", reason: str) -> None:
        """One connection is gone from the hall; when it was the person's last one, so is the nickname."""
        if member.gone:
            return
        member.gone = True
        position, rooms = member.position, member.rooms
        self.note_position(member, rooms)
        self._detach(member)
        for name in rooms:
            self.leave_room(member, name, reason)
        if member.digest:
            self._hall.commits.save(member.stored(rooms, position))
        person = member.person
        person.connections = tuple(other for other in person.connections if other is not member)
        if not person.connections:
            self._hall.roster.release(person.key, person)
            self._hall.people.pop(person.author, None)
            for ignored in person.ignored:
                self._hall.fanout.unignore(person, ignored)
        if self._hall.sparing.allows("people who leave"):
            log.info(
                "{nick} left: {reason} (from {address}, {seconds:.0f} s)",
                nick=person.nick, reason=reason or "exit", address=member.screen.address,
                seconds=self._hall.now() - member.since,
            )  # fmt: skip

    def replace(self, member: "Member") -> None:
        """Put an old connection out because its person came back with a new one.  Nobody else notices."""
        member.gone = True
        self._detach(member)
        for name in member.rooms:
            del self._hall.rooms[name].members[member]
        person = member.person
        person.connections = tuple(other for other in person.connections if other is not member)
        member.show(Told(("You have joined again from elsewhere; this connection is closed.",)))
        member.screen.close()

    def remember(self, member: "Member") -> None:
        """Have it written where this connection stands, if it can come back with a token."""
        if member.digest and not member.gone:
            self._hall.commits.save(member.stored(member.rooms, member.position))
        if not member.gone:
            self.note_position(member, member.rooms)

    def renew(self, period: float) -> None:
        """To be called once in a period, in seconds: twice a day have it written of everybody that they are here."""
        now = self._hall.now()
        for session in self._hall.sessions:
            if session.member is None:
                continue
            stayed = now - session.member.since
            # At the times of day at which each came: not of all at once.
            if stayed >= RENEWED_S and stayed % RENEWED_S < period:
                self.remember(session.member)
        self._hall.commits.pump()

    def note_position(self, member: "Member", rooms: Sequence[str]) -> None:
        """Have it written how far the account has read these rooms; the journal may miss it, which does no harm."""
        account = member.person.account
        if account is None or account.author not in self._hall.people:
            return
        facts = self._hall.positions.note(account.author, (*rooms, PRIVATE), member.position, self._hall.now())
        if facts and self._hall.commits.refusing is None:
            self._hall.commits.post(Entry.of_facts(*facts))

    def _pass_by(self, room: Room, event: Joined | Left, member: "Member") -> None:
        """Tell of a coming or going, or keep it a while when there were too many for a room of this size."""
        entry = Entry.of_notice(event, (room.name,), member)
        now = self._hall.clock.seconds()
        if room.gathered or room.notices.spend(now, 0):
            room.gathered.append(entry)
        else:
            room.notices.spend(now, len(room.members))
            self._hall.commits.post(entry)

    def _flush(self, room: Room) -> None:
        gathered, room.gathered = room.gathered, []
        room.notices.spend(self._hall.clock.seconds(), len(room.members))
        for entry in gathered:
            self._hall.commits.post(entry)

    def sweep(self) -> None:
        """To be called each second: tell of comings and goings that were kept for a while."""
        for room in list(self._hall.rooms.values()):
            if room.gathered and not room.notices.spend(self._hall.clock.seconds(), 0):
                self._flush(room)

    def _detach(self, member: "Member") -> None:
        self._hall.readers.detach(member)
        self._hall.keystrokes.stopped(member)
