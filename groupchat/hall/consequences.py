"""The consequences of what is decided: people are told, put out or renamed, by the kind of the fact.

The same is done whoever decided it and wherever: at the start, when nobody is here yet, and when a commit lands.

Rules:

1. Memory changes when a fact is on disk, before anybody is shown the batch it came with.
2. People are told, put out or renamed after that, so that they have read what led to it.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Protocol

from twisted.logger import Logger

from groupchat.delivery.commits import Commits
from groupchat.delivery.ignore_lists import IgnoreLists
from groupchat.delivery.outcomes import Learned
from groupchat.delivery.queue import EVERYWHERE, Change, Notice, Receipt
from groupchat.facts.account_facts import AccessToken, Account, Ignoring
from groupchat.facts.kinds import owner, read
from groupchat.hall.ejections import Ejections, person_of
from groupchat.hall.moderation_consequences import Follow, Follower, ModerationConsequences
from groupchat.hall.people.attendance import Attendance
from groupchat.hall.people.persistence import Persistence
from groupchat.model import names
from groupchat.model.drafts import Amendment, Erased, Expired, Fact, FactChange, PutOut, ReadUpTo, Revoke
from groupchat.model.errors import (
    LoggedOut,
    PasswordNeeded,
    Refusal,
)
from groupchat.model.events import Announced, AuthorId, HistoryErased
from groupchat.state.access_keys import AccessKeys
from groupchat.state.accounts import Accounts
from groupchat.state.known_addresses import KnownAddresses
from groupchat.state.moderation import Moderation
from groupchat.state.people import Connection, Ignored, Person
from groupchat.state.positions import Positions
from groupchat.state.rooms import Rooms
from groupchat.state.roster import Roster

log = Logger()


class Arrival(Protocol):
    """Somebody who is just coming in."""

    def overtaken(self, change: Revoke | PutOut) -> None:
        """Note that tokens work no longer, or that somebody was put out of the hall, since they began to come in."""

    def journal_silent(self, refusal: Refusal) -> None:
        """Wait for the journal no longer than it is waited for, as it does not answer.  Called each second."""


class Consequences:
    """Applies what is on disk.

    ``arrivals`` gives those who are just coming in.
    ``now``: the wall-clock time in seconds since 1970 UTC.
    """

    def __init__(
        self,
        accounts: Accounts,
        roster: Roster,
        rooms: Rooms,
        moderation: Moderation,
        positions: Positions,
        known_addresses: KnownAddresses,
        access_keys: AccessKeys,
        commits: Commits,
        ignore_lists: IgnoreLists,
        attendance: Attendance,
        persistence: Persistence,
        ejections: Ejections,
        arrivals: Callable[[], Iterable[Arrival]],
        now: Callable[[], float],
    ) -> None:
        self._accounts = accounts
        self._roster = roster
        self._rooms = rooms
        self._moderation = moderation
        self._positions = positions
        self._known_addresses = known_addresses
        self._access_keys = access_keys
        self._commits = commits
        self._ignore_lists = ignore_lists
        self._attendance = attendance
        self._persistence = persistence
        self._arrivals = arrivals
        self._now = now
        self._expired = 0
        self._ejections = ejections
        moderated = ModerationConsequences(roster, rooms, moderation, ejections, now)
        self._followers: dict[str, Follower] = {
            Account.KIND: self._follow_account,
            Ignoring.KIND: self._follow_ignoring,
            AccessToken.KIND: self._follow_access_token,
            **moderated.followers,
        }

    def learn(self, change: Learned, by: str = "") -> Follow:
        """Apply what is on disk; return what is to be done about it.

        :param by: the nickname of the operator who decided it; empty: nobody in particular.
        """
        if isinstance(change, FactChange):
            return self.learn_fact(change.fact, by)
        if isinstance(change, ReadUpTo):
            # Else it was removed, with what it has read.
            if self._accounts.of(change.author) is not None and self._positions.note(change):
                return partial(self._persistence.tell_read, change)
        elif isinstance(change, Revoke):
            return self._revoke(change)
        elif isinstance(change, Expired):
            self._note_expired(change)
        elif isinstance(change, Erased):
            return self._follow_erased(change)
        elif isinstance(change, PutOut):
            if change.room:
                self._accounts.put_out(change.author, change.room)
                self._commits.put_out(change.author, change.room)
            else:
                self._overtake(change)
            return partial(self._ejections.put_out, change)
        else:
            return partial(self.announce, change.text)
        return None

    def learn_fact(self, fact: Fact, by: str = "") -> Follow:
        """Apply a fact that is on disk; return what is to be done about it."""
        follower = self._followers.get(fact.kind)
        follows = follower(fact, by) if follower is not None else None
        self._keep(fact)
        return follows

    def _keep(self, fact: Fact) -> None:
        for part in (self._accounts, self._moderation, self._positions, self._known_addresses, self._access_keys):
            if fact.kind in part.KINDS:
                part.learn(fact)

    def announce(self, text: str) -> None:
        """Say something to everybody, in order with what is being said."""
        self._commits.post(Notice(Announced(text, self._now()), EVERYWHERE))

    # Accounts

    def _follow_account(self, fact: Fact, by: str) -> Follow:
        """Give the person who is here the account, or make them a guest; nobody else keeps its nickname."""
        account, before = read(fact), self._accounts.find(fact.name)
        if account is not None and account == before:
            return None
        if isinstance(account, Account):
            person = self._roster.of(account.author)
            if person is not None:
                person.account = account
            return partial(self._hand_over, account)
        if before is not None:
            person = self._roster.of(before.author)
            if person is not None:
                person.account = None
            self._positions.forget(before.author)
            self._known_addresses.forget(before.author)
            self._access_keys.forget(before.author)
            self._revoke(Revoke(before.author))
        return None

    def _hand_over(self, account: Account) -> None:
        """See that nobody but its owner has the nickname of an account."""
        holder, person = self._roster.find(account.key), self._roster.of(account.author)
        if holder is not None and holder is not person:
            taken = PasswordNeeded(f"{holder.nick} belongs to an account now. Come back with another nickname.")
            self._ejections.cut_off(taken, lambda session: person_of(session) is holder)
        here = [one for one in person.connections if not one.node] if person is not None else []
        if person is None or not here:
            return  # the node where they are does the rest
        if self._accounts.places(account.author) is None:
            self._persistence.adopt(account, here[-1])
            self._keep_ignored(account, person)
            self._persistence.keep_marks(account.author)
        if person.key != account.key:
            self._attendance.rename(here[0], account.nick, account.key)

    def _keep_ignored(self, account: Account, person: Person) -> None:
        """Keep whom a guest ignored with the account that they have made."""
        kept = tuple(Ignoring(account.author, other, *one).put() for other, one in person.ignored.items())
        if kept and self._commits.refusal is None:
            self._commits.post(Change(Amendment(account.author, self._now(), kept), Receipt()))

    def _follow_ignoring(self, fact: Fact, by: str) -> Follow:
        ignoring = read(fact)
        if isinstance(ignoring, Ignoring):
            person = self._roster.of(ignoring.author)
            if person is not None and ignoring.other not in person.ignored:
                self._ignore_lists.ignore(person, ignoring.other, Ignored(ignoring.nick, ignoring.origin))
            return None
        author = owner(fact.kind, fact.name)
        person = None if author is None else self._roster.of(author)
        for before in self._accounts.ignoring(author) if author is not None else ():
            if before.name == fact.name and person is not None:
                self._ignore_lists.unignore(person, before.other)
        return None

    def _follow_access_token(self, fact: Fact, by: str) -> Follow:
        """Cut off the connections that an access token let in which works no longer."""
        author = owner(fact.kind, fact.name)
        if fact.value is not None or author is None:
            return None
        ended = next((token for token in self._access_keys.tokens.of(author) if token.name == fact.name), None)
        return None if ended is None else partial(self._end_access, ended)

    def _end_access(self, token: AccessToken) -> None:
        told = LoggedOut(f"The access token {token.label} was revoked.")
        self._ejections.cut_off(
            told, lambda session: (one := session.connection) is not None and one.access == token.digest
        )

    def _revoke(self, revoke: Revoke) -> Follow:
        """Keep tokens that work no longer from being persisted again, and from letting anybody in.

        If it is a single token, the connection that has just come in with it ends, too.
        """
        person = self._roster.of(revoke.author)
        concerned = [
            connection
            for connection in (person.connections if person is not None else ())
            if revoke.concerns(revoke.author, connection.digest)
        ]
        # One that an access token let in can come back with that, whatever becomes of the password.
        ended = [connection for connection in concerned if revoke.only or not connection.access]
        for connection in ended:
            connection.digest = ""
        self._commits.drop(revoke)
        self._overtake(revoke)
        if revoke.only:
            return partial(self._end, ended) if ended else None
        return partial(self._remember, concerned) if len(ended) < len(concerned) else None

    def _remember(self, connections: Sequence[Connection]) -> None:
        """Persist connections anew whose tokens go on to work."""
        for connection in connections:
            if connection.digest and not connection.gone and not connection.node:
                self._persistence.remember(connection)

    def _end(self, connections: Sequence[Connection]) -> None:
        """Cut off connections whose token works no longer, unless they are gone by now."""
        left = [connection for connection in connections if not connection.gone]
        if left:
            told = LoggedOut("You were logged out on another connection.")
            self._ejections.cut_off(told, lambda session: session.connection in left)

    def _overtake(self, change: Revoke | PutOut) -> None:
        for arrival in list(self._arrivals()):
            arrival.overtaken(change)

    # What is removed

    def _note_expired(self, expired: Expired) -> None:
        if expired.upto > self._expired:
            log.info("Messages up to #{upto} have expired, and count as removed", upto=expired.upto)
        self._expired = expired.upto

    def _follow_erased(self, erased: Erased) -> Follow:
        """Remove an erased person's nickname and words from memory; nobody is told about single facts."""
        for fact in erased.facts:
            if fact.kind == Account.KIND:
                self._follow_account(fact, "")
            self._keep(fact)
        self._roster.forget(erased.key)
        for room in filter(None, map(self._rooms.find, erased.topics)):
            room.topic = ""
        for person in self._roster:
            theirs = [author for author, one in person.ignored.items() if self._is_erased(erased, author, one.nick)]
            for author in theirs:
                self._ignore_lists.rename(person, author, erased.alias)
        return partial(self._tell_erased, erased)

    def _is_erased(self, erased: Erased, author: AuthorId, nick: str) -> bool:
        return author == erased.author or names.key(nick) == erased.key

    def _tell_erased(self, erased: Erased) -> None:
        self._ejections.put_out_person(erased.key, erased.author)
        for room in filter(None, map(self._rooms.find, erased.topics)):
            for member in [member for member in room.members if not member.screen.style.prose]:
                for name in dict.fromkeys((room.name, member.current)):  # a client's lines go to the last
                    self._attendance.tell_entered(member, name)
        self._commits.post(Notice(HistoryErased(erased.upto, self._now()), EVERYWHERE))
