"""Persistence: what outlives a connection, for its token and for its account, is stored when it changes.

Rules:

1. What is stored is made when its batch is sent, so it is never older than what was delivered before that.
2. Whoever moves by themselves has moved when that is on disk: ``intend`` first, and then attendance.
3. An account is where its owner moved last, on whichever connection; coming and going on the network moves nobody.
4. Whoever is put out of a room is out of it on disk with that decision (``journals/rules/judging.py``), or, for a ban,
   because the ban is there when they come back; memory and the rest of what is stored follow with the next batch.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from twisted.internet.defer import Deferred, succeed

from groupchat.delivery.commits import Commits
from groupchat.delivery.queue import Change, Mark, Receipt
from groupchat.delivery.readers import Readers
from groupchat.facts.account_facts import Account, AccountRooms
from groupchat.facts.whereabouts import Places
from groupchat.model.drafts import Amendment, StoredSession
from groupchat.model.events import AuthorId
from groupchat.state.accounts import Accounts
from groupchat.state.people import Connection, Person
from groupchat.state.positions import PRIVATE, Positions
from groupchat.state.roster import Roster

RENEWED_S = 43200.0
"""Seconds after which a session that goes on is persisted again: its token is forgotten some days later."""


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
        author, digest = connection.person.author, connection.digest
        if digest:
            self._commits.keep(author, digest, lambda: self.stored(connection) if connection.digest else None, soon)
        return bool(digest)

    # How far somebody has read

    def note_position(self, connection: Connection, rooms: Sequence[str]) -> None:
        """Persist how far the account has read these rooms; the journal may miss it, which does no harm."""
        account = connection.person.account
        if account is None or connection.quiet or self._roster.of(account.author) is None:
            return  # a quiet connection reads nothing
        upto = self._readers.position(connection)
        moves = self._positions.moves(account.author, (*rooms, PRIVATE), upto, self._now())
        for move in moves:
            self._positions.note(move)
            if self._commits.refusal is None:
                self._commits.post(Change(move, Receipt()))


def _account_of(connection: Connection) -> Account | None:
    """Return the account whose rooms are those of a connection; None: there is none, or it is in none."""
    person: Person = connection.person
    return None if connection.quiet else person.account
