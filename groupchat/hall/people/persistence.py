"""Persistence: what outlives a connection, for its token and for its account, is stored when it changes.

Rules:

1. What is stored is made when its batch is sent, so it is never older than what was delivered before that.
2. Whoever moves by themselves has moved when that is on disk: ``intend`` first, and then attendance.
3. An account is where its owner moved last, on whichever connection; coming and going on the network moves nobody.
4. What people mark as read is true at once, and stored within seconds: one operation for each place, however
   often they read on there.  A crash in between leaves messages unread that were read, never the other way round.
5. Whoever is put out of a room is out of it on disk with that decision (``journals/rules/judging.py``), or, for a ban,
   because the ban is there when they come back; memory and the rest of what is stored follow with the next batch.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile

from twisted.internet.defer import Deferred, succeed

from groupchat.delivery.commits import Commits
from groupchat.delivery.queue import Change, Mark, Receipt
from groupchat.delivery.readers import Readers
from groupchat.facts.account_facts import Account, AccountRooms
from groupchat.facts.reading_places import partner
from groupchat.facts.whereabouts import Places
from groupchat.lazy.records import record
from groupchat.model.drafts import Amendment, ReadUpTo, StoredSession
from groupchat.model.events import AuthorId, MarkedRead
from groupchat.state.accounts import Accounts
from groupchat.state.people import Connection, Person
from groupchat.state.positions import PRIVATE, Positions
from groupchat.state.roster import Roster

MARKED_SWEEPS = 5
"""Seconds for which what people mark as read gathers before it is stored."""

RENEWED_S = 43200.0
"""Seconds after which a session that goes on is persisted again: its token is forgotten some days later."""


@record
class Marked:
    """The places that somebody has marked as read; ``due``: the number of the sweep that stores them."""

    due: int
    places: dict[str, None]


class Persistence:
    """Keeps what is needed to come back.

    ``now``: the wall-clock time in seconds since 1970 UTC.
    """

    def __init__(
        self,
        accounts: Accounts,
        roster: Roster,
        positions: Positions,
        commits: Commits,
        readers: Readers,
        now: Callable[[], float],
    ) -> None:
        self._accounts = accounts
        self._roster = roster
        self._positions = positions
        self._commits = commits
        self._readers = readers
        self._now = now
        self._marked: dict[AuthorId, Marked] = {}
        """Who has marked something as read that is not stored yet; those who did so first come first."""
        self._sweeps = 0

    # Where somebody is

    def intend(self, connection: Connection, change: Callable[[Places], Places]) -> "Deferred[bool]":
        """Store where a connection is about to be.

        Return a Deferred that fires when that is on disk (True), or when it cannot be stored just now.
        Then the caller carries it out, or calls ``abandon``.
        """
        connection.moving = change
        can_wait = self._commits.refusal is None
        self._follow_account(connection, soon=not can_wait)
        is_kept = self._keep_session(connection, soon=not can_wait) or _account_of(connection) is not None
        if not is_kept or not can_wait:
            return succeed(not is_kept)
        # With the mark a batch is sent that has everything.
        receipt, stored = Receipt(), Deferred[bool]()
        self._commits.post(Mark(receipt))
        receipt.when_settled(lambda: stored.callback(receipt.refusal is None))
        return stored

    def keep_partner(self, connection: Connection) -> "Deferred[bool]":
        """Store whom a connection's lines go to; the Deferred fires as that of ``intend``."""
        stored = self.intend(connection, lambda places: places)
        connection.moving = None
        return stored

    def keep_ignored(self, connection: Connection) -> None:
        """Store whom a guest ignores."""
        self._keep_session(connection)

    def abandon(self, connection: Connection) -> None:
        """Store that a connection stays where it is, after all."""
        connection.moving = None
        if not connection.gone:
            self._follow_account(connection)
            self._keep_session(connection)

    def was_put_out(self, connection: Connection, room: str) -> None:
        """Store that a connection was put out of a room."""
        self._keep_session(connection)
        account = _account_of(connection)
        if account is not None:
            before = self._accounts.places(account.author)
            self._move_account(account.author, connection.places if before is None else before.put_out(room))

    def forget_lost(self, connection: Connection) -> None:
        """Note that a connection was told of the room it has lost; it is enough to store that with the next batch."""
        connection.lost = ""
        account = _account_of(connection)
        before = None if account is None else self._accounts.places(account.author)
        if account is not None and before is not None:
            self._move_account(account.author, Places(before.rooms, before.current), soon=False)
        self._keep_session(connection, soon=False)

    def keep_lost(self, connection: Connection, room: str) -> None:
        """Note that a connection was not told of the room it has lost, after all, unless it has lost another one."""
        if connection.gone or connection.lost:
            return
        connection.lost = room
        account = _account_of(connection)
        before = None if account is None else self._accounts.places(account.author)
        if account is not None and before is not None:
            self._move_account(account.author, Places(before.rooms, before.current, room), soon=False)
        self._keep_session(connection, soon=False)

    def adopt(self, account: Account, connection: Connection) -> None:
        """Let an account be where a connection of its owner is."""
        self._move_account(account.author, connection.places)

    def _follow_account(self, connection: Connection, soon: bool = True) -> None:
        account = _account_of(connection)
        if account is not None:
            self._move_account(account.author, connection.next_places, soon)

    def _move_account(self, author: AuthorId, places: Places, soon: bool = True) -> None:
        if places == self._accounts.places(author):
            return
        self._accounts.move(author, places)

        def make() -> Amendment | None:
            newest = self._accounts.places(author)
            return None if newest is None else Amendment(author, self._now(), (AccountRooms(author, newest).put(),))

        self._commits.keep(author, "", make, soon)

    # Sessions

    def stored(self, connection: Connection) -> StoredSession:
        """Return what the journal keeps of a connection, so that its token works later."""
        person, places = connection.person, connection.next_places
        return StoredSession(
            person.author, connection.digest, person.nick, places.rooms, self._readers.position(connection),
            self._now(), places.current, places.lost, person.known_since, connection.silent,
            None if connection.partner is None else connection.partner.author,
            # The list of an account is kept with the account.
            () if person.account is not None else tuple((other, *one) for other, one in person.ignored.items()),
            () if person.account is not None else self._read_by(person.author),
        )  # fmt: skip

    def arrived(self, connection: Connection, position: int) -> None:
        """Persist a connection that has just come in, and up to which number the one before it had read."""
        digest = connection.digest
        if digest:
            self._commits.keep(
                connection.person.author, digest,
                lambda: replace(self.stored(connection), position=position) if connection.digest else None,
            )  # fmt: skip

    def remember(self, connection: Connection) -> None:
        """Persist where a connection stands, if it can come back."""
        if not connection.gone:
            self._keep_session(connection)
            self.note_position(connection, connection.rooms)

    def renew(self, connection: Connection, period: float) -> None:
        """Persist twice a day that a connection is still here; called for each once in a period, in seconds.

        It is done at the times of day at which each came: not of all at once.
        """
        stayed = self._now() - connection.since
        if stayed >= RENEWED_S and stayed % RENEWED_S < period:
            self.remember(connection)

    def unwritten(self, author: AuthorId, digest: str) -> StoredSession | None:
        """Return a session that is not on disk yet, and is newer than what the journal has; None: there is none.

        So whoever comes back while the disk is full is where they were.
        """
        found = self._commits.unwritten(author, digest)
        return found if isinstance(found, StoredSession) else None

    def _keep_session(self, connection: Connection, soon: bool = True) -> bool:
        """Have the session of a connection stored with the next batch; return whether it has one."""
        author, digest = connection.person.author, connection.digest if not connection.node else ""
        if digest:
            self._commits.keep(author, digest, lambda: self.stored(connection) if connection.digest else None, soon)
        return bool(digest)

    # How far somebody has read

    def note_position(self, connection: Connection, rooms: Sequence[str]) -> None:
        """Persist how far the account has read these rooms; the journal may miss it, which does no harm."""
        account = connection.person.account
        if connection.node:
            return  # its own node does
        if connection.marks:
            self._store_marks(connection.person.author)
            return  # it has said itself what was read
        if account is None or connection.program or self._roster.of(account.author) is None:
            return  # what a program reads, nobody has read
        upto = self._readers.position(connection)
        moves = self._positions.moves(account.author, (*rooms, PRIVATE), upto, self._now())
        for move in moves:
            if self._positions.note(move):
                self._tell_marked(connection, move, "")
            if self._commits.refusal is None:
                self._commits.post(Change(move, Receipt()))

    def begin_reading(self, connection: Connection, room: str) -> None:
        """Note where a connection that says itself what was read begins: in a room it is new in, nothing is unread.

        It is stored before anything that is said there afterwards.
        """
        author = connection.person.author
        if connection.marks and self._positions.find(author, room) is None:
            self._note_mark(ReadUpTo(author, room, self._readers.position(connection), self._now()))
            self._store_marks(author)

    def mark(self, connection: Connection, place: str, upto: int, nick: str = "") -> int:
        """Note that somebody has read a place, and tell their other connections; return the number it stands at now.

        A connection that is gone by now has read nothing.

        :param place: see ``facts/reading_places.py``; :param nick: of what is private with one person, their nickname.
        """
        noted = ReadUpTo(connection.person.author, place, upto, self._now())
        if not connection.gone and self._note_mark(noted):
            self._tell_marked(connection, noted, nick)
        known = self._positions.reached(noted.author, place)
        return upto if known is None else known.upto

    def skip(self, connection: Connection, upto: int) -> None:
        """Note that everything private up to a number was read, as it turned out when somebody looked (0: nobody)."""
        if upto and not connection.gone:
            self._note_mark(ReadUpTo(connection.person.author, PRIVATE, upto, self._now()))

    def sweep(self) -> None:
        """Store what was marked.  To be called each second."""
        self._sweeps += 1
        for author in list(takewhile(lambda one: self._marked[one].due <= self._sweeps, self._marked)):
            self._store_marks(author)

    def keep_marks(self, author: AuthorId) -> None:
        """Store how far somebody has read who has an account from now on."""
        for known in self._positions.all_of(author):
            self._note_unstored(author, known.room)
        self._store_marks(author)

    def recall_marks(self, stored: StoredSession) -> None:
        """Go on from where a guest who comes back has read."""
        for place, upto, at in stored.read:
            self._positions.note(ReadUpTo(stored.author, place, upto, at))

    def forget_marks(self, person: Person) -> None:
        """Forget how far a guest has read who has left; the session has it."""
        if person.account is None:
            self._positions.forget(person.author)
            self._marked.pop(person.author, None)

    def _note_mark(self, noted: ReadUpTo) -> bool:
        before = self._positions.find(noted.author, PRIVATE)
        is_new = self._positions.note(noted)
        if is_new:
            self._note_unstored(noted.author, noted.room)
        if self._positions.find(noted.author, PRIVATE) is not before:  # it stands for conversations that were too many
            self._note_unstored(noted.author, PRIVATE)
        return is_new

    def _note_unstored(self, author: AuthorId, place: str) -> None:
        marked = self._marked.get(author)
        if marked is None:
            marked = self._marked[author] = Marked(self._sweeps + MARKED_SWEEPS, {})
        marked.places[place] = None

    def _store_marks(self, author: AuthorId) -> None:
        """Post what somebody has marked; while nothing can be stored it waits."""
        person, is_account = self._roster.of(author), self._accounts.of(author) is not None
        if author not in self._marked or (is_account and self._commits.refusal is not None):
            return
        places = self._marked.pop(author).places
        for place in places if is_account else ():
            known = self._positions.find(author, place)
            if known is not None:
                self._commits.post(Change(ReadUpTo(author, place, known.upto, known.at), Receipt()))
        if not is_account and person is not None:
            for connection in person.connections:
                self._keep_session(connection)

    def _tell_marked(self, connection: Connection, noted: ReadUpTo, nick: str) -> None:
        """Tell the other connections of a person how far they have read; one that is quiet is shown nothing."""
        room = "" if partner(noted.room) is not None else noted.room
        for other in connection.person.connections:
            if other is not connection and not (other.gone or other.quiet):
                other.show(MarkedRead(room, nick, noted.upto, noted.at))

    def tell_read(self, noted: ReadUpTo) -> None:
        """Tell the connections that somebody has here how far they have read at another node."""
        person, other = self._roster.of(noted.author), partner(noted.room)
        found = None if other is None else self._roster.of(other) or self._accounts.of(other)
        room = "" if other is not None else noted.room
        for connection in person.connections if person is not None else ():
            if not connection.gone:
                connection.show(MarkedRead(room, "" if found is None else found.nick, noted.upto, noted.at))

    def _read_by(self, author: AuthorId) -> tuple[tuple[str, int, float], ...]:
        return tuple((known.room, known.upto, known.at) for known in self._positions.all_of(author))


def _account_of(connection: Connection) -> Account | None:
    """Return the account whose rooms are those of a connection; None: there is none, or it is a program."""
    person: Person = connection.person
    return None if connection.program else person.account
