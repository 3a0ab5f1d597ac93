"""The caller of a verb: one connection of a person, and the request it makes.

Verbs return what answers the request: an answer, a receipt (the answer comes when it is delivered), None (the answer
comes through the queue), a Deferred of one of these, or a claim to come in anew.
What the person did wrong is raised as a Refusal.
"""

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.python.failure import Failure

from groupchat.delivery.queue import Notice, Posting, Receipt
from groupchat.facts.account_facts import Account
from groupchat.facts.rule_book import SHOWN
from groupchat.hall.hall import Hall
from groupchat.lazy.records import record
from groupchat.model import names
from groupchat.model.claims import Claim, Logout
from groupchat.model.drafts import Consequence, Deed, Draft, Kind, Need
from groupchat.model.errors import BadArguments, NoSuchRoom, NotAllowed, NotInRoom, Refusal, RoomLocked, RoomLost
from groupchat.model.events import SERVER, Answer, AuthorId, Done, Event, Ref
from groupchat.model.preferences import shown_zone
from groupchat.model.ranks import Rank
from groupchat.model.text import REASON, SECRET_BEGINNING, check_secrets
from groupchat.state.people import Connection, Partner, Person
from groupchat.state.rooms import LOBBY


@record
class Composing:
    """A person is going to type a message of several lines.

    It goes to the room, or to the one person, that their lines went to when they began; ``reply``: what it answers.
    """

    room: str
    partner: Partner | None
    reply: int | None


Reply: TypeAlias = Receipt | Answer | Claim | Logout | Composing | Deferred[Receipt] | Deferred[Answer] | None
"""The return types of a verb."""


@record
class Target:
    """Somebody an operator means: a person who is here, an account, or just a nickname."""

    nick: str
    key: str
    account: Account | None
    person: Person | None

    @property
    def author(self) -> AuthorId | None:
        """Return the author meant; None for a guest who is not here."""
        if self.account is not None:
            return self.account.author
        return None if self.person is None else self.person.author


class Actor:
    """A connection that asks for something.

    ``ref``: what its answer carries; ``key``: with it, what is posted is posted only once.
    ``bound``: the room the request was typed in, which stands for the current one (empty: the current one).
    """

    __slots__ = ("bound", "connection", "hall", "key", "person", "ref")

    def __init__(
        self, hall: Hall, connection: Connection, ref: Ref = None, key: str | None = None, bound: str = ""
    ) -> None:
        self.hall = hall
        self.connection = connection
        self.person = connection.person
        self.ref = ref
        self.key = key
        self.bound = bound

    # Who and where

    @property
    def current(self) -> str:
        """Return the room that is meant where none is named; empty: none."""
        return self.bound or self.connection.current

    @property
    def zone(self) -> ZoneInfo | None:
        """Return the time zone they are shown: their own, or that of the settings; None: that of this host."""
        return shown_zone(self.connection.screen.style.preferences, self.hall.settings.zone)

    @property
    def rank(self) -> Rank:
        """Return their rank in the current room."""
        return self.rank_in(self.current)

    def rank_in(self, room: str) -> Rank:
        """Return the rank they can use in a room: the banned and the muted keep no order there."""
        return self.hall.moderation.usable_rank(self.person.account, room, self.hall.now)

    @property
    def highest(self) -> Rank:
        """Return the highest rank they have in any room."""
        rank = self.rank
        return max(rank, Rank.ROOM_OPERATOR) if self.hall.moderation.keeps_order(self.person.account) else rank

    @property
    def came_by_access_token(self) -> bool:
        """Say whether an access token let them in."""
        return bool(self.connection.access)

    def check_sanctions(self, rank: Rank, room: str) -> None:
        """:raises Banned, Muted: they have the rank in the room, and only that keeps them from using it."""
        hall, author = self.hall, self.person.author
        if self.person.account is not None and hall.moderation.rank_of(author, room) >= rank:
            refused = hall.moderation.lacks(author, Need(rank, room), hall.now())
            if refused is not None:
                raise refused

    def check_lost(self, name: str) -> None:
        """See that the caller knows where something without a room's name is done, after losing the room they were in.

        :param name: the room that they name; with one, or one that the line was typed in, nothing can go wrong.
        :raises RoomLost: this is the first time since; the next time it is done in the room that is current now.
        """
        connection = self.connection
        lost, now = connection.lost, connection.current
        if lost and not (name or self.bound):
            self.hall.persistence.forget_lost(connection)
            where = f"your lines now go to {now}." if now else "you are in no room now. /join ROOM takes you to one."
            raise RoomLost(f"You are no longer in {lost}; {where}")

    def room(self, name: str) -> str:
        """Return a room they may read: the named one of theirs, or (empty) the current one.

        A quiet caller is in no room; it may read those it could join.

        :raises NotInRoom, RoomInvalid: there is none.  Banned, Muted: a quiet caller may not go there.
        :raises NoSuchRoom: the server's own connection means one that there is not: a typing error makes none.
            Or a quiet caller means one that is locked, as if there were none.
        """
        try:
            return self._usable(name)
        except RoomLocked as locked:
            raise _no_room(names.room(name)) from locked

    def _usable(self, name: str) -> str:
        connection = self.connection
        if not connection.quiet:
            return self.own_room(name)
        if not name:
            who = "The server" if self.person.author == SERVER else "A quiet connection"
            raise NotInRoom(f"{who} is in no room: name the room you mean.")
        if self.person.author == SERVER:
            return self.known_place(name)
        room = names.room(name)
        self.hall.attendance.check_room(self.person, room)
        return room

    def speaking_room(self, name: str) -> str:
        """Return the room that is shown something, as ``room`` does.

        :raises RoomLost: see ``check_lost``.  RoomLocked: a quiet caller may not go there.
        """
        connection = self.connection
        room = connection.current
        if not (name or self.bound or connection.lost or connection.quiet) and room in connection.rooms:
            return room  # nearly always
        self.check_lost(name)
        return self._usable(name)

    def reading_room(self, name: str) -> str:
        """Return a room whose messages are asked for, as ``room`` does: nobody reads who is in no list of it.

        :raises NotInRoom: also for a quiet caller but the server, whichever room it names.
        """
        if self.connection.quiet and self.person.author != SERVER:
            raise NotInRoom("A quiet connection reads no room. To read, join with rooms, or without quiet.")
        return self.room(name)

    def own_room(self, name: str) -> str:
        """Return a room they are in: the named one, or (empty) the current one.

        :raises NotInRoom, RoomInvalid: there is none.
        """
        room = names.room(name) if name else self.current
        if not room:
            raise NotInRoom("You are in no room. /join lobby takes you to the lobby, /rooms lists them all.")
        if room not in self.connection.rooms:
            raise NotInRoom(f"You are not in {room}. /join {room} takes you there.")
        return room

    def check_still(self, rank: Rank, room: str = "") -> None:
        """See that the caller is still here, and has the rank in a room (empty: everywhere), after a wait.

        :raises NotAllowed: they have left, or were demoted meanwhile.
        """
        if self.connection.gone or self.rank_in(room) < rank:
            raise NotAllowed("You may not do that any more.")

    def place(self, name: str) -> str:
        """Return the room an order is about: the named one, or (empty) the current one.

        :raises RoomInvalid: the name is none.  NotInRoom: there is no current one.  RoomLost: see ``check_lost``.
        """
        self.check_lost(name)
        room = names.room(name) if name else self.current
        if not room:
            raise NotInRoom("You are in no room; name the one you mean.")
        return room

    def known_place(self, name: str) -> str:
        """Return the room an order is about, as ``place`` does, if there is one: a typing error makes none.

        :raises RoomInvalid, NotInRoom, NoSuchRoom: there is none.
        """
        room = self.place(name)
        if not self.exists(room) or not self.reveals(room):
            raise _no_room(room)
        return room

    def reveals(self, room: str) -> bool:
        """Say whether the caller may be told of a room: nobody outside is told of a locked one."""
        return self.hall.moderation.reveals(room, self.person)

    def exists(self, room: str) -> bool:
        """Say whether there is such a room, or operators decided something about it."""
        return room == LOBBY or self.hall.rooms.find(room) is not None or self.hall.moderation.has_decided(room)

    def novelty(self, room: str, undoing: str) -> str:
        """Return what to tell somebody who prepares a room before anybody came, or mistyped its name; else nothing.

        :param room: the room an order is about; empty: it is about none.
        """
        return (
            f"{room} is new: there was no such room. To undo it: {undoing}." if room and not self.exists(room) else ""
        )

    def scope(self, name: str) -> str:
        """Return where their word holds: in the named room; else everywhere (empty) for operators, or the current room.

        :raises NotInRoom: they operate a room, and are in none.
        """
        if name:
            return names.room(name)
        return "" if self.rank >= Rank.OPERATOR else self.place("")

    def target(self, nick: str) -> Target:
        """Return whom the nickname means, here or not.

        :raises NickInvalid, NickReserved: nobody can have it.
        """
        found = self.known(nick)
        if found.author is None and not names.is_pseudonym(found.key):  # operators may undo a ban of somebody erased
            names.nick(nick, self.hall.settings.name_rules)
        return found

    def known(self, nick: str) -> Target:
        """Return whom the nickname means, here or not, for undoing something; by today's rules it may be invalid."""
        hall, key = self.hall, names.key(nick)
        account = hall.accounts.find(nick)
        person = hall.here(key) if account is None else hall.roster.of(account.author)
        if person is not None:
            return Target(person.nick, person.key, person.account, person)
        if account is not None:
            return Target(account.nick, key, account, None)
        return Target(key if names.is_pseudonym(key) else nick.strip(" \t"), key, None, None)

    def subject(self, nick: str, scope: str) -> Target:
        """Return somebody this caller may call to order in a place.

        :raises NotAllowed: they keep order there themselves.
        """
        found = self.target(nick)
        if found.author == self.person.author:
            raise BadArguments("That is you.")
        theirs = self.hall.moderation.rank(found.account, scope)
        if self.rank_in(scope) < Rank.OPERATOR and theirs >= Rank.ROOM_OPERATOR:
            raise NotAllowed(f"{found.nick} keeps order here too; only operators of the server can do that.")
        return found

    def check_meant(self, words: str, room: str, does: str, seconds: float = 0) -> None:
        """Check that the name of a room, as the only word of a reason or topic, was meant as such, and not as the room.

        :param room: the room that was named otherwise; empty: none was.  :param does: what the line does as it stands.
        :param seconds: for how long; another duration is another line.
        :raises ConfirmationNeeded: they have to ask for the same again.
        """
        name = words.strip().lower().removeprefix("#")
        if room or name not in self.connection.rooms or not self.connection.attended:
            return
        warning = f"{name} is a room you are in, but as typed this {does}. If you mean the room, /switch {name} first."
        self.hall.confirmations.check(self.connection, f"{does} {name} {seconds}", warning, "the same line")

    def stage(self, person: Person | None) -> str:
        """Return the room that is shown what is done to somebody: where they are, or else where the caller is."""
        rooms = () if person is None else tuple(connection.current for connection in person.connections)
        return self.current if self.current in rooms or not rooms else rooms[-1]

    # What completion can choose from

    def nicks(self) -> list[str]:
        """Return the nicknames of everybody here."""
        return [person.nick for person in self.hall.roster]

    def room_names(self) -> list[str]:
        """Return the names of all rooms that the caller may be told of."""
        return [room for room in self.hall.rooms.names() if self.reveals(room)]

    # What goes through the queue

    def draft(self, kind: Kind, room: str = "", text: str = "", reply: int | None = None, **more: Any) -> Draft:
        """Return a draft of theirs, made now."""
        hall, person = self.hall, self.person
        is_looked_into = person.account is None and hall.moderation.curbs
        draft = Draft(
            kind, person.author, person.nick, hall.now(), room, text, key=self.key, folded=person.key,
            within=self.connection.rooms, reply=reply, origin=person.origin if is_looked_into else "",
            since=person.known_since if is_looked_into else 0.0,
        )  # fmt: skip
        # Nearly all are complete by now: to give every draft the rest as well would take twice the time.
        return replace(draft, **more) if more else draft

    def post(
        self,
        draft: Draft,
        text: str = "",
        awaited: bool = True,
    ) -> Receipt:
        """Post a draft: every post of every door passes here.

        :param text: what the caller reads when it is done.
        :param awaited: whether it answers the request.
        :raises JournalUnavailable: the journal takes no posts now.
        :raises Muted, Banned, RoomLocked: the person may not say this there now.
        :raises SecretInLine: nobody may be shown this.
        """
        hall, connection = self.hall, self.connection
        if SECRET_BEGINNING in draft.text:
            check_secrets(draft.text)
        receipt = Receipt(bool(draft.changes))
        if hall.moderation.curbs:
            hall.moderation.check_post(draft, connection.screen.address)
            if draft.room in hall.moderation.slow and draft.kind in SHOWN:
                self._keep_pace(draft.room, receipt)
        hall.commits.post(Posting(draft, receipt, connection, self.ref, awaited, text))
        hall.typists.stopped(connection)
        return receipt

    def once(self, key: str, verb: Callable[[], Reply]) -> Reply:
        """Call a verb that posts with this key; if that was done before, what it refuses is answered as the first time.

        Whoever repeats what was not answered asks what became of it; what they may say by now does not change that.
        Nothing is looked up as long as nothing is refused: the journal itself posts a key only once.
        """
        lost = self.connection.lost
        try:
            reply = verb()
        except Refusal:
            return self._first(Failure(), key, lost)
        if isinstance(reply, Deferred):
            reply.addErrback(self._first, key, lost)
        return reply

    @inlineCallbacks
    def _first(self, failure: Failure, key: str, lost: str) -> "Generator[Deferred[Any], Any, Answer]":
        """Return the answer to what the caller has posted with a key; otherwise the failure stands.

        :param lost: the room that they had lost when they asked.
        """
        failure.trap(Refusal)
        number: int | None = yield self.hall.posted(self.person.author, key)
        if number is None:
            failure.raiseException()
        if lost:  # the next line that is to be said is the one to be refused for it
            self.hall.persistence.keep_lost(self.connection, lost)
        return Done(number)

    def _keep_pace(self, room: str, receipt: Receipt) -> None:
        """See that the caller may show a slow room something now, and note it when it is shown.

        :raises SlowMode: they may not.
        """
        moderation, person, at = self.hall.moderation, self.person, self.hall.now()
        moderation.check_pace(person, (room,), at)
        receipt.when_settled(lambda: None if receipt.refusal else moderation.paces.note(room, person.author, at))

    def tell(self, event: Event, rooms: tuple[str, ...], text: str = "") -> None:
        """Queue a notice for the people in one of these rooms; the caller is answered with it."""
        self.hall.commits.post(Notice(event, rooms, self.connection, self.ref, Done(0, text)))

    def decree(
        self,
        deed: Deed,
        *changes: Consequence,
        needs: Need,
        room: str = "",
        text: str = "",
        hint: str = "",
        awaited: bool = True,
        about: int | None = None,
    ) -> Receipt:
        """Do what an operator does: on disk first, then true, then shown, and at last what follows from it.

        :param changes: what becomes true with it.
        :param needs: the rank it needs, which the journal judges once more.
        :param room: the room that is shown it (empty: it stands in /modlog only).
        :param text: what the caller reads; by default nothing when they are shown it with the room, or else the deed.
        :param hint: what the caller should know besides.
        :param about: the number of a message of the one it is done to, if it is done to messages.
        :raises JournalUnavailable: nothing can be stored now.
        """
        person, rooms = self.person, self.connection.rooms
        is_shown = room in rooms if room else bool(rooms)
        told = text or ("" if is_shown else f"You {deed.words.rstrip('.')}.")
        # No key: the changes that go with it would be made again.
        return self.post(
            Draft(
                Kind.MODERATED, person.author, person.nick, self.hall.now(), room, deed.encode(),
                target=about, folded=person.key, needs=needs, changes=changes,
            ),
            " ".join(filter(None, (told.rstrip(), hint.rstrip()))),
            awaited,
        )  # fmt: skip


def _no_room(room: str) -> NoSuchRoom:
    return NoSuchRoom(f"There is no room {room}. /rooms lists them all.")


OPERATORS = Need(Rank.OPERATOR)
"""The need of what only operators of the whole server may do."""


def keepers(scope: str, found: Target | None = None) -> Need:
    """Return the need of what only those may do who keep order in a place: operators everywhere (empty), or in a room.

    :param found: whom it is done to.
    """
    over = None if found is None else found.author
    return Need(Rank.ROOM_OPERATOR if scope else Rank.OPERATOR, scope, over)


def checked_reason(words: str) -> str:
    """Return an operator's reason as others may read it.

    :raises BadArguments: it is too long.
    """
    return REASON.check(words.strip())


def because(why: str) -> str:
    """Return how a reason follows what was done; nothing when there is none."""
    return f": {why}" if why else ""
