"""A person in the hall, their connections, and every verb they have.

Each verb stands here once, whichever door it came through.
A verb returns an entry (the answer comes when it is delivered), an answer, or a Deferred of one of these;
what the person did wrong is raised as a Refusal.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypeAlias

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat import names, text
from groupchat.accounts import Account
from groupchat.claim import Claim, Logout
from groupchat.company import Company
from groupchat.discipline import Discipline
from groupchat.drafts import Audience, Draft, Kind, StoredSession
from groupchat.entry import Entry
from groupchat.erasure import Erasure
from groupchat.errors import BadArguments, NoSuchNick, NotAllowed, NothingToSay, PasswordNeeded
from groupchat.events import Answer, AuthorId, Done, Left, Renamed
from groupchat.governing import Governing
from groupchat.housekeeping import Housekeeping
from groupchat.owning import Owning
from groupchat.person import SERVER
from groupchat.reading import Reading, replay, said, text_of

if TYPE_CHECKING:
    from groupchat.person import Person

REASON_MAX = 100
"""The most characters of a reason for leaving."""

Reply: TypeAlias = Entry | Answer | Claim | Logout | Deferred[Entry] | Deferred[Answer]
"""What a verb gives back."""


class Member(Reading, Company, Owning, Governing, Discipline, Erasure, Housekeeping):
    """One connection of a person, with every verb: here those that post, and those that go from room to room."""

    __slots__ = ()

    # Saying things

    def say(self, words: str, key: str | None = None, room: str = "") -> Entry:
        """Say something in the current room (or in another of one's rooms)."""
        return self._post(Kind.SAID, self._room(room), words, key)

    def act(self, words: str, key: str | None = None, room: str = "") -> Entry:
        """Do something: shown as ``* alice waves``."""
        return self._post(Kind.ACTED, self._room(room), words, key)

    def whisper(self, nick: str, words: str, key: str | None = None) -> Entry:
        """Say something to one person only; who has an account and is not here reads it when they come."""
        account = self.hall.accounts.find(nick)
        if account is not None and account.author not in self.hall.people:
            return self._leave_message(account, words, key)
        return self._whisper(self.hall.find(nick), words, key)

    def _leave_message(self, account: Account, words: str, key: str | None = None) -> Entry:
        entry = self._private(account.author, account.nick, words, key)
        entry.text = f"{account.nick} is not here, and will be shown it on coming back."
        return entry

    def _private(self, reader: AuthorId, to: str, words: str, key: str | None) -> Entry:
        person = self.person
        draft = Draft(
            Kind.WHISPERED, person.author, person.nick, self.hall.now(),
            text=self._spoken(words), reader=reader, to=to, key=key,
        )  # fmt: skip
        return self.hall.post(Entry(draft, (), self))

    def _whisper(self, to: "Person", words: str, key: str | None = None) -> Entry:
        person = self.person
        entry = self._private(to.author, to.nick, words, key)
        to.last_whisperer = person.author
        if to.away is not None and person.author not in to.told_away and to is not person:
            to.told_away |= {person.author}
            words = f": {to.away}" if to.away else ""
            entry.text = f"{to.nick} is away{words}."
        return entry

    def reply(self, words: str) -> Entry:
        """Answer whoever whispered last."""
        author = self.person.last_whisperer
        if author is None:
            raise NoSuchNick("Nobody has sent you a private message yet.")
        to = self.hall.people.get(author)  # never whoever has the nickname now
        account = self.hall.accounts.of(author)
        if to is None and account is not None:
            return self._leave_message(account, words)
        if to is None:
            raise NoSuchNick("Who sent you the last private message is not here any more.")
        return self._whisper(to, words)

    def edit(self, target: int | None, words: str) -> Entry:
        """Change one's own message (None: the last one)."""
        return self._amend(Kind.EDITED, target, self._spoken(words))

    @inlineCallbacks
    def substitute(self, typo: str, fix: str) -> "Generator[Deferred[Any], Any, Entry]":
        """Replace, in one's own last message, the first ``typo`` by ``fix``."""
        yield self.hall.passed()  # what one said just before may still be on its way to the disk
        stored = said((yield self.hall.journal.latest(self.person.author)))
        typo, fix = typo.replace("\\/", "/"), fix.replace("\\/", "/")
        words = text_of(stored.event)
        if typo not in words:
            raise BadArguments(f"Your last message, #{stored.event.id}, does not contain that.")
        return self.edit(stored.event.id, words.replace(typo, fix, 1))

    def delete(self, target: int | None) -> "Reply":
        """Take one's own message back (None: the last one); who keeps order, anybody's."""
        if target is not None and self.hall.moderation.keeps_order(self.person.account):
            return self._delete_any(target)
        return self._amend(Kind.DELETED, target, "")

    @inlineCallbacks
    def _delete_any(self, target: int) -> "Generator[Deferred[Any], Any, Entry]":
        erased = yield self.erase(target)
        return self._amend(Kind.DELETED, target, "") if erased is None else erased

    def set_topic(self, words: str) -> Entry:
        """Say what the current room is about (empty: nothing any more)."""
        topic = text.clean(words).strip()
        most = self.hall.settings.topic_max
        if len(topic) > most:
            raise BadArguments(f"A topic has at most {most} characters; this one has {len(topic)}.")
        person, room = self.person, self._room("")
        draft = Draft(Kind.TOPIC, person.author, person.nick, self.hall.now(), room=room, text=topic)
        return self.hall.post(Entry(draft, (room,), self))

    def type(self, room: str = "") -> Answer:
        """Show programs in the room that one is typing.  More often than each 3 seconds changes nothing."""
        self.hall.keystrokes.started(self, self._room(room))
        return Done()

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
        renamed = hall.tell(Renamed(self.current, old, hall.now(), new), rooms, self)
        if not self.rooms:
            renamed.text = f"You are {new} now."
        return renamed

    # How one is shown things

    def prefer(self, name: str, value: str) -> Reply:
        """Change how one is shown things; an account's at every such door, from now on."""
        name = name.lower()
        changed = self.screen.style.preferences.changed(name, value)
        kept = self.remember_preference(name, changed.shown(name))
        for member in self.person.connections if kept is not None else (self,):
            if member.door == self.door:
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

    # What the verbs share

    def _spoken(self, words: str) -> str:
        """What of these words others are shown."""
        spoken = text.clean(words)
        if not spoken or spoken.isspace():
            raise NothingToSay("There is nothing to say in that.")
        return text.emojify(spoken) if self.screen.style.preferences.emoji else spoken

    def _post(self, kind: Kind, room: str, words: str, key: str | None) -> Entry:
        person = self.person
        draft = Draft(kind, person.author, person.nick, self.hall.now(), room, self._spoken(words), key=key)
        return self.hall.post(Entry(draft, (room,), self))

    def _amend(self, kind: Kind, target: int | None, words: str) -> Entry:
        now = self.hall.now()
        oldest = now - self.hall.settings.edit_window_h * 3600
        draft = Draft(kind, self.person.author, self.person.nick, now, text=words, target=target, not_before=oldest)
        return self.hall.post(Entry(draft, (), self))
