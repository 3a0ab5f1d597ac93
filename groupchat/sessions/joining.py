"""How somebody comes in: the nickname is claimed, the earlier posts are read, and then, in one turn, they are live."""

import secrets
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.logger import Logger

from groupchat.delivery.cursor import Cursor
from groupchat.hall.admission import WRONG
from groupchat.hall.missed import Missed, look_up
from groupchat.interfaces.screens import IScreen, Rendered
from groupchat.model import names
from groupchat.model.claims import Claim
from groupchat.model.drafts import Audience, StoredPost, StoredSession
from groupchat.model.errors import NickTaken, PasswordNeeded, PasswordWrong, Refusal, TokenInvalid
from groupchat.model.events import AuthorId, Ref, Welcomed
from groupchat.state.accounts import Account, digest_of
from groupchat.state.people import Person
from groupchat.state.rooms import LOBBY
from groupchat.verbs.member import Member
from groupchat.verbs.reading import replay

if TYPE_CHECKING:
    from groupchat.hall.hall import Hall

log = Logger()

HEAD = "head"
"""The ``since`` of who wants nothing of what was."""


class Arrival:
    """One attempt to come in.

    ``arrived`` is called with the new member before it is shown anything.
    ``leaving``: the place in the hall that is given up for it, when one logs in while one is here.
    """

    def __init__(
        self,
        hall: "Hall",
        screen: IScreen,
        door: str,
        claim: Claim,
        ref: Ref,
        arrived: Callable[[Member], None],
        leaving: Member | None = None,
    ) -> None:
        self._hall = hall
        self._screen = screen
        self._door = door
        self._wish = claim
        self._token = claim.token
        self._ref = ref
        self._arrived = arrived
        self._leaving = leaving
        self._account: Account | None = None
        self.given_up = False
        """Set when the connection is lost meanwhile."""

    def _earlier(self, rooms: Sequence[str], upto: int) -> "Deferred[Any]":
        """What was said there lately: where people talk and many come, without troubling the journal."""
        hall, count = self._hall, self._hall.settings.replay_posts
        known = hall.tail.recent(rooms[0], count) if rooms else ()
        return hall.journal.recent(Audience(tuple(rooms)), upto, count) if known is None else succeed(known)

    @inlineCallbacks
    def begin(self) -> Generator["Deferred[Any]", Any, None]:
        """Come in.

        :raises NickInvalid, NickReserved, NickTaken, AccountExists: choose another one.
        :raises TokenInvalid: the token is unknown.
        :raises Refusal: the gate does not let one in.
        """
        hall = self._hall
        stored: StoredSession | None = None
        if self._token is not None:
            stored = yield hall.journal.recall(digest_of(self._token))
            if stored is None:
                yield hall.passed()  # a token just given out may still be on its way to the disk
                stored = yield hall.journal.recall(digest_of(self._token))
            if stored is None:
                raise TokenInvalid("This token is unknown or too old; join without it.")
            self._account = hall.accounts.of(stored.author)
        else:
            yield self._prove()
            if self._door == "json":
                self._token = secrets.token_urlsafe(16)
        if self._account is None:
            hall.gate.check_guest(self._wish.password, self._screen)
        if self.given_up:
            return
        person = self._claim(stored)
        try:
            rooms = self._rooms(person, stored)
            upto = hall.delivered
            earlier: Sequence[StoredPost] = ()
            if self._wish.since is None:
                earlier = yield self._earlier(rooms[-1:], upto)
            missed: Missed = yield self._missed(person, rooms, upto)
            if hall.people.get(person.author) is not person and not self.given_up:
                # One's old connection ended meanwhile, and freed the nickname.
                person = self._claim(stored)
            # An operator may have decided something meanwhile.
            hall.moderation.check_coming(person.author, person.key, hall.now())
            rooms = tuple(room for room in rooms if self._admits(person, room))
            if self._account is not None and hall.accounts.of(person.author) is None:
                raise PasswordWrong(WRONG)
        except BaseException:
            self._release(person)
            raise
        if self.given_up:
            self._release(person)
        else:
            self._enter(person, rooms, stored, upto, earlier, missed)

    @inlineCallbacks
    def _prove(self) -> Generator["Deferred[Any]", Any, None]:
        """Find the account one is let in with, or make it; guests have none."""
        gate, wish, screen = self._hall.gate, self._wish, self._screen
        if wish.register:
            nick = names.nick(wish.nick, self._hall.name_rules)
            invite = gate.check_registration(nick, wish.code)
            gate.check_stranger(wish.code, invite, screen)
            if self._hall.roster.find(names.key(nick)) is not None:
                raise NickTaken(f"{nick} is already here; choose another nickname.")
            hashed = yield gate.hash(nick, wish.password or "", screen)
            if self._hall.roster.find(names.key(nick)) is not None:
                raise NickTaken(f"{nick} is here by now; choose another nickname.")
            author = AuthorId(secrets.randbits(63))
            yield self._hall.carry_out(self._hall.registry.create(nick, author, hashed, invite))
            self._account = self._hall.accounts.of(author)
        elif wish.login or gate.expects_account(wish.nick, wish.password):
            if wish.password is None:
                raise PasswordNeeded(f"{wish.nick} belongs to an account: come with its password, or another nickname.")
            self._account = yield gate.check(wish.nick, wish.password, screen)

    @inlineCallbacks
    def _missed(self, person: Person, rooms: Sequence[str], upto: int) -> Generator["Deferred[Any]", Any, Missed]:
        """What happened while nobody was here from this account."""
        if self._account is None or any(not one.gone for one in person.connections):
            return Missed()
        found: Missed = yield look_up(self._hall, self._account, rooms, upto, self._wish.since is None)
        return found

    def _claim(self, stored: StoredSession | None) -> Person:
        """The person one is from now on: a new one, or who one was on another connection."""
        hall, account = self._hall, self._account
        nick = account.nick if account is not None else names.nick(self._wish.nick, hall.name_rules)
        key = names.key(nick)
        if account is not None:
            author = account.author
        else:
            author = stored.author if stored is not None else AuthorId(secrets.randbits(63))
            if hall.accounts.is_taken(key):
                raise PasswordNeeded(f"{nick} belongs to an account; choose another nickname.")
        hall.moderation.check_coming(author, key, hall.now())
        person = hall.people.get(author)
        if person is None:
            person = Person(nick, key, author, hall.now())
            hall.roster.claim(key, person)
            hall.people[author] = person
        elif account is not None:
            pass  # one more connection, perhaps while another one is just coming in
        elif not person.connections:
            raise NickTaken(f"{person.nick} is just coming in with the same token.")
        elif person.key != key and hall.roster.find(key) is not None:
            raise NickTaken(f"{nick} is already here; choose another nickname.")
        return person

    def _release(self, person: Person) -> None:
        hall = self._hall
        if not person.connections:
            hall.roster.release(person.key, person)
            if hall.people.get(person.author) is person:
                del hall.people[person.author]

    def _rooms(self, person: Person, stored: StoredSession | None) -> tuple[str, ...]:
        """The rooms one had and may go into now, the current one last; for somebody new, the lobby."""
        for member in (*([self._leaving] if self._leaving is not None else []), *person.connections):
            if member.rooms:
                return (*(room for room in member.rooms if room != member.current), member.current)
        wanted = (stored.rooms if stored is not None else ()) or (LOBBY,)
        found = tuple(room for room in wanted if self._admits(person, room))
        return found or ((LOBBY,) if self._admits(person, LOBBY) else ())

    def _admits(self, person: Person, room: str) -> bool:
        try:
            self._hall.moderation.check_room(room, person, self._hall.now())
        except Refusal:
            return False
        return True

    def _enter(
        self,
        person: Person,
        rooms: Sequence[str],
        stored: StoredSession | None,
        upto: int,
        earlier: Sequence[StoredPost],
        missed: Missed,
    ) -> None:
        hall = self._hall
        if self._leaving is not None:
            hall.attendance.leave(self._leaving, f"logged in as {person.nick}")
        person.account = hall.accounts.of(person.author)
        self._choose_preferences(person)
        digest = digest_of(self._token) if self._token is not None else ""
        # An account may have many connections, but only one with each token; a guest has one.
        old = tuple(one for one in person.connections if person.account is None or (digest and one.digest == digest))
        member = Member(hall, person, self._screen, self._door, hall.now())
        member.attended = member.attended or self._wish.attended
        person.connections = (*person.connections, member)
        self._arrived(member)
        for room in rooms:
            hall.attendance.enter_room(member, room)
        for connection in old:
            hall.attendance.replace(connection)
        position = stored.position if stored is not None else 0
        if self._token is not None:
            member.digest = digest
            hall.commits.save(member.stored(member.rooms, position))
        wished = names.key(self._wish.nick)
        is_free = hall.roster.find(wished) is None and not hall.accounts.is_taken(wished)
        if person.account is None and wished != person.key and is_free:  # somebody may have taken it during the read
            member.rename(self._wish.nick)
        welcome = Welcomed(person.nick, member.current, hall.delivered, self._token or "", position)
        style = self._screen.style
        written = style.answer(welcome, self._ref, member.current)
        if earlier:
            written = Rendered(written + style.answer(replay(earlier, hall.now()), None, member.current))
        self._screen.write(written)
        missed.show(member)
        since = self._wish.since
        if since == HEAD:
            upto = hall.delivered
        elif isinstance(since, int):
            upto = min(since, hall.delivered)
        member.cursor = Cursor(hall, member, upto)
        member.cursor.advance()
        if hall.sparing.allows("people who join"):
            log.info("{nick} joined from {address}", nick=person.nick, address=self._screen.address, door=self._door)

    def _choose_preferences(self, person: Person) -> None:
        """A person is shown things as they asked for last time; a program by itself as every program is."""
        screen = self._screen
        if self._wish.attended and self._leaving is None:
            screen.prefer(screen.style.preferences.changed("emoji", "on"))  # what a person types looks alike everywhere
        if person.account is not None and (self._wish.attended or self._door != "json"):
            self._hall.registry.apply_preferences(person.account, screen, self._door)
