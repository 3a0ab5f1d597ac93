"""Own presences: what this node tells the others of the connections that it has.

Rules:

1. A nickname is a person's when the log says so: whoever comes in, or takes another one, waits for that.  Where they
   are is told when they have come in, so that nobody is shown somebody who went away while the log was silent.
2. What changed of a connection is told at the place in the queue where the people here are told of it.
3. While a new nickname is on its way nothing else is told of the person: it would take that back.
4. What could not be told is told again as soon as it can be; after the node was cut off, everything is.
5. When nothing of a person is left to be told, they are away here if they are so by what stands last in the log: it may
   be said at another node, or on a connection that is gone.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from groupchat.delivery.commits import Commits
from groupchat.delivery.queue import Change, Receipt
from groupchat.facts.whereabouts import Places
from groupchat.hall.people.attendance import Attendance
from groupchat.interfaces.screens import IScreen
from groupchat.interfaces.storage import IClusterJournal
from groupchat.model.drafts import Operation
from groupchat.model.errors import NickTaken, NodeLost, Refusal
from groupchat.model.events import Done, Ref
from groupchat.model.node_operations import Attend, Depart, Passing, Presence
from groupchat.state.people import Connection, Person, Watcher
from groupchat.state.remote_connections import RemoteConnection
from groupchat.state.roster import Roster

log = Logger()

LOST = "This server was cut off from the others of its cluster, and somebody else has your nickname now. Join again."


TIDIED_SWEEPS = 60
"""Seconds between two looks for presences that are left over."""

WATCHER = "\0"
"""The beginning of what stands for the key of a nickname where nobody claims one: whoever only follows a room."""


class OwnPresences:
    """The presences of this node.

    ``put_out(person, refusal)`` cuts off the connections that somebody has here.
    ``rows``: what was said last of each, by its handle, as all nodes know it.
    """

    def __init__(
        self,
        journal: IClusterJournal,
        roster: Roster,
        attendance: Attendance,
        commits: Commits,
        put_out: Callable[[Person, Refusal], None],
    ) -> None:
        self.rows: dict[str, Presence] = {}
        self.is_elsewhere: Callable[[str], bool] = lambda handle: False
        """Says whether a handle is that of a connection at another node."""
        self.be_away: Callable[[Person, str | None], object] = lambda person, words: None
        """Lets a person be away, with these words, or (None) back."""
        self._journal = journal
        self._roster = roster
        self._attendance = attendance
        self._commits = commits
        self._put_out = put_out
        self._told: dict[Connection, Presence | None] = {}
        """For each connection what was told of it last (None: the others do not know of it)."""
        self._handles: dict[str, Connection] = {}
        """The same connections by their handles."""
        self._claims: dict[str, Person] = {}
        """Who is just coming in, by the handle of the connection."""
        self._renames: dict[Person, tuple[Presence, Callable[[], None]]] = {}
        """Who is just taking another nickname: what was told, and the function that takes it in the hall."""
        self._late: dict[Connection, str] = {}
        """The connections of which something is to be told later, each with the reason for leaving a room."""
        self._departing: dict[str, Depart] = {}
        """Those that are gone, and of which that could not be told."""
        self._returning: set[Connection] = set()
        """Those that are told of again after the node was cut off, until it is known whether they may stay."""
        self._on_the_way: Counter[Person] = Counter()
        """How often something is told of each person that is not on disk yet."""
        self._is_cut_off = False
        self._sweeps = 0

    def holder(self, handle: str) -> Connection | None:
        """Return the connection here that has a handle."""
        return self._handles.get(handle)

    # Coming in

    def known(self, person: Person) -> Connection | None:
        """Return a connection that a person has here already, as the others know; None: there is none."""
        return next((one for one in person.connections if one in self._told), None)

    def claim(
        self,
        person: Person,
        handle: str,
        places: Places,
        program: bool,
        screen: IScreen,
        wish: tuple[str, str] | None = None,
    ) -> "Deferred[None]":
        """Ask for the nickname of somebody who comes in with a connection to these places.

        Fails with NickTaken when somebody at another node was faster.

        :param wish: another nickname than they have here just now, and its key.
        :raises NickTaken, PasswordNeeded, JournalUnavailable: it cannot be had just now.
        """
        if self._commits.refusal is not None:
            raise self._commits.refusal
        known = self._roster.want(person, *wish) if wish is not None else None
        presence = self._presence(person, handle, places, program, screen)
        if not self.is_elsewhere(handle):  # else they come from another node, and stay in their rooms
            presence = replace(presence, rooms=(), current="")
        if wish is not None:
            presence = replace(presence, nick=wish[0], key=wish[1])
        self._claims[handle] = person
        self._departing.pop(handle, None)
        receipt = Receipt()

        def settled() -> None:
            if known is not None:
                known()
            depart = self._departing.pop(handle, None)
            if receipt.refusal is not None:
                self._claims.pop(handle, None)
            elif depart is not None:  # they went away meanwhile, and whoever asks next for the nickname gets it
                self._depart(depart)

        receipt.when_settled(settled)
        answered = receipt.result()
        self._commits.post(Change(Attend(presence, takes=True), receipt))
        return answered

    def came(self, connection: Connection) -> None:
        """Note that somebody has come in; if that is otherwise than was asked for, it is told."""
        handle = connection.handle
        has_claimed = self._claims.pop(handle, None) is not None  # if another node has it since, that is the newer one
        self._departing.pop(handle, None)
        self._told[connection] = self.rows.get(handle)
        self._handles[handle] = connection
        self._news(connection, "", takes=not has_claimed)

    def give_up(self, handle: str) -> None:
        """Note that somebody did not come in after all."""
        if self._claims.pop(handle, None) is not None and handle not in self._handles:
            self._depart(Depart(handle, self._journal.node, self._journal.epoch))

    def watching(self, watcher: Watcher) -> None:
        """Tell that somebody follows a room, who is in none and holds no nickname there."""
        self._told[watcher] = None
        self._handles[watcher.handle] = watcher
        self._news(watcher, "", takes=True)

    # What changes

    def changed(self, connection: Connection, reason: str = "") -> None:
        """Tell where a connection is now, and as whom.

        :param reason: why it left a room, as the others are told.
        """
        self._news(connection, reason)

    def _news(self, connection: Connection, reason: str, takes: bool = False) -> None:
        if connection not in self._told:
            return
        if connection.person in self._renames or self._commits.refusal is not None or self._is_cut_off:
            self._late[connection] = reason
            return
        presence = self._presence_of(connection)
        if presence != self._told[connection]:
            self._tell(connection, presence, Attend(presence, reason, takes), Receipt())

    def departed(self, connection: Connection, reason: str) -> None:
        """Tell that a connection is gone, unless another one has its handle."""
        if connection not in self._told:
            return
        told, handle = self._told.pop(connection), connection.handle
        self._late.pop(connection, None)
        self._returning.discard(connection)
        if self._handles.get(handle) is connection:
            del self._handles[handle]
            if all(one.handle != handle for one in connection.person.connections if one is not connection):
                epoch = self._journal.epoch if told is None else told.epoch
                self._depart(Depart(handle, self._journal.node, epoch, reason))
        self._agree(connection.person)

    def rename(self, connection: Connection, nick: str, key: str, answer: Done | None, ref: Ref) -> Receipt:
        """Ask for another nickname; the connection is answered when it is known whether it is theirs.

        :raises NickTaken, PasswordNeeded, JournalUnavailable: it is not to be had now.
        """
        person = connection.person
        if person in self._renames:
            raise NickTaken("You are just taking another nickname.")
        if self._commits.refusal is not None:
            raise self._commits.refusal
        known = self._roster.want(person, nick, key)
        receipt = Receipt(changes=True)
        presence = replace(self._presence_of(connection), nick=nick, key=key)
        take = partial(self._attendance.rename, connection, nick, key, answer, ref, is_theirs=True)
        self._renames[person] = presence, take

        def settled() -> None:
            known()
            self._renames.pop(person, None)
            for one in person.connections:
                self.changed(one, self._late.pop(one, ""))
            self._agree(person)

        self._tell(connection, presence, Attend(presence), receipt, ref)
        receipt.when_settled(settled)
        return receipt

    def pass_on(self, passing: Passing) -> None:
        """Tell the others of something that passes, if that can be done now."""
        if self._commits.refusal is None and not self._is_cut_off:
            self._commits.post(Change(passing, Receipt()))

    def landed(self, presence: Presence) -> Person | None:
        """Note that something told of a connection here is on disk.

        Return the person, unless something newer of theirs is on its way.
        """
        handle = presence.handle
        self.rows[handle] = presence
        claiming = self._claims.get(handle)
        if claiming is not None:
            here = self._roster.of(claiming.author)
            if here is None or not here.connections:
                self._roster.unseat(claiming)
                claiming.nick, claiming.key = presence.nick, presence.key
                self._roster.seat(claiming)
            elif here.nick != presence.nick:
                self._attendance.rename(here.connections[0], presence.nick, presence.key, is_theirs=True)
        connection = self._handles.get(handle)
        if connection is not None:
            asked, take = self._renames.get(connection.person, (None, None))
            if asked is presence and take is not None:
                take()
        elif presence.key.startswith(WATCHER):
            return None
        # Whoever is just coming in, or gone by now, may be here on another connection.
        person = self._roster.of(presence.author) if connection is None else connection.person
        if person is None:
            return None
        person.agreed_away = presence.away
        newer = self._on_the_way[person] - (claiming is None)
        return person if newer <= 0 else None

    def note_away(self, person: Person) -> None:
        """Note that a person is away, or back, as another node said: whatever they say here is news again."""
        for connection in person.connections:
            told = self._told.get(connection)
            if told is not None:
                self._told[connection] = replace(told, away=person.away)

    def renew(self, people: Iterable[Person]) -> None:
        """Tell a node that starts whether people are away of whom it finds that said in two ways.

        It cannot know which of them stood last in the log; and whoever has a connection that is to be told of may not
        be the one who said so last, nor is that other node sure to be there still.
        """
        for person in people:
            own = [one for one in person.connections if one in self._told]
            said = [self.rows.get(one.handle) for one in own]
            said += [one.presence for one in person.connections if isinstance(one, RemoteConnection)]
            if any(one is not None and one.away != person.away for one in said):
                for connection in own:
                    self._told[connection] = None
                    self.changed(connection)

    def _agree(self, person: Person) -> None:
        """Let a person be away as all nodes know it, unless something of theirs is still to be told."""
        if person.away == person.agreed_away or self._on_the_way[person] or person in self._renames:
            return
        if person.connections and all(one not in self._late for one in person.connections):
            self.be_away(person, person.agreed_away)

    # When the node was cut off

    def cut_off(self) -> None:
        """Note that the others count this node as gone."""
        self._is_cut_off = True

    def begun(self) -> None:
        """Tell of everybody again, in the new epoch of the node."""
        self._is_cut_off = False
        self._departing.clear()
        for connection in list(self._told):
            self._told[connection] = None
            self._returning.add(connection)
            self.changed(connection, self._late.pop(connection, ""))

    def sweep(self) -> None:
        """Tell what could not be told.  To be called each second."""
        if self._commits.refusal is not None or self._is_cut_off:
            return
        late, self._late = self._late, {}
        for connection, reason in late.items():
            self.changed(connection, reason)
        departing, self._departing = self._departing, {}
        for depart in departing.values():
            self._depart(depart)
        self._sweeps += 1
        if self._sweeps % TIDIED_SWEEPS == 0:
            self._tidy()

    # How

    def _tidy(self) -> None:
        """Free the nickname of whoever the others believe to be here, and is not: a mistake must not last for ever."""
        for handle, row in self.rows.items():
            if handle not in self._handles and handle not in self._claims:
                log.warn("{nick} is not here, as the others believe", nick=row.nick)
                self._depart(Depart(handle, row.node, row.epoch))

    def _presence_of(self, connection: Connection) -> Presence:
        found = self._presence(
            connection.person, connection.handle, connection.places, connection.program, connection.screen
        )
        return replace(found, key=WATCHER + found.handle) if isinstance(connection, Watcher) else found

    def _presence(self, person: Person, handle: str, places: Places, program: bool, screen: IScreen) -> Presence:
        account = person.account
        return Presence(
            handle, self._journal.node, self._journal.epoch, person.author, person.nick, person.key,
            "" if account is None else account.nick, person.since, person.known_since, places.rooms, places.current,
            person.away, screen.secure, program, screen.style.door, "" if account is not None else person.origin,
        )  # fmt: skip

    def _tell(
        self, connection: Connection, presence: Presence, operation: Operation, receipt: Receipt, ref: Ref = None
    ) -> None:
        """Tell something of a connection.

        :param receipt: that of a request, which is answered with ``ref``, or of what just happened.
        """
        person, is_asked = connection.person, receipt.changes
        before, self._told[connection] = self._told[connection], presence
        self._on_the_way[person] += 1

        def settled() -> None:
            self._on_the_way[person] -= 1
            if not self._on_the_way[person]:
                del self._on_the_way[person]
            is_returning = connection in self._returning and presence.epoch == self._journal.epoch
            if is_returning:
                self._returning.discard(connection)
            if receipt.refusal is not None and connection in self._told:
                self._was_refused(connection, presence, before, receipt, is_returning)
            self._agree(person)

        receipt.when_settled(settled)
        self._commits.post(Change(operation, receipt, connection if is_asked else None, ref))

    def _was_refused(
        self, connection: Connection, presence: Presence, before: Presence | None, receipt: Receipt, is_returning: bool
    ) -> None:
        """Put a person out whose nickname is somebody else's since the node was cut off, or tell again what is so now.

        :param before: what was told of the connection before this.
        """
        is_asked = receipt.changes
        if not is_asked:
            self._told[connection] = None  # perhaps it was noted meanwhile that another node said something else
        elif self._told[connection] is presence:
            self._told[connection] = before
        if is_returning and isinstance(receipt.refusal, NickTaken):
            self._put_out(connection.person, NodeLost(LOST))
        elif not is_asked:
            self._late.setdefault(connection, "")

    def _depart(self, depart: Depart) -> None:
        if self._commits.refusal is not None:
            self._departing[depart.handle] = depart
            return
        receipt = Receipt()

        def settled() -> None:
            if receipt.refusal is not None and not (depart.handle in self._handles or depart.handle in self._claims):
                self._departing[depart.handle] = depart

        receipt.when_settled(settled)
        self._commits.post(Change(depart, receipt))
