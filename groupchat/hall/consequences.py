"""The consequences of what is decided: people are told, put out or renamed, by the kind of the fact.

The same is done whoever decided it and wherever: at the start, when nobody is here yet, and when a commit lands.

Rules:

1. Memory changes when a fact is on disk, before anybody is shown the batch it came with.
2. People are told, put out or renamed after that, so that they have read what led to it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from ipaddress import ip_network
from typing import Any, Protocol, TypeAlias

from twisted.logger import Logger

from groupchat.config.settings import Settings
from groupchat.delivery.commits import Commits
from groupchat.delivery.ignore_lists import IgnoreLists
from groupchat.delivery.outcomes import Learned
from groupchat.delivery.queue import EVERYWHERE, Change, Notice, Receipt
from groupchat.facts.account_facts import AccessToken, Account, Ignoring, RankGiven
from groupchat.facts.kinds import owner, read
from groupchat.facts.room_facts import Closed, Granted, Invitation, Lock, RoomOperator
from groupchat.facts.sanctions import Ban, Mute, NetworkBan, NetworkMute, Sanction
from groupchat.hall.health import Health
from groupchat.hall.people.attendance import Attendance
from groupchat.hall.people.persistence import Persistence
from groupchat.interfaces.screens import IScreen
from groupchat.model import names, networks
from groupchat.model.drafts import Amendment, Erased, Expired, Fact, FactChange, PutOut, ReadUpTo, Revoke
from groupchat.model.errors import (
    Banned,
    Kicked,
    LoggedOut,
    PasswordNeeded,
    Refusal,
    RoomClosed,
    RoomLocked,
)
from groupchat.model.events import SERVER, Announced, AuthorId, HistoryErased, Ref, Told
from groupchat.model.networks import Network
from groupchat.state.access_keys import AccessKeys
from groupchat.state.accounts import Accounts
from groupchat.state.known_addresses import KnownAddresses
from groupchat.state.moderation import Moderation
from groupchat.state.people import Connection, Ignored, Person, Watcher
from groupchat.state.positions import Positions
from groupchat.state.rooms import Rooms
from groupchat.state.roster import Roster

log = Logger()

Follow: TypeAlias = Callable[[], None] | None
"""A function to call when everybody was shown the batch; None: there is nothing to do."""


class Arrival(Protocol):
    """Somebody who is just coming in."""

    def overtaken(self, change: Revoke | PutOut) -> None:
        """Note that tokens work no longer, or that somebody was put out of the hall, since they began to come in."""

    def journal_silent(self, refusal: Refusal) -> None:
        """Wait for the journal no longer than it is waited for, as it does not answer.  Called each second."""


class Peer(Protocol):
    """A session, as far as the hall knows it.  ``connection``: None as long as there is no nickname."""

    screen: IScreen
    connection: Connection | None

    def refuse(self, refusal: Refusal, ref: Ref = None) -> None:
        """Say that something is refused."""

    def hangup(self, refusal: Refusal | None = None) -> None:
        """Cut the connection off, after telling why."""

    def close(self) -> None:
        """Close the connection because the server stops."""

    def follow(self, settings: Settings) -> None:
        """Go by these settings from now on."""


class Consequences:
    """Applies what is on disk.

    ``sessions`` gives every session there is, ``arrivals`` those who are just coming in.
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
        health: Health,
        sessions: Callable[[], Iterable[Peer]],
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
        self._health = health
        self._sessions = sessions
        self._arrivals = arrivals
        self._now = now
        self._expired = 0
        self._followers: dict[str, Callable[[Fact, str], Follow]] = {
            Account.KIND: self._follow_account,
            Ignoring.KIND: self._follow_ignoring,
            Ban.KIND: self._follow_ban,
            NetworkBan.KIND: self._follow_network_ban,
            Mute.KIND: self._follow_mute,
            NetworkMute.KIND: self._follow_network_mute,
            Closed.KIND: self._follow_closed,
            RoomOperator.KIND: self._follow_room_operator,
            Invitation.KIND: self._follow_invitation,
            Lock.KIND: self._follow_lock,
            RankGiven.KIND: self._follow_rank,
            AccessToken.KIND: self._follow_access_token,
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
            if not change.room:
                self._overtake(change)
            return partial(self._put_out, change)
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
            self._cut_off(taken, lambda session: _person_of(session) is holder)
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
        self._cut_off(told, lambda session: (one := session.connection) is not None and one.access == token.digest)

    def _stop_watching(self, told: Refusal, meant: Callable[[Watcher], bool]) -> None:
        """Cut off people who follow a room without being in it."""
        self._cut_off(told, lambda session: isinstance(session.connection, Watcher) and meant(session.connection))

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
            self._cut_off(told, lambda session: session.connection in left)

    def _overtake(self, change: Revoke | PutOut) -> None:
        for arrival in list(self._arrivals()):
            arrival.overtaken(change)

    # What is removed

    def _note_expired(self, expired: Expired) -> None:
        if expired.upto > self._expired:
            log.info("Messages up to #{upto} have expired, and count as removed", upto=expired.upto)
        self._expired = expired.upto

    def put_out_person(self, key: str, author: AuthorId | None) -> None:
        """Cut off whoever is here under a nickname, or as an author, whose words are erased."""

        def is_meant(person: Person | None) -> bool:
            return person is not None and (person.key == key or person.author == author)

        told = Kicked("What was said under this nickname is erased, with its account.")
        self._cut_off(told, lambda session: is_meant(_person_of(session)))

    def _follow_erased(self, erased: Erased) -> Follow:
        """Remove an erased person's nickname and words from memory; nobody is told about single facts."""
        for fact in erased.facts:
            if fact.kind == Account.KIND:
                self._follow_account(fact, "")
            self._keep(fact)
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
        self.put_out_person(erased.key, erased.author)
        for room in filter(None, map(self._rooms.find, erased.topics)):
            for member in [member for member in room.members if not member.screen.style.prose]:
                for name in dict.fromkeys((room.name, member.current)):  # a client's lines go to the last
                    self._attendance.tell_entered(member, name)
        self._commits.post(Notice(HistoryErased(erased.upto, self._now()), EVERYWHERE))

    # Sanctions

    def _follow_ban(self, fact: Fact, by: str) -> Follow:
        ban = read(fact)
        if not isinstance(ban, Ban):
            return None
        where = f" from {ban.room}" if ban.room else ""
        told = Banned(ban.sentence("banned", where, ban.at))
        return partial(
            self._remove, lambda one: ban.concerns(one.person.author, one.person.key), ban.room, told, ban.why
        )

    def _follow_network_ban(self, fact: Fact, by: str) -> Follow:
        ban = read(fact)
        if not isinstance(ban, NetworkBan):
            return None
        told = Banned(ban.sentence("banned", "", ban.at))
        return partial(self._cut_off_network, told, ip_network(ban.key))

    def _cut_off_network(self, told: Banned, network: Network) -> None:
        """Cut off connections from a network, and end the tokens they were given just before the ban."""
        there = [session for session in self._sessions() if networks.contains(network, session.screen.address)]
        late = tuple(
            Revoke(one.person.author, only=one.digest)
            for session in there
            if (one := session.connection) is not None and one.digest
        )
        for session in there:
            session.hangup(told)
        if late and self._commits.refusal is None:
            self._commits.post(Change(Amendment(SERVER, self._now(), late), Receipt()))

    def _follow_mute(self, fact: Fact, by: str) -> Follow:
        mute = read(fact)
        if isinstance(mute, Mute):
            where = f" in {mute.room}" if mute.room else ""
            return partial(self._tell, self._subject(mute), mute.sentence("muted", where, mute.at))
        before = self._moderation.mutes.get(fact.name)
        if before is None:
            return None
        return partial(self._tell_unmuted, before, self._subject(before), by)

    def _tell_unmuted(self, mute: Mute, subject: Person | None, by: str) -> None:
        """Tell the person a mute was about that it ended, and guests for whom it held as they come from there."""
        place = f" in {mute.room}" if mute.room else ""
        self._tell(subject, f"You can speak again{place}{f'; {by} unmuted you' if by else ''}.")
        for person in list(self._roster) if mute.origin else ():
            is_later = person.origin == mute.origin and person.known_since > mute.at
            if is_later and person.account is None and person is not subject:
                self._tell(person, f"You can speak again{place}; the mute of guests from your address has ended.")

    def _follow_network_mute(self, fact: Fact, by: str) -> Follow:
        mute, before = read(fact), self._moderation.muted_networks.get(fact.name)
        if isinstance(mute, NetworkMute):
            return partial(self._tell_network, ip_network(mute.key), mute.sentence("muted", "", mute.at))
        if before is None:
            return None
        return partial(self._tell_network, ip_network(before.key), "You can speak again.")

    def _tell_network(self, network: Network, words: str) -> None:
        """Tell everybody who is connected from a network what was done about it, but for operators of the server."""
        for session in list(self._sessions()):
            connection = session.connection
            if connection is None or self._moderation.is_server_operator(connection.person):
                continue
            if networks.contains(network, session.screen.address):
                connection.show(Told((words,)))

    def _subject(self, sanction: Sanction) -> Person | None:
        """Return the person a sanction is about, if they are here."""
        person = self._roster.of(sanction.author) if sanction.author is not None else None
        return self._roster.find(sanction.key) if person is None and sanction.named else person

    # Rooms

    def _follow_room_operator(self, fact: Fact, by: str) -> Follow:
        granted = read(fact)
        if isinstance(granted, RoomOperator):
            told = f"{granted.by} made you an operator of {granted.room}; /help lists what you can do there."
            return partial(self._tell, self._roster.of(granted.author), told)
        before = _granted_before(self._moderation.operators, fact)
        if before is None:
            return None
        told = f"{by or 'Somebody'} decided that you are no longer an operator of {before.room}."

        def follow() -> None:
            self._tell(self._roster.of(before.author), told)
            self._shut_out(before.room)

        return follow

    def _follow_invitation(self, fact: Fact, by: str) -> Follow:
        granted = read(fact)
        if not isinstance(granted, Invitation):
            return partial(self._shut_out, Invitation.parts(fact.name)[0])
        if granted.staying:
            return None
        told = f"{granted.by} invites you to {granted.room}: /join {granted.room}"
        fields = {"invited": granted.room, "by": granted.by}
        return partial(self._tell, self._roster.of(granted.author), told, fields)

    def _follow_lock(self, fact: Fact, by: str) -> Follow:
        return None if fact.value is None else partial(self._shut_out, fact.name)

    def _follow_rank(self, fact: Fact, by: str) -> Follow:
        return None if fact.value is not None else self._shut_out

    def _shut_out(self, room: str = "") -> None:
        """Cut off people who follow a room (empty: any) that is locked, and could not come in: nobody sees them."""
        locked, now = self._moderation.locked, self._now()
        if room and room not in locked:
            return

        def is_outside(watcher: Watcher) -> bool:
            rooms = [name for name in watcher.rooms if name in locked and room in ("", name)]
            return any(not self._moderation.admits(name, watcher.person, now) for name in rooms)

        self._stop_watching(RoomLocked("The room is locked, and you may not follow it any more."), is_outside)

    def _follow_closed(self, fact: Fact, by: str) -> Follow:
        closed = read(fact)
        return partial(self._close, closed) if isinstance(closed, Closed) else None

    def _close(self, closed: Closed) -> None:
        """Put everybody out of a room that is closed, and forget it."""
        self._remove(lambda one: True, closed.room, RoomClosed(closed.sentence), closed.why)
        self._rooms.drop(closed.room)

    # How people are told and put out

    def _put_out(self, out: PutOut) -> None:
        def meant(connection: Connection) -> bool:
            author = connection.person.author
            return author == out.author and out.concerns(author, connection.handle, connection.access)

        self._remove(meant, out.room, refusal_of(out), out.reason)

    def _remove(self, meant: Callable[[Connection], bool], room: str, told: Refusal, why: str) -> None:
        """Take connections out of a room, or (empty) cut them off, after saying why."""
        if not room:
            self._cut_off(told, lambda session: (one := session.connection) is not None and meant(one))
            return
        self._stop_watching(told, lambda watcher: room in watcher.rooms and meant(watcher))
        found = self._rooms.find(room)
        members = found.members if found is not None else ()
        for connection in [member for member in members if not member.node and meant(member)]:
            self._health.refuse(connection, told)
            self._attendance.leave_room(connection, room, told.code, told.code, why)
            self._persistence.was_put_out(connection, room)

    def _cut_off(self, refusal: Refusal, meant: Callable[[Peer], bool]) -> None:
        for session in [session for session in self._sessions() if meant(session)]:
            session.hangup(refusal)

    def _tell(self, person: Person | None, words: str, fields: Mapping[str, Any] | None = None) -> None:
        """Tell somebody what was done about them, on each connection."""
        for connection in person.connections if person is not None else ():
            connection.show(Told((words,), fields))


def refusal_of(out: PutOut) -> Refusal:
    """Return what those are told who are put out."""
    return LoggedOut(out.words) if out.code == LoggedOut.code else Kicked(out.words)


def _person_of(session: Peer) -> Person | None:
    return None if session.connection is None else session.connection.person


def _granted_before(rooms: dict[str, dict[Any, Any]], fact: Fact) -> Granted | None:
    """Return the record that a removal is about."""
    return next((one for granted in rooms.values() for one in granted.values() if one.name == fact.name), None)
