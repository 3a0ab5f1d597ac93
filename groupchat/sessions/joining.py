"""Joining: people prove who they are, claim their nickname, the earlier posts are read, and they are live.

Rules:

1. From the claim of the nickname on, nobody else can have it; it is freed again if the connection is lost meanwhile.
2. What can have changed during a read of the journal is looked at again after it.
3. A guest who comes back by a token is who was meant by what was decided about their nickname while they were away.
4. From the first thing the connection is shown until it reads by its cursor, no turn of the reactor passes.
5. Nobody waits longer than others for a journal that does not answer.  Who was told so has given up: whatever of theirs
   was on its way, nobody is shown it.
"""

import secrets
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.facts.account_facts import AccessToken, Account, digest_of
from groupchat.facts.whereabouts import Places
from groupchat.hall.ejections import refusal_of
from groupchat.hall.hall import FEATURES, Hall
from groupchat.hall.missed import Missed, look_up
from groupchat.hall.people.own_presences import OwnPresences
from groupchat.hall.proofs import WRONG
from groupchat.interfaces.screens import IScreen
from groupchat.model import names
from groupchat.model.claims import Claim
from groupchat.model.drafts import Audience, PutOut, Revoke, StoredPost, StoredSession
from groupchat.model.errors import (
    AccessInvalid,
    BadArguments,
    JournalUnavailable,
    NickTaken,
    Outdated,
    PasswordNeeded,
    PasswordWrong,
    Refusal,
    TokenInvalid,
)
from groupchat.model.events import SERVER, AuthorId, Ref, Refused, Welcomed
from groupchat.model.networks import origin, trace
from groupchat.model.preferences import SERVER_CHOICE
from groupchat.sessions.destination import Destination, asked_for, of_before, wanted
from groupchat.state.access_keys import is_token
from groupchat.state.people import Connection, Ignored, Partner, Person
from groupchat.verbs.reading import replay
from groupchat.verbs.visiting import company

log = Logger()

BINDINGS = 3
"""How often what was decided about a guest's nickname is bound to the guest, if operators change it at that moment."""

UNKNOWN = "This token is unknown or too old; join without it."

SOMEBODY = "The person you wrote to"
"""The nickname of a guest in a private conversation who is not here when the other one comes back."""

HEAD = "head"
"""Value of ``since`` meaning: no history."""


class Joining:
    """One attempt to come in.

    ``joined`` is called with the new connection before it is shown anything.
    ``leaving``: the connection that is given up for it, when somebody logs in who is here already.
    """

    def __init__(
        self,
        hall: Hall,
        screen: IScreen,
        claim: Claim,
        ref: Ref,
        joined: Callable[[Connection], None],
        leaving: Connection | None = None,
    ) -> None:
        self._hall = hall
        self._screen = screen
        self._claim = claim
        self._ref = ref
        self._joined = joined
        self._leaving = leaving
        self._token = claim.token
        self._secret = _access_in(claim)
        self._access: AccessToken | None = None
        self._account: Account | None = None
        self._overtaken: list[Revoke | PutOut] = []
        self._person: Person | None = None
        """Who holds a nickname for this attempt."""
        self._answer: Deferred[Any] | None = Deferred()
        """None once it is answered."""
        self._began = hall.clock.seconds()
        self._handle = ""
        """What the other nodes of a cluster know the connection by, once they were asked for the nickname."""
        self._is_registering = False
        self.is_given_up = False
        """Set when the connection is lost meanwhile."""

    def overtaken(self, change: Revoke | PutOut) -> None:
        """Note that tokens work no longer, or that somebody was put out of the hall: it may be this one."""
        self._overtaken.append(change)

    def begin(self) -> "Deferred[Any]":
        """Come in.

        :raises NickInvalid, NickReserved, NickTaken, AccountExists: choose another nickname.
        :raises TokenInvalid, AccessInvalid: the token is unknown.
        :raises RoomInvalid, BadArguments: the rooms asked for cannot be.
        :raises Refusal: admission does not let the person in.
        """
        answer = self._answer
        assert answer is not None
        self._hall.arrivals[self] = None
        self._come_in().addBoth(self._ended)
        return answer

    def journal_silent(self, refusal: Refusal) -> None:
        """Give up, and say so, when it takes too long because the journal does not answer."""
        if self._hall.clock.seconds() < self._began + self._hall.settings.commit_refuse_s:
            return
        self.is_given_up = True
        self._give_back()
        self._ended(Failure(refusal))

    def _ended(self, result: object) -> None:
        """Answer, unless that was done before the journal answered."""
        self._hall.arrivals.pop(self, None)
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.callback(self._explained(result))
        elif isinstance(result, Failure) and not result.check(Refusal):
            log.failure("An attempt to come in failed after it was given up", failure=result)

    def _explained(self, result: object) -> object:
        """Return what somebody is told who cannot come in because the journal does not answer, or whatever else it is.

        What they asked for besides may have been stored all the same.
        """
        if self._hall.commits.refusal is None or not isinstance(result, Failure):
            return result
        if not result.check(JournalUnavailable):
            return result
        made = f" Whether the account {self._claim.nick} was made is not known yet." if self._is_registering else ""
        return Failure(JournalUnavailable(f"{result.value} You cannot come in either. Try again in a while.{made}"))

    @inlineCallbacks
    def _come_in(self) -> Generator["Deferred[Any]", Any, None]:
        hall = self._hall
        self._claim.check_lengths()
        asked = wanted(self._claim, hall.settings.rooms_max)
        stored: StoredSession | None = None
        if self._secret is not None:
            self._prove_access(self._secret)
        if self._token is not None:
            stored = yield self._recall(self._digest)
            self._check_overtaken(stored.author)
            yield self._bind(stored)
            self._account = hall.accounts.of(stored.author)
            if self._account is not None:
                hall.admission.check_line(self._screen)  # it is as good as the password
            elif self._claim.login:
                raise TokenInvalid(UNKNOWN)  # it is a guest's
        else:
            if self._access is None:
                yield self._prove()
            self._overtaken.clear()  # what was proved is true now
            if self._screen.style.resumes:
                self._token = secrets.token_urlsafe(16)
        if self._account is None:
            names.nick(self._claim.nick, hall.settings.name_rules)
            if stored is not None:
                hall.admission.check_guest(self._claim.password, self._screen)
        if self._is_over:
            return
        person = self._person = self._take_nickname(stored)
        try:
            destination = self._destination(person, asked, stored)
            upto = hall.stream.delivered
            earlier: Sequence[StoredPost] = ()
            if self._claim.since is None:
                earlier = yield self._earlier(destination.places.current, upto)
            if self._person is None:
                return
            missed: Missed = yield self._missed(person, stored, destination.places.rooms, upto)
            yield hall.recall_rooms(destination.places.rooms)
            if stored is not None:
                yield self._bind(stored)
            if hall.roster.of(person.author) is not person and not self._is_over:
                # The person's old connection ended meanwhile, and freed the nickname.
                person = self._person = self._take_nickname(stored)
            self._check_again(person, stored)
            destination = self._admitted(person, destination)
            if hall.neighbours is not None and not self._is_over:
                yield self._ask_others(hall.neighbours.own, person, destination)
                person = self._person = hall.roster.of(person.author) or person
                self._check_again(person, stored)
                destination = self._admitted(person, destination)
            earlier = [one for one in earlier if one.event.room in destination.places.rooms]
            missed = missed.within(destination.places.rooms)
        except BaseException:
            self._give_back()
            raise
        if self._is_over:
            self._give_back()
        else:
            self._enter(person, destination, stored, upto, earlier, missed)

    @inlineCallbacks
    def _ask_others(
        self, own: OwnPresences, person: Person, destination: Destination
    ) -> Generator["Deferred[Any]", Any, None]:
        """Ask the other nodes for the nickname; the one that a guest wishes, if that is to be had.

        :raises NickTaken: somebody was faster.  JournalUnavailable: that cannot be asked now.
        """
        wish, here = self._wished_nickname(person) if person.connections else None, own.known(person)
        if here is not None:
            if wish is not None:
                with suppress(NickTaken, PasswordNeeded, JournalUnavailable):
                    yield own.rename(here, *wish, None, None).result()
            return
        self._handle = self._digest or secrets.token_hex(16)
        program = self._claim.is_program or (self._leaving is not None and self._leaving.program)
        more = self._handle, destination.places, program, self._screen
        if wish is not None:
            with suppress(NickTaken, PasswordNeeded):
                yield own.claim(person, *more, wish)
                return
        yield own.claim(person, *more)

    def _check_again(self, person: Person, stored: StoredSession | None) -> None:
        """See that nothing was decided meanwhile by which somebody may not come in."""
        self._check_overtaken(person.author)
        self._check_access()
        self._check_bans(person.author, person.key, stored)
        accounts = self._hall.accounts
        if self._account is not None and accounts.of(person.author) is None:
            raise PasswordWrong(WRONG)
        if self._handle and accounts.of(person.author) is None and accounts.is_taken(person.key):
            raise NickTaken(f"{person.nick} belongs to an account now; choose another nickname.")

    @property
    def _digest(self) -> str:
        """Return the digest of the token; empty: there is none.

        That of a connection with an access token is of both: it leads nobody back when the access token is revoked.
        """
        return digest_of(self._token + (self._secret or "")) if self._token is not None else ""

    @property
    def _is_over(self) -> bool:
        """Say whether it is too late: the connection is lost, or was replaced while its login was checked."""
        return self.is_given_up or (self._leaving is not None and self._leaving.gone)

    @inlineCallbacks
    def _recall(self, digest: str) -> Generator["Deferred[Any]", Any, StoredSession]:
        """:raises TokenInvalid: the token is unknown."""
        journal = self._hall.stream.journal
        if self._hall.neighbours is not None:
            yield self._hall.passed()  # they may just have been told at another node where they are now
        stored = yield journal.recall(digest)
        if stored is None:
            yield self._hall.passed()  # a token just given out may still be on its way to the disk
            stored = yield journal.recall(digest)
        if stored is None:
            raise TokenInvalid(UNKNOWN)
        return self._hall.persistence.unwritten(stored.author, digest) or stored

    @inlineCallbacks
    def _bind(self, stored: StoredSession) -> Generator["Deferred[Any]", Any, None]:
        """Let what was decided about a guest's nickname hold for the guest, whatever nickname they take from now on.

        :raises JournalUnavailable: it could not be stored.
        :raises Outdated: operators changed it BINDINGS times meanwhile.
        """
        hall, author, key = self._hall, stored.author, names.key(stored.nick)
        tries = 0
        while hall.accounts.of(author) is None and (changes := hall.moderation.binding(key, author)):
            try:
                yield hall.registration.amend(SERVER, *changes).result()
            except Outdated:
                tries += 1
                if tries == BINDINGS:
                    raise

    @inlineCallbacks
    def _prove(self) -> Generator["Deferred[Any]", Any, None]:
        """Find the account somebody is let in with, or make it; guests have none."""
        admission, claim, screen = self._hall.admission, self._claim, self._screen
        if claim.register:
            roster = self._hall.roster
            nick = names.nick(claim.nick, self._hall.settings.name_rules)
            code = admission.check_registration(claim.code, screen, is_in=False)
            hashed = yield admission.hash_first(
                nick, claim.password or "", code, screen, lambda: roster.check_free(nick, names.key(nick))
            )
            author = AuthorId(secrets.randbits(63))
            created = self._hall.registration.create(nick, names.key(nick), author, hashed, code).result()
            self._is_registering = True
            yield created
            self._is_registering = False
            self._account = self._hall.accounts.of(author)
        else:
            if not claim.login and not admission.is_possible(claim.nick):
                names.nick(claim.nick, self._hall.settings.name_rules)  # no password is asked for one nobody can have
            self._account = yield admission.prove(claim.nick, claim.password, claim.login, screen)

    def _prove_access(self, secret: str) -> None:
        """Find the account that somebody with an access token is let in with.

        :raises AccessInvalid, NotEncrypted, TooManyFailures: there is none.
        :raises BadArguments: they ask for something else, too.
        """
        claim = self._claim
        is_twice = claim.access is not None and claim.password is not None
        if is_twice or claim.code is not None or claim.register:
            raise BadArguments("access is enough: leave out password, register and code.")
        self._access, account = self._hall.admission.check_access(secret, self._screen)
        if claim.nick and names.key(claim.nick) != account.key:
            told = f"This access token is that of {account.nick}, and not of {claim.nick}; leave nick out."
            raise BadArguments(told)
        self._account = account

    def _check_access(self) -> None:
        """:raises AccessInvalid: the access token that let them in was revoked meanwhile."""
        if self._access is not None and not self._hall.access_keys.is_valid(self._access):
            raise AccessInvalid("This access token was revoked just now.")

    def _take_nickname(self, stored: StoredSession | None) -> Person:
        """Return the person who comes in: a new one, or one who is here on another connection."""
        hall = self._hall
        if stored is not None:
            self._account = hall.accounts.of(stored.author)  # it may have been made or removed meanwhile
        account = self._account
        nick = account.nick if account is not None else names.nick(self._claim.nick, hall.settings.name_rules)
        key = names.key(nick)
        if account is not None:
            author = account.author
        elif stored is not None:
            author = stored.author
        else:
            author = AuthorId(secrets.randbits(63))
        self._check_bans(author, key, stored)
        person = hall.roster.of(author)
        if person is None:
            person = Person(nick, key, author, hall.now(), account)
            person.origin = trace(self._screen.address)
            if stored is not None:
                person.known_since = stored.since
            hall.roster.claim(person)
        elif account is not None:
            pass  # one more connection, perhaps while another one is just coming in
        elif not person.connections:
            raise NickTaken(f"{person.nick} is just coming in with the same token.")
        else:
            hall.roster.check_free(nick, key, person)
        return person

    def _check_overtaken(self, author: AuthorId) -> None:
        """See that what let them in is still worth something.

        :raises TokenInvalid: the token works no longer.
        :raises LoggedOut, Kicked: they were put out.
        """
        digest = self._digest if self._claim.token is not None else ""
        access = self._access.digest if self._access is not None else ""
        for change in self._overtaken:
            if isinstance(change, PutOut) and change.concerns(author, digest, access):
                raise refusal_of(change)
        if digest and any(isinstance(one, Revoke) and one.concerns(author, digest) for one in self._overtaken):
            raise TokenInvalid(UNKNOWN)

    def _check_bans(self, author: AuthorId, key: str, stored: StoredSession | None) -> None:
        """See that nobody has banned them, whichever of their nicknames was meant, or their address.

        :raises Banned: somebody has.
        """
        moderation, now = self._hall.moderation, self._hall.now()
        moderation.check_address(self._screen.address, now)
        keys = [key]
        if self._account is None:
            keys.append(names.key(self._claim.nick))
            if stored is not None:
                keys.append(names.key(stored.nick))  # no token leads round the ban of a nickname
        for one in dict.fromkeys(keys):
            moderation.check_coming(author, one, now)

    def _give_back(self) -> None:
        """Free the nickname again, once: it may be somebody else's soon."""
        person, self._person = self._person, None
        if person is None:
            return
        if self._hall.neighbours is not None:
            self._hall.neighbours.own.give_up(self._handle)
        if not person.connections:
            self._hall.roster.release(person)
            self._hall.persistence.forget_marks(person)

    def _destination(self, person: Person, asked: tuple[str, ...] | None, stored: StoredSession | None) -> Destination:
        """Return where somebody comes in.

        :raises Banned, RoomLocked, Muted: they may go into none of the rooms they asked for.
        """
        if asked is not None:
            return asked_for(self._hall, person, asked)
        return of_before(self._hall, person, stored, self._leaving, self._wants_own_rooms())

    def _admitted(self, person: Person, destination: Destination) -> Destination:
        """Return where somebody comes in now that the rooms there are known.

        :raises Banned, RoomLocked, Muted, RoomInvalid: they may go into none of the rooms they asked for.
        """
        hall, asked = self._hall, destination.places.rooms
        if not destination.is_asked:
            return destination.admitting(person, hall.moderation.entrance_of(hall.now()))
        left = destination.admitting(person, lambda one, room: hall.attendance.objection(one, room, beside=asked))
        if asked and not left.places.rooms:
            raise left.left_out[-1][1]
        return left

    def _wants_own_rooms(self) -> bool:
        """Say whether somebody with a password comes into the rooms in which the account was last."""
        hall, account = self._hall, self._account
        kept = None if account is None else hall.accounts.preferences(account.author, self._screen.style.door)
        wish = kept.changed.get("rooms", SERVER_CHOICE) if kept is not None else SERVER_CHOICE
        return (hall.settings.login_rooms if wish == SERVER_CHOICE else wish) == "mine"

    def _earlier(self, room: str, upto: int) -> "Deferred[Any]":
        """Read what was said lately; where people talk and many come, without troubling the journal."""
        stream, count = self._hall.stream, self._hall.settings.replay_posts
        known = stream.recent.latest(room, count) if room else ()
        return stream.journal.recent(Audience((room,)), upto, count) if known is None else succeed(known)

    @inlineCallbacks
    def _missed(
        self, person: Person, stored: StoredSession | None, rooms: Sequence[str], upto: int
    ) -> Generator["Deferred[Any]", Any, Missed]:
        """Look up what happened while nobody was here from this account, or what the person has not read."""
        hall, account, claim = self._hall, self._account, self._claim
        readers = any(not one.gone and not one.program for one in person.connections)
        if claim.is_program or not (claim.marks or (account is not None and not readers)):
            return Missed()
        if stored is not None and account is None:
            hall.persistence.recall_marks(stored)
        is_told = account is not None and claim.since is None and not readers
        private = hall.settings.query_posts if is_told else 0
        ignored = {one.other for one in hall.accounts.ignoring(person.author)} | person.ignored.keys()
        found: Missed = yield look_up(
            hall.positions, hall.stream, account or person, rooms, upto, private, hall.looking, ignored,
            hall.called if claim.marks else None,
        )  # fmt: skip
        return found

    def _enter(
        self,
        person: Person,
        destination: Destination,
        stored: StoredSession | None,
        upto: int,
        earlier: Sequence[StoredPost],
        missed: Missed,
    ) -> None:
        hall, screen, claim = self._hall, self._screen, self._claim
        if self._leaving is not None:
            hall.attendance.leave(self._leaving, f"logged in as {person.nick}")
        person.account = hall.accounts.of(person.author)
        if not person.connections:
            self._recall_ignored(person, stored)
        if person.account is not None and self._access is None:
            hall.admission.welcome(person.account, screen)
        self._choose_preferences(person)
        position = self._position(person, stored)
        connection = self._connect(person, destination.places, stored)
        hall.persistence.arrived(connection, position)
        if person.account is not None and self._settles(person, destination):
            hall.persistence.adopt(person.account, connection)
        self._take_wished_nickname(connection)
        account = person.account.nick if person.account is not None else ""
        welcome = Welcomed(
            person.nick, connection.current, hall.stream.delivered, self._token or "", position, connection.rooms,
            account, hall.version, hall.settings.name, FEATURES, hall.motd,
            "" if connection.partner is None else connection.partner.nick, hall.sharing.most,
        )  # fmt: skip
        connection.show(welcome, self._ref)
        for departed in destination.departures():
            if departed.reason and screen.style.prose:
                connection.show(Refused(departed.code, departed.reason))  # as when people are put out while they are in
            connection.show(departed)
        for room in sorted(connection.rooms, key=lambda room: room == connection.current):
            hall.attendance.tell_entered(connection, room)
        here = hall.rooms.open(connection.current) if connection.current else None
        if here is not None and (with_them := company(connection, here, hall.attendance)) is not None:
            connection.show(with_them)
        replayed = replay(earlier, person, hall.now())
        if replayed is not None:
            connection.show(replayed)
        missed.show(connection, upto, hall.now(), hall.settings.zone)
        hall.persistence.skip(connection, missed.private_upto)
        if claim.since == HEAD:
            upto = hall.stream.delivered
        elif isinstance(claim.since, int):
            upto = min(claim.since, hall.stream.delivered)
        hall.readers.begin(connection, upto)
        if hall.log_limits.allows("people who join"):
            log.info(
                "{nick} joined from {address}", nick=person.nick, address=origin(screen.address), door=connection.door
            )

    def _recall_ignored(self, person: Person, stored: StoredSession | None) -> None:
        """Let an account, or a guest with a token, go on to ignore the people they ignored when they were here last."""
        if person.account is not None:
            kept = [(one.other, one.nick, one.origin) for one in self._hall.accounts.ignoring(person.author)]
        else:
            kept = [] if stored is None else list(stored.ignored)
        for other, *one in kept:
            self._hall.ignore_lists.ignore(person, other, Ignored(*one))

    def _position(self, person: Person, stored: StoredSession | None) -> int:
        """Return how far the last connection with this token has read; it may still be here."""
        if stored is None:
            return 0
        here = next((one for one in person.connections if one.digest == stored.digest), None)
        return stored.position if here is None or here.node else self._hall.readers.position(here)

    def _settles(self, person: Person, destination: Destination) -> bool:
        """Say whether the account is where this connection comes in: it was nowhere yet, or cannot be where it was."""
        if self._claim.is_program or destination.is_asked:
            return False
        return destination.is_account or self._hall.accounts.places(person.author) is None

    def _connect(self, person: Person, places: Places, stored: StoredSession | None) -> Connection:
        """Make the connection, put it into its rooms, and close the one it replaces."""
        hall = self._hall
        digest = self._digest
        # An account may have many connections, but only one with each token; a guest has one.
        old = tuple(one for one in person.connections if person.account is None or (digest and one.digest == digest))
        connection = Connection(person, self._screen, hall.now())
        connection.attended = connection.attended or self._claim.attended
        connection.program = self._claim.is_program or (self._leaving is not None and self._leaving.program)
        connection.quiet = self._claim.quiet and not self._claim.rooms
        connection.access = self._access.digest if self._access is not None else ""
        connection.marks = self._claim.marks and not connection.program
        connection.partner = self._partner(old, stored)
        if digest:
            connection.hold_token(digest)
        elif self._handle:
            connection.hold_handle(self._handle)
        hall.attendance.arrive(connection)
        self._joined(connection)
        connection.silent = self._is_silent(stored, old)
        for room in places.rooms:
            hall.attendance.enter_room(connection, room)
        hall.attendance.settle(connection, places)
        if hall.neighbours is not None:
            hall.neighbours.own.came(connection)
        for one in old:
            hall.attendance.replace(one)
        return connection

    def _partner(self, old: Sequence[Connection], stored: StoredSession | None) -> Partner | None:
        """Return whom the lines go to: what was meant for one person is not said in a room after an interruption."""
        if self._claim.rooms is not None:
            return None
        before = (self._leaving,) if self._leaving is not None else old
        known = next((one.partner for one in before if one is not None and one.partner is not None), None)
        if known is not None or before or stored is None or stored.partner is None:
            return known
        return Partner(stored.partner, self._hall.called(stored.partner, SOMEBODY))

    def _is_silent(self, stored: StoredSession | None, old: Sequence[Connection]) -> bool:
        """Say whether the connection wants nothing of what was said before it, or what it goes on from, came."""
        since = self._claim.since
        if self._leaving is not None:
            return self._leaving.silent
        if isinstance(since, int):
            return any(one.silent for one in old) if old else stored is not None and stored.silent
        return since == HEAD

    def _take_wished_nickname(self, connection: Connection) -> None:
        """Rename a guest who came back with a token and another nickname, unless somebody took that meanwhile."""
        wish = None if self._hall.neighbours is not None else self._wished_nickname(connection.person)
        if wish is not None:
            self._hall.attendance.rename(connection, *wish)

    def _wished_nickname(self, person: Person) -> tuple[str, str] | None:
        """Return another nickname, with its key, that a guest asks for and may have; None: there is none."""
        hall = self._hall
        if person.account is not None:
            return None
        nick = names.nick(self._claim.nick, hall.settings.name_rules)
        key = names.key(nick)
        is_wish = key != person.key and hall.roster.is_free(nick, key) and self._may_be_called(person, nick, key)
        return (nick, key) if is_wish else None

    def _may_be_called(self, person: Person, nick: str, key: str) -> bool:
        """Say whether people in the person's rooms may be shown this nickname of theirs."""
        moderation, now = self._hall.moderation, self._hall.now()
        try:
            moderation.check_nick(person, nick, key, person.rooms, now)
            moderation.check_words(person, person.rooms, now)
        except Refusal:
            return False
        moderation.note_words(person, person.rooms, now)
        return True

    def _choose_preferences(self, person: Person) -> None:
        """Show a person things as they asked for last time; show a program by itself what every program is shown."""
        screen = self._screen
        if self._claim.attended and self._leaving is None:
            screen.prefer(screen.style.preferences.changed("emoji", "on"))  # what a person types looks alike everywhere
        if person.account is not None and (self._claim.attended or screen.style.attended):
            self._apply_kept_preferences(person.author)

    def _apply_kept_preferences(self, author: AuthorId) -> None:
        """Show things as the person asked for from this account at such a door."""
        screen = self._screen
        kept = self._hall.accounts.preferences(author, screen.style.door)
        preferences = screen.style.preferences
        for name, value in kept.changed.items() if kept is not None else ():
            try:
                preferences = preferences.changed(name, value)
            except BadArguments:
                log.info("A preference {name} does not exist any more", name=name)
        if preferences != screen.style.preferences:
            screen.prefer(preferences)


def _access_in(claim: Claim) -> str | None:
    """Return the access token of a claim; in place of the password, too, for clients that know nothing else."""
    if claim.access is not None or claim.password is None or claim.register or not is_token(claim.password):
        return claim.access  # of somebody who registers it is a new password, which cannot be one
    return claim.password
