"""A person in the hall, their connections, and every verb they have.

Each verb stands here once, whichever door it came through.
A verb returns an entry (the answer comes when it is delivered), an answer, or a Deferred of one of these;
what the person did wrong is raised as a Refusal.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypeAlias

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Entry
from groupchat.model import names, text
from groupchat.model.claims import Claim, Logout
from groupchat.model.drafts import Audience, StoredSession
from groupchat.model.errors import BadArguments, NotAllowed, PasswordNeeded
from groupchat.model.events import Answer, Done, Left, Renamed
from groupchat.state.people import SERVER
from groupchat.verbs.company import Company
from groupchat.verbs.discipline import Discipline
from groupchat.verbs.governing import Governing
from groupchat.verbs.housekeeping import Housekeeping
from groupchat.verbs.owning import Owning
from groupchat.verbs.reading import Reading, replay
from groupchat.verbs.speaking import Speaking

if TYPE_CHECKING:
    pass

REASON_MAX = 100
"""The most characters of a reason for leaving."""

Reply: TypeAlias = Entry | Answer | Claim | Logout | Deferred[Entry] | Deferred[Answer]
"""What a verb gives back."""


class Member(Reading, Company, Owning, Governing, Discipline, Speaking, Housekeeping):
    """One connection of a person, with every verb: here who one is, how one is shown things, and where one is."""

    __slots__ = ()

    # Who one is

    def rename(self, nick: str) -> Entry:
        """Take another nickname."""
        hall, person = self.hall, self.person
        new = names.nick(nick, hall.name_rules)
        key = names.key(new)
        if key != person.key:
            if person.account is not None:
                raise NotAllowed(f"You are logged in as {person.nick}; /logout first to be called otherwise.")
            if hall.accounts.is_taken(key):
                raise PasswordNeeded(f"{new} belongs to an account: /login {new} PASSWORD")
            if hall.accounts.is_taken(person.key):
                raise NotAllowed(f"{person.nick} is just becoming your own.")
            hall.moderation.check_coming(person.author, key, hall.now())
            hall.roster.claim(key, person)
            hall.roster.release(person.key, person)
        old, person.nick, person.key = person.nick, new, key
        rooms = tuple(dict.fromkeys(room for member in person.connections for room in member.rooms))
        # Who reads it may share only one of these rooms, and is not told of another.
        room = rooms[0] if len(rooms) == 1 else ""
        renamed = hall.tell(Renamed(room, old, hall.now(), new), rooms, self)
        if not self.rooms:
            renamed.text = f"You are {new} now."
        return renamed

    # How one is shown things

    def prefer(self, name: str, value: str, remember: bool = True) -> Reply:
        """Change how one is shown things.

        :param remember: whether that holds for one's account: at each such door where a person sits, now and later.
        """
        name = name.lower()
        changed = self.screen.style.preferences.changed(name, value)
        kept = self.remember_preference(name, changed.shown(name)) if remember else None
        for member in self.person.connections if kept is not None else (self,):
            if member is self or (member.attended and member.door == self.door):
                member.screen.prefer(member.screen.style.preferences.changed(name, value))
                self.hall.readers.review(member)
        text = f"{name} is now {changed.shown(name)}."
        if kept is None:
            return Done(text=text)
        kept.text = text
        return kept

    # Rooms

    def join(self, name: str) -> "Reply":
        """Go into a room; it is the current one from now on."""
        room = names.room(name)
        if room in self.rooms:
            return self.switch(room)
        if self.person.author == SERVER:
            raise NotAllowed("The server is in no room.")
        if len(self.rooms) >= self.hall.settings.rooms_max:
            raise BadArguments(f"You are in {len(self.rooms)} rooms, which is the most; /leave one first.")
        self.hall.moderation.check_room(room, self.person, self.hall.now())
        return self._move_in(room)

    @inlineCallbacks
    def _move_in(self, room: str) -> "Generator[Deferred[Any], Any, Answer]":
        """Show what was said in the room lately, and go in, without missing anything between."""
        hall = self.hall
        upto = -1
        while upto < hall.tail.floor:
            upto = hall.delivered
            posts = list((yield hall.journal.recent(Audience((room,)), upto, hall.settings.replay_posts)))
        if self.gone:
            return Done()
        hall.moderation.check_room(room, self.person, hall.now())  # it may have been locked meanwhile
        if self.cursor is not None:
            # What comes after the cursor it will show by itself.
            posts = [stored for stored in posts if stored.event.id <= self.cursor.position]
        else:
            posts.extend(hall.tail.after(upto, Audience((room,))))
        hall.attendance.enter_room(self, room)
        if posts:
            self.show(replay(posts, hall.now()))
        hall.readers.review(self)
        return Done(text=f"You are in {room} now.")

    def switch(self, name: str) -> Answer:
        """Let one's lines go to another of one's rooms."""
        room = self._room(names.room(name))
        self.current = room
        self.hall.readers.review(self)
        return Done(text=f"Your lines now go to {room}.")

    def leave(self, name: str = "", reason: str = "") -> Answer:
        """Leave a room (empty: the current one)."""
        room = self._room(names.room(name) if name else "")
        self.hall.attendance.note_position(self, (room,))
        self.hall.attendance.leave_room(self, room, text.clean(reason).strip()[:REASON_MAX])
        if self.current:
            return Done(text=f"You left {room}. Your lines now go to {self.current}.")
        return Done(text=f"You left {room}, and are in no room now. /join {room} takes you back.")

    def exit(self, reason: str = "") -> Entry:
        """Leave the hall; the connection is closed when all one said is posted."""
        hall = self.hall
        hall.attendance.leave(self, text.clean(reason).strip()[:REASON_MAX])
        farewell = hall.tell(Left("", self.person.nick, hall.now()), (), self)
        farewell.text = f"Goodbye, {self.person.nick}."
        farewell.then = self.screen.close
        return farewell

    def stored(self, rooms: tuple[str, ...], position: int) -> StoredSession:
        """What the journal keeps of this connection, so that its token works later."""
        person = self.person
        return StoredSession(person.author, self.digest, person.nick, rooms, position, self.hall.now())
