"""Ejections: connections are told why, and cut off or taken out of a room."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from groupchat.config.settings import Settings
from groupchat.delivery.commits import Commits
from groupchat.delivery.queue import Change, Receipt
from groupchat.facts.rule_book import put_out_erased
from groupchat.hall.health import Health
from groupchat.hall.people.attendance import Attendance
from groupchat.hall.people.persistence import Persistence
from groupchat.interfaces.screens import IScreen
from groupchat.model import networks
from groupchat.model.drafts import Amendment, PutOut, Revoke
from groupchat.model.errors import Banned, Kicked, LoggedOut, Refusal
from groupchat.model.events import SERVER, AuthorId, Ref, Told
from groupchat.model.networks import Network
from groupchat.state.people import Connection, Person, Watcher
from groupchat.state.rooms import Rooms


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


class Ejections:
    """Tells people what was decided about them, and puts them out.

    ``sessions`` gives every session there is.
    ``now``: the wall-clock time in seconds since 1970 UTC.
    """

    def __init__(
        self,
        rooms: Rooms,
        commits: Commits,
        attendance: Attendance,
        persistence: Persistence,
        health: Health,
        sessions: Callable[[], Iterable[Peer]],
        now: Callable[[], float],
    ) -> None:
        self._rooms = rooms
        self._commits = commits
        self._attendance = attendance
        self._persistence = persistence
        self._health = health
        self._sessions = sessions
        self._now = now

    def tell(self, person: Person | None, words: str, fields: Mapping[str, Any] | None = None) -> None:
        """Tell somebody what was done about them, on each connection."""
        for connection in person.connections if person is not None else ():
            connection.show(Told((words,), fields))

    def tell_network(self, network: Network, words: str, is_spared: Callable[[Person], bool]) -> None:
        """Tell everybody who is connected from a network what was done about it, but for those who are spared."""
        for session in list(self._sessions()):
            connection = session.connection
            if connection is None or is_spared(connection.person):
                continue
            if networks.contains(network, session.screen.address):
                connection.show(Told((words,)))

    def cut_off(self, refusal: Refusal, meant: Callable[[Peer], bool]) -> None:
        """Cut off the connections that are meant, after saying why."""
        for session in [session for session in self._sessions() if meant(session)]:
            session.hangup(refusal)

    def cut_off_network(self, told: Banned, network: Network) -> None:
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

    def stop_watching(self, told: Refusal, meant: Callable[[Watcher], bool]) -> None:
        """Cut off people who follow a room without being in it."""
        self.cut_off(told, lambda session: isinstance(session.connection, Watcher) and meant(session.connection))

    def remove(self, meant: Callable[[Connection], bool], room: str, told: Refusal, why: str) -> None:
        """Take connections out of a room, or (empty) cut them off, after saying why."""
        if not room:
            self.cut_off(told, lambda session: (one := session.connection) is not None and meant(one))
            return
        self.stop_watching(told, lambda watcher: room in watcher.rooms and meant(watcher))
        found = self._rooms.find(room)
        members = found.members if found is not None else ()
        for connection in [member for member in members if not member.node and meant(member)]:
            self._health.refuse(connection, told)
            self._attendance.leave_room(connection, room, told.code, told.code, why)
            self._persistence.was_put_out(connection, room)

    def put_out(self, out: PutOut) -> None:
        """Put an author out, as was decided, on the connections that are here."""

        def meant(connection: Connection) -> bool:
            author = connection.person.author
            return author == out.author and out.concerns(author, connection.handle, connection.access)

        self.remove(meant, out.room, refusal_of(out), out.reason)

    def put_out_person(self, key: str, author: AuthorId | None) -> None:
        """Cut off whoever is here under a nickname, or as an author, whose words are erased."""

        def is_meant(person: Person | None) -> bool:
            return person is not None and (person.key == key or person.author == author)

        self.cut_off(put_out_erased(), lambda session: is_meant(person_of(session)))


def refusal_of(out: PutOut) -> Refusal:
    """Return what those are told who are put out."""
    return LoggedOut(out.words) if out.code == LoggedOut.code else Kicked(out.words)


def person_of(session: Peer) -> Person | None:
    """Return who a session is; None: they have no nickname yet."""
    return None if session.connection is None else session.connection.person
