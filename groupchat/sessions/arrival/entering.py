"""Entering: the connection is made and put into its rooms, is shown what was before it, and reads by its cursor.

All of it is one turn of the reactor: nothing that is posted is missed, or shown twice.
"""

from collections.abc import Callable, Sequence

from twisted.logger import Logger

from groupchat.facts.whereabouts import Places
from groupchat.hall.hall import FEATURES
from groupchat.hall.missed import Missed
from groupchat.model.drafts import StoredPost
from groupchat.model.errors import BadArguments
from groupchat.model.events import AuthorId, Ref, Refused, Welcomed
from groupchat.model.networks import origin
from groupchat.sessions.arrival.destination import Destination
from groupchat.sessions.arrival.held_nickname import HeldNickname
from groupchat.sessions.arrival.newcomer import Newcomer
from groupchat.state.people import Connection, Ignored, Partner, Person
from groupchat.verbs.reading import replay
from groupchat.verbs.visiting import company

log = Logger()

SOMEBODY = "The person you wrote to"
"""The nickname of a guest in a private conversation who is not here when the other one comes back."""

HEAD = "head"
"""Value of ``since`` meaning: no history."""


class Entering:
    """Puts somebody in who has proved who they are.

    ``joined`` is called with the new connection before it is shown anything.
    """

    def __init__(
        self, newcomer: Newcomer, nickname: HeldNickname, ref: Ref, joined: Callable[[Connection], None]
    ) -> None:
        self._newcomer = newcomer
        self._nickname = nickname
        self._ref = ref
        self._joined = joined
        self._hall, self._screen = newcomer.hall, newcomer.screen
        self._claim, self._leaving = newcomer.claim, newcomer.leaving

    def enter(
        self, person: Person, destination: Destination, upto: int, earlier: Sequence[StoredPost], missed: Missed
    ) -> None:
        """Be in.

        :param upto: the post up to which ``earlier`` and ``missed`` were read from the journal.
        """
        hall, screen, claim, newcomer = self._hall, self._screen, self._claim, self._newcomer
        if self._leaving is not None:
            hall.attendance.leave(self._leaving, f"logged in as {person.nick}")
        person.account = hall.accounts.of(person.author)
        if not person.connections:
            self._recall_ignored(person)
        if person.account is not None and newcomer.access is None:
            hall.admission.welcome(person.account, screen)
        self._choose_preferences(person)
        position = self._position(person)
        connection = self._connect(person, destination.places)
        hall.persistence.arrived(connection, position)
        if person.account is not None and self._settles(person, destination):
            hall.persistence.adopt(person.account, connection)
        self._take_wished_nickname(connection)
        account = person.account.nick if person.account is not None else ""
        welcome = Welcomed(
            person.nick, connection.current, hall.stream.delivered, newcomer.token or "", position, connection.rooms,
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

    def _recall_ignored(self, person: Person) -> None:
        """Let an account, or a guest with a token, go on to ignore the people they ignored when they were here last."""
        if person.account is not None:
            kept = [(one.other, one.nick, one.origin) for one in self._hall.accounts.ignoring(person.author)]
        else:
            kept = [] if self._newcomer.stored is None else list(self._newcomer.stored.ignored)
        for other, *one in kept:
            self._hall.ignore_lists.ignore(person, other, Ignored(*one))

    def _position(self, person: Person) -> int:
        """Return how far the last connection with this token has read; it may still be here."""
        stored = self._newcomer.stored
        if stored is None:
            return 0
        here = next((one for one in person.connections if one.digest == stored.digest), None)
        return stored.position if here is None or here.node else self._hall.readers.position(here)

    def _settles(self, person: Person, destination: Destination) -> bool:
        """Say whether the account is where this connection comes in: it was nowhere yet, or cannot be where it was."""
        if self._claim.is_program or destination.is_asked:
            return False
        return destination.is_account or self._hall.accounts.places(person.author) is None

    def _connect(self, person: Person, places: Places) -> Connection:
        """Make the connection, put it into its rooms, and close the one it replaces."""
        hall = self._hall
        digest = self._newcomer.digest
        # An account may have many connections, but only one with each token; a guest has one.
        old = tuple(one for one in person.connections if person.account is None or (digest and one.digest == digest))
        connection = Connection(person, self._screen, hall.now())
        connection.attended = connection.attended or self._claim.attended
        connection.program = self._newcomer.is_program
        connection.quiet = self._claim.quiet and not self._claim.rooms
        connection.access = self._newcomer.access.digest if self._newcomer.access is not None else ""
        connection.marks = self._claim.marks and not connection.program
        connection.partner = self._partner(old)
        if digest:
            connection.hold_token(digest)
        elif self._nickname.handle:
            connection.hold_handle(self._nickname.handle)
        hall.attendance.arrive(connection)
        self._joined(connection)
        connection.silent = self._is_silent(old)
        for room in places.rooms:
            hall.attendance.enter_room(connection, room)
        hall.attendance.settle(connection, places)
        if hall.neighbours is not None:
            hall.neighbours.own.came(connection)
        for one in old:
            hall.attendance.replace(one)
        return connection

    def _partner(self, old: Sequence[Connection]) -> Partner | None:
        """Return whom the lines go to: what was meant for one person is not said in a room after an interruption."""
        if self._claim.rooms is not None:
            return None
        stored, before = self._newcomer.stored, (self._leaving,) if self._leaving is not None else old
        known = next((one.partner for one in before if one is not None and one.partner is not None), None)
        if known is not None or before or stored is None or stored.partner is None:
            return known
        return Partner(stored.partner, self._hall.called(stored.partner, SOMEBODY))

    def _is_silent(self, old: Sequence[Connection]) -> bool:
        """Say whether the connection wants nothing of what was said before it, or what it goes on from, came."""
        since, stored = self._claim.since, self._newcomer.stored
        if self._leaving is not None:
            return self._leaving.silent
        if isinstance(since, int):
            return any(one.silent for one in old) if old else stored is not None and stored.silent
        return since == HEAD

    def _take_wished_nickname(self, connection: Connection) -> None:
        """Rename a guest who came back with a token and another nickname, unless somebody took that meanwhile."""
        wish = None if self._hall.neighbours is not None else self._nickname.wish(connection.person)
        if wish is not None:
            self._hall.attendance.rename(connection, *wish)

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
