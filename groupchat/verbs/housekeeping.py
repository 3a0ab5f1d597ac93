"""The verbs that keep rooms and the hall in order: who operates a room, locked and slow rooms, what all are told."""

from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Entry
from groupchat.model import text
from groupchat.model.drafts import Fact, StoredPost
from groupchat.model.errors import BadArguments, NoSuchAccount, NothingToUndo
from groupchat.model.events import Answer, Replayed, Told
from groupchat.model.times import spoken
from groupchat.state.moderation import INVITATION, LOCK, MOTD, ROOM_OPERATOR, SLOW
from groupchat.state.rooms import LOBBY
from groupchat.verbs.authority import Authority, Target

SLOWEST_S = 3600
"""The longest a slow room makes one wait between two messages, in seconds."""
MOTD_MAX = 1000
"""The most characters of the message of the day."""
LOGGED = 20
"""How many entries /modlog shows unless asked for more."""


class Housekeeping(Authority):
    """What those who keep order can do about rooms, and about the hall."""

    __slots__ = ()

    # Who keeps order in a room

    def op(self, nick: str, name: str = "") -> Entry:
        """Let somebody with an account keep order in a room."""
        room, found = self.place(name), self.target(nick)
        if found.account is None:
            raise NoSuchAccount(f"{found.nick} has no account; only who has one can keep order. /register makes one.")
        if found.author in self.hall.moderation.operators.get(room, ()):
            raise BadArguments(f"{found.nick} keeps order in {room} already.")
        told = f"{self.person.nick} made you an operator of {room}; /help lists what you can do there."
        return self._grant(ROOM_OPERATOR, room, found, f"made {found.nick} an operator of {room}", told)

    def deop(self, nick: str, name: str = "") -> Entry:
        """Let somebody keep order in a room no longer."""
        room, found = self.place(name), self.target(nick)
        if found.author not in self.hall.moderation.operators.get(room, ()):
            raise NothingToUndo(f"{found.nick} is no operator of {room}.")
        told = f"{self.person.nick} decided that you are no operator of {room} any more."
        words = f"made {found.nick} no operator of {room} any more"
        return self.decree(
            words, self._of(ROOM_OPERATOR, room, found), room=room, after=lambda: self.inform(found.person, told)
        )

    # Rooms

    def slow_down(self, name: str, seconds: int) -> Entry:
        """Let each person say something in a room only every so many seconds; 0: as they like."""
        room = self.place(name)
        if seconds > SLOWEST_S:
            raise BadArguments(f"At most {SLOWEST_S} seconds.")
        if not seconds:
            if room not in self.hall.moderation.slow:
                raise NothingToUndo(f"{room} is not slow.")
            return self.decree(f"made {room} no longer slow", Fact(SLOW, room, None), room=room)
        fact = Fact(SLOW, room, self._note(seconds=seconds))
        return self.decree(f"made {room} slow: a message every {spoken(seconds)}", fact, room=room)

    def lock(self, name: str = "") -> Entry:
        """Let nobody new into a room but who keeps order there and who is invited."""
        room = self.place(name)
        if room == LOBBY:
            raise BadArguments(f"Everybody comes into {LOBBY} first, so it cannot be locked.")
        if room in self.hall.moderation.locked:
            raise BadArguments(f"{room} is locked already.")
        return self.decree(f"locked {room}", Fact(LOCK, room, self._note()), room=room)

    def unlock(self, name: str = "") -> Entry:
        """Let everybody into a room again."""
        room = self.place(name)
        if room not in self.hall.moderation.locked:
            raise NothingToUndo(f"{room} is not locked.")
        return self.decree(f"unlocked {room}", Fact(LOCK, room, None), room=room)

    def invite(self, nick: str, name: str = "") -> Entry:
        """Let somebody into a room although it is locked, and tell them."""
        room, found = self.place(name), self.target(nick)
        if found.author is None:
            raise NoSuchAccount(f"{found.nick} is not here, and has no account; invite them when they are here.")
        told = f"{self.person.nick} invites you to {room}: /join {room}"
        return self._grant(INVITATION, room, found, f"invited {found.nick} to {room}", told)

    def uninvite(self, nick: str, name: str = "") -> Entry:
        """Take an invitation back; who is in the room stays there."""
        room, found = self.place(name), self.target(nick)
        if found.author not in self.hall.moderation.invited.get(room, ()):
            raise NothingToUndo(f"{found.nick} is not invited to {room}.")
        words = f"took back the invitation of {found.nick} to {room}"
        return self.decree(words, self._of(INVITATION, room, found), room=room)

    # The hall

    def set_motd(self, words: str) -> Entry:
        """Say what everybody who comes is told from now on (empty: what the settings say)."""
        motd = text.clean(words).strip()
        if len(motd) > MOTD_MAX:
            raise BadArguments(f"It has at most {MOTD_MAX} characters; this one has {len(motd)}.")
        if not motd:
            if self.hall.moderation.motd is None:
                raise NothingToUndo("No operator has set one.")
            return self.decree("cleared the message of the day", Fact(MOTD, "", None), text="Cleared.")
        told = "Everybody who comes is told so from now on."
        return self.decree(f"set the message of the day: {motd}", Fact(MOTD, "", self._note(text=motd)), text=told)

    def motd(self) -> Answer:
        """What everybody who comes is told now."""
        return Told(tuple(self.hall.motd.splitlines()) or ("There is no message of the day.",))

    def announce(self, words: str) -> Entry:
        """Say something to everybody, in whichever room they are."""
        said = text.clean(words).strip()
        if not said:
            raise BadArguments("Announce what?")
        told = f"{self.person.nick} to everybody: {said}"
        return self.decree(f"announced: {said}", after=lambda: self.hall.announce(told))

    @inlineCallbacks
    def moderation_log(self, count: int | None = None) -> "Generator[Deferred[Any], Any, Answer]":
        """The last things operators did, in the journal's order; a room's operator is shown those in the room."""
        hall, scope = self.hall, self.scope
        most = hall.settings.query_posts
        wanted = min(count or LOGGED, most)
        found: list[StoredPost] = []
        upto = hall.delivered
        while len(found) < wanted:
            page = yield hall.journal.moderated(upto, most)
            found[:0] = [stored for stored in page if not scope or stored.event.room == scope]
            if len(page) < most:
                break
            upto = page[0].event.id - 1
        posts = tuple(stored.event for stored in found[-wanted:])
        if not posts and self.door == "text":
            return Told(("No operator has done anything yet.",))
        heading = f"{len(posts)} thing{'' if len(posts) == 1 else 's'} operators did:"
        return Replayed("modlog", heading, posts, "end of what operators did", hall.now())

    # How

    def _grant(self, kind: str, room: str, found: Target, words: str, told: str) -> Entry:
        """Let somebody be something in a room, and tell them."""
        fact = self._of(kind, room, found, self._note(nick=found.nick))
        return self.decree(words, fact, room=room, after=lambda: self.inform(found.person, told))

    def _of(self, kind: str, room: str, found: Target, value: dict[str, Any] | None = None) -> Fact:
        """What somebody is in a room; without a value, is no more."""
        return Fact(kind, f"{room}/{found.author}", value)

    def _note(self, **what: object) -> dict[str, Any]:
        """What is written of something this member decides now."""
        return {**what, "by": self.person.nick, "at": self.hall.now()}
