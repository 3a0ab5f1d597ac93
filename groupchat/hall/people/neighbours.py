"""Neighbours: the people of the other nodes of a cluster, who are in the rooms and lists of this hall too.

Rules:

1. They come, go and change only by what their own node says of them, at its place among the posts: so every node shows
   the same in the same order.  Whoever is kicked here from a room there, is out when their node says so.
2. Whether somebody is away who is at several nodes, says the last word about any of their connections in the log.
3. A nickname is whose the log says.  Whoever has it here, and lost it while this node was cut off, is put out first.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Protocol

from groupchat.delivery.doorways import Doorways
from groupchat.delivery.queue import Notice
from groupchat.facts.whereabouts import Places
from groupchat.hall.people.attendance import Attendance
from groupchat.hall.people.own_presences import LOST, WATCHER, OwnPresences
from groupchat.hall.people.typists import Typists
from groupchat.interfaces.clock import Clock
from groupchat.interfaces.storage import IClusterJournal
from groupchat.model import names
from groupchat.model.drafts import StoredPost
from groupchat.model.errors import NodeLost, Refusal
from groupchat.model.events import Acted, AwayChanged, Said, Shared, Typing, Whispered
from groupchat.model.node_operations import Attend, Depart, NodeDown, NodeOperation, NodeUp, Passing, Presence
from groupchat.state.accounts import Accounts
from groupchat.state.moderation import Moderation
from groupchat.state.people import Connection, Person
from groupchat.state.remote_connections import RemoteConnection
from groupchat.state.rooms import Rooms
from groupchat.state.roster import Roster

GONE = "connection lost"
"""Why the people of a node that is gone have left, as the others are told."""


class Peer(Protocol):
    """A session, as far as it is put out here.  ``connection``: None as long as there is no nickname."""

    connection: Connection | None

    def hangup(self, refusal: Refusal | None = None) -> None:
        """Cut the connection off, after telling why."""


class Neighbours:
    """Knows who is at the other nodes, and tells them who is here.

    ``own``: what this node tells.  ``sessions`` gives every session of it; ``now``: the wall-clock time in seconds
    since 1970 UTC.
    """

    def __init__(
        self,
        journal: IClusterJournal,
        accounts: Accounts,
        roster: Roster,
        rooms: Rooms,
        moderation: Moderation,
        attendance: Attendance,
        typists: Typists,
        own: OwnPresences,
        sessions: Callable[[], Iterable[Peer]],
        clock: Clock,
        now: Callable[[], float],
    ) -> None:
        self.own = own
        self._journal = journal
        self._accounts = accounts
        self._roster = roster
        self._rooms = rooms
        self._moderation = moderation
        self._attendance = attendance
        self._sessions = sessions
        self._clock = clock
        self._now = now
        self._remote: dict[str, RemoteConnection] = {}
        """The connections at other nodes, by handle."""
        typists.pass_on = self._pass_on
        own.is_elsewhere = self._remote.__contains__
        own.be_away = self._be_away

    @property
    def _doorways(self) -> Doorways:
        return self._attendance.doorways

    def meet(self, presences: Sequence[Presence]) -> None:
        """Take in everybody who is at another node as this one starts; nobody is here who could be told."""

        def attend() -> None:
            for presence in presences:
                if presence.node != self._journal.node:
                    self._attend(presence, "")

        for notice in self._doorways.gather(attend):
            if notice.then is not None:
                notice.then()

    def learn(self, operation: NodeOperation) -> Sequence[Notice]:
        """Apply what a node says of its people; return what people here are shown of it, in order."""
        return self._doorways.gather(partial(self._learn, operation))

    def noted(self, stored: StoredPost) -> None:
        """Note what was posted at another node, as it is noted here of what is posted here."""
        post, reader = stored.event, stored.reader
        if isinstance(post, Said | Acted) and post.all:
            self._rooms.open(post.room).called_at = self._clock.seconds()
        to = None if reader is None or reader == stored.author else self._roster.of(reader)
        is_message = isinstance(post, Whispered | Acted | Shared)
        if to is not None and is_message and stored.author not in to.ignored:
            to.whisperers.note(stored.author, self._clock.seconds())

    # How

    def _learn(self, operation: NodeOperation) -> None:
        match operation:
            case Attend(presence=presence) if presence.node == self._journal.node:
                self._landed(presence)
            case Attend(presence=presence, reason=reason):
                self.own.rows.pop(presence.handle, None)
                self._attend(presence, reason)
            case Depart(handle=handle, node=node, epoch=epoch, reason=reason):
                if _is_of(self.own.rows.get(handle), node, epoch):
                    del self.own.rows[handle]
                remote = self._remote.get(handle)
                if remote is not None and _is_of(remote.presence, node, epoch):
                    self._leave(remote, reason)
            case NodeUp(node=node, epoch=epoch):
                self._end(node, epoch - 1)
                if node != self._journal.node:
                    self.own.renew(self._roster)
            case NodeDown(node=node, epoch=epoch):
                self._end(node, epoch)
            case Passing():
                self._show_passing(operation)

    def _landed(self, presence: Presence) -> None:
        """Note what this node has told; the last word of a person is the one that stands last in the log."""
        person = self.own.landed(presence)
        remote = self._remote.get(presence.handle)
        if remote is not None:
            remote.note(presence)  # it goes on as a connection here, or leaves when that does not come
        if person is not None:
            self._be_away(person, presence.away)

    def _attend(self, presence: Presence, reason: str) -> None:
        """Let somebody be where another node says that they are."""
        handle, author = presence.handle, presence.author
        if presence.key.startswith(WATCHER):
            self._watch(presence)
            return
        remote = self._remote.get(handle)
        if remote is not None and (remote.gone or remote.person.author != author):
            self._leave(remote, "")
            remote = None
        person = self._roster.of(author)
        self._free(presence.key, person)
        if remote is not None:
            self._change(remote, presence, reason)
            return
        if person is None:
            person = Person(presence.nick, presence.key, author, presence.since, self._accounts.of(author))
            person.known_since, person.origin = presence.known_since, presence.origin
        person.agreed_away = presence.away
        if not person.connections:
            person.away = presence.away
            if person.nick != presence.nick:  # they are just coming in here, by the same account or token
                self._roster.unseat(person)
                person.nick, person.key = presence.nick, presence.key
            self._roster.seat(person)
        remote = self._remote[handle] = RemoteConnection(person, presence)
        self._attendance.arrive(remote)
        if person.nick != presence.nick:
            self._attendance.rename(remote, presence.nick, presence.key, is_theirs=True)
        for room in presence.rooms:
            self._enter(remote, room)
        self._attendance.settle(remote, Places(presence.rooms, presence.current))
        self._be_away(person, presence.away)
        here = self.own.holder(handle)
        if here is not None:  # its client came back by its token at the other node
            self._attendance.replace(here)

    def _watch(self, presence: Presence) -> None:
        """Let somebody follow a room at another node: they are listed here, and told nothing."""
        if presence.handle not in self._remote:
            account = self._accounts.of(presence.author)
            person = Person(presence.nick, names.key(presence.nick), presence.author, presence.since, account)
            remote = self._remote[presence.handle] = RemoteConnection(person, presence)
            remote.quiet = True
            remote.rooms, remote.current = presence.rooms, presence.current
            person.connections = (remote,)
            self._attendance.note_watcher(remote)

    def _change(self, remote: RemoteConnection, presence: Presence, reason: str) -> None:
        """Carry out the differences to what was known of a connection."""
        before, person = remote.presence, remote.person
        remote.note(presence)
        person.agreed_away = presence.away
        if (presence.nick, presence.key) not in ((before.nick, before.key), (person.nick, person.key)):
            self._attendance.rename(remote, presence.nick, presence.key, is_theirs=True)
        for room in [room for room in remote.rooms if room not in presence.rooms]:
            self._attendance.leave_room(remote, room, reason)
            self._drop_closed(room)
        for room in [room for room in presence.rooms if room not in remote.rooms]:
            self._enter(remote, room)
        self._attendance.settle(remote, Places(presence.rooms, presence.current))
        self._be_away(person, presence.away)

    def _enter(self, remote: RemoteConnection, room: str) -> None:
        is_new = self._rooms.find(room) is None
        self._attendance.enter_room(remote, room)
        if is_new:
            self._rooms.revived(room)  # it may have been forgotten, and have a topic

    def _be_away(self, person: Person, words: str | None) -> None:
        """Let somebody be away (None: back), and tell people who share a room."""
        if person.away == words:
            return
        person.away, person.told_away = words, frozenset()
        rooms = person.rooms
        self._moderation.note_words(person, rooms, self._now())
        room = rooms[0] if len(rooms) == 1 else ""
        event = AwayChanged(room, person.nick, self._now(), words is not None, words or "")
        self._doorways.post(Notice(event, rooms, next(iter(person.connections), None)))
        self.own.note_away(person)

    def _leave(self, remote: RemoteConnection, reason: str) -> None:
        handle, rooms = remote.handle, remote.rooms
        if self._remote.get(handle) is remote:
            del self._remote[handle]
        self._attendance.leave(remote, reason)
        for room in rooms:
            self._drop_closed(room)

    def _drop_closed(self, room: str) -> None:
        """Forget a room that is closed, and that the last one has left."""
        if room in self._moderation.closed:
            self._rooms.drop(room)

    def _end(self, node: str, epoch: int) -> None:
        """Let everybody leave who was at a node up to an epoch of it."""
        for handle in [one for one, row in self.own.rows.items() if row.node == node and row.epoch <= epoch]:
            del self.own.rows[handle]
        for remote in [*self._remote.values()]:
            if remote.presence.node == node and remote.presence.epoch <= epoch:
                self._leave(remote, GONE)

    def _free(self, key: str, person: Person | None) -> None:
        """Take a nickname from whoever has it here and lost it; somebody who is just asking for it is told so later."""
        holder = self._roster.find(key)
        if holder is None or holder is person:
            return
        for remote in [one for one in holder.connections if isinstance(one, RemoteConnection)]:
            self._leave(remote, GONE)
        self.put_out(holder, NodeLost(LOST))
        self._roster.release(holder)

    def put_out(self, person: Person, refusal: Refusal) -> None:
        """Cut off the connections that somebody has at this node."""
        for session in [one for one in self._sessions() if one.connection in person.connections]:
            session.hangup(refusal)

    # What passes

    def _pass_on(self, event: Typing, connection: Connection) -> None:
        fields: dict[str, Any] = {
            "typing": event.room, "active": event.active, "at": event.at, "node": self._journal.node,
        }  # fmt: skip
        self.own.pass_on(Passing(connection.person.author, fields))

    def _show_passing(self, passing: Passing) -> None:
        """Show that somebody at another node is typing."""
        person, event = self._roster.of(passing.author), passing.event
        if event.get("node") == self._journal.node:
            return  # it was shown when it happened
        if passing.author in self._moderation.erased:
            return  # their node has not carried out the erasure yet
        remote = next((one for one in person.connections if one.node), None) if person is not None else None
        room = str(event.get("typing", ""))
        if remote is not None and room in remote.person.rooms:
            typing = Typing(room, remote.person.nick, float(event.get("at", 0)), bool(event.get("active")))
            self._doorways.post(Notice(typing, (room,), remote))


def _is_of(presence: Presence | None, node: str, epoch: int) -> bool:
    return presence is not None and (presence.node, presence.epoch) == (node, epoch)
