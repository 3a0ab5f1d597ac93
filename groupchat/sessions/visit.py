"""Visits: requests that each prove who asks, as over HTTP, and nobody is told that they come and go.

Whoever visits is in no room and in no list.  What they may do is decided as for everybody else: by the same verbs,
the same rules of admission, and the same decisions of operators.

Rules:

1. A visit is made by one request; one that follows a room goes on until the connection ends.
2. Nothing secret is compared before it is known that secrets are taken on this line.
3. How much is asked for is counted for the account, or for the household of guests and of those who prove nothing;
   it does not matter over how many connections.
4. What can have changed during a wait is looked at again after it.
5. Nobody waits longer than others for a journal that does not answer; what they asked for may be stored all the same.
"""

from collections.abc import Callable, Generator
from functools import partial
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from groupchat.config.settings import Settings
from groupchat.facts.account_facts import Account
from groupchat.hall.hall import Hall
from groupchat.interfaces.files import IUpload
from groupchat.interfaces.screens import IScreen
from groupchat.limits.allowances import Allowances
from groupchat.model.drafts import PutOut, Revoke, SharedFile
from groupchat.model.errors import Flooding, JournalUnavailable, NotJoined, Refusal
from groupchat.model.events import Answer, Ref, Refused
from groupchat.model.networks import origin
from groupchat.sessions.visited_rooms import VisitedRooms
from groupchat.sessions.visitor import Credentials, Visitor
from groupchat.state.people import Connection, Person, Watcher
from groupchat.verbs.actor import Actor
from groupchat.verbs.commands import COMMANDS
from groupchat.verbs.talking import SEND_COST, offered

log = Logger()

NOTED = 1024
"""The number of people, each with an address, who are not logged again."""


class Visits:
    """Makes the visits to a hall, and counts how much each visitor asks for."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self._allowances = Allowances(hall.clock)
        self._noted: dict[tuple[str, str], None] = {}
        """Who came lately, from which address: the oldest first."""

    def begin(self, screen: IScreen) -> "Visit":
        """Begin a visit, which is answered at this screen."""
        return Visit(self, screen)

    def knows_hook(self, secret: str, screen: IScreen) -> bool:
        """Return whether there is a hook with this secret.

        :raises NotEncrypted: secrets are not taken on this connection.
        """
        self.hall.admission.check_line(screen)
        return self.hall.access_keys.hooks.find(secret) is not None

    def note(self, person: Person, address: str) -> None:
        """Log who says something from which address, unless that was logged lately: they join nowhere and never leave.

        For an operator who wants to know where a guest comes from that is all there is.
        """
        came = person.key, address
        if self._noted.pop(came, came) is came and self.hall.log_limits.allows("people who say something by requests"):
            log.info("{nick} says something by requests from {address}", nick=person.nick, address=origin(address))
        self._noted[came] = None
        if len(self._noted) > NOTED:
            del self._noted[next(iter(self._noted))]

    def redeem(self, code: str, length: int | None, on_drained: Callable[[], object]) -> IUpload:
        """Begin to take the file of a ticket; its code is all that is needed.

        :param length: the bytes that are announced; None: none are.
        :raises Refusal: there is no such ticket, or nothing can be sent with it now.
        """
        return self.hall.sharing.redeem(code, length, on_drained)

    def redeemed(self, code: str) -> "Deferred[tuple[int, str] | None]":
        """Return number and path of the file of a ticket, if it was posted with its key already."""
        return self.hall.sharing.redeemed(code)

    def open_file(self, link: str) -> "Deferred[tuple[SharedFile, BinaryIO]]":
        """Return the file with this public id, open for reading.  Fails with NoSuchFile, FilesUnavailable."""
        return self.hall.sharing.files.fetch(link)

    def open_for_node(self, sha256: str, proof: str) -> "Deferred[BinaryIO]":
        """Return the file with this hash for another node.

        :raises NoSuchFile: who asks is none.  Its Deferred fails likewise, and with FilesUnavailable.
        """
        return self.hall.sharing.files.fetch_for_node(sha256, proof)

    def at_once(self) -> "Deferred[Any]":
        """Return a Deferred that has fired: nothing is charged, and nobody waits."""
        return self._allowances.after(0.0)

    def charge(self, who: object, cost: float) -> "Deferred[Any]":
        """Charge a visitor, and return a Deferred that fires when it is their turn.

        :raises Flooding: that would be too far away; nothing is charged then.
        """
        settings = self.hall.settings
        wait = self._allowances.charge(who, cost, settings.flood_burst, settings.flood_rate)
        if wait > settings.flood_patience_s:
            self._allowances.give_back(who, cost)
            raise Flooding("You send faster than this server takes it. Send less, and come back.", wait)
        return self._allowances.after(wait)


class Visit:
    """One request, or one reader who follows a room.

    ``connection``: None until it is known who it is.
    """

    def __init__(self, visits: Visits, screen: IScreen) -> None:
        self.screen = screen
        self.connection: Connection | None = None
        self._visits = visits
        self._hall = visits.hall
        self._visitor = Visitor(self._hall, screen, self._charge)
        self.on_silent: Callable[[Refusal], object] = lambda refusal: None
        """Called, once, with what is answered in place of what is not known because the journal does not answer."""
        self._asked_at = 0.0
        self._is_over = False
        self._room: Deferred[None] | None = None
        """Fires when the queue before the journal is short again."""
        self._hall.sessions[self] = None

    # What a door calls

    @inlineCallbacks
    def come(self, credentials: Credentials) -> "Generator[Deferred[Any], Any, None]":
        """Find out who asks.

        :raises Refusal: they may not come in.
        """
        hall, screen = self._hall, self.screen
        hall.moderation.check_address(screen.address, hall.now())
        person: Person = yield self._visitor.prove(credentials)
        if person.nick:
            hall.moderation.check_coming(person.author, person.key, hall.now())
        self._check_open()
        self._connect(Connection(person, screen, hall.now()))

    @inlineCallbacks
    def do(
        self, name: str, fields: "dict[str, Any]", key: str | None = None, is_charged: bool = False
    ) -> "Generator[Deferred[Any], Any, None]":
        """Call a verb, which is answered at the screen; what it posts is posted once with the ``key``.

        :param is_charged: whether it was charged already, with 1.
        :raises Refusal: it is refused before it is called.
        """
        hall, connection = self._hall, self._me()
        if not connection.person.nick:
            raise NotJoined("Say who you are: with ?nick=NAME as a guest, or an account's token or password.")
        me = Actor(hall, connection, None, key)
        verb, given = COMMANDS.read_fields(me, name, fields)
        self._visits.note(connection.person, self.screen.address)
        yield self._charge(verb.cost - is_charged)
        room = fields.get("room")
        if isinstance(room, str) and room and hall.rooms.find(room) is None:
            yield self.rooms.recall(room)
        if hall.commits.congested:
            self._room = Deferred()
            hall.commits.make_wait(self)
            yield self._room
        self._check_open()
        self._asked_at = hall.clock.seconds()
        hall.arrivals[self] = None
        call = partial(verb.function, me, **given)
        reply = call() if key is None or not verb.posts else me.once(key, call)
        if isinstance(reply, Deferred):
            reply = yield reply
        if isinstance(reply, Answer):
            connection.show(reply)

    @inlineCallbacks
    def share(
        self,
        name: str,
        length: int | None,
        on_drained: Callable[[], object],
        room: str = "",
        nick: str = "",
        reply: int | None = None,
        key: str | None = None,
    ) -> "Generator[Deferred[Any], Any, IUpload | tuple[int, str]]":
        """Begin to take a file for a room, or for one person; it is charged as /send is.

        What may not be sent now and was posted with the key already is not taken: its number and path are returned.

        :param length: the bytes that are announced; None: none are.
        :raises Refusal: it may not be sent.
        """
        hall, connection = self._hall, self._me()
        if not connection.person.nick:
            raise NotJoined("Say who you are: with an account's token or password.")
        yield self._charge(SEND_COST)
        me = Actor(hall, connection, None, key)
        try:
            offer = yield offered(me, name, length, nick, room, reply)
            self._check_open()
            upload: IUpload = hall.sharing.begin(offer, connection.person, length, on_drained)
        except Refusal:
            first: tuple[int, str] | None = yield hall.sharing.posted(connection.person.author, key)
            self._check_open()
            if first is None:
                raise
            return first
        return upload

    @property
    def rooms(self) -> VisitedRooms:
        """Return the rooms as the visitor may read them."""
        return VisitedRooms(self._hall, lambda: self._me().person, self._charge)

    @property
    def hooked_room(self) -> str:
        """Return the room of the hook that was given; empty: none was."""
        return "" if self._visitor.hook is None else self._visitor.hook.room

    def charge(self) -> "Deferred[Any]":
        """Charge the visitor for one more request; fires when it is their turn.

        :raises Flooding: that would be too far away.
        """
        return self._charge(1.0)

    def watch(self, screen: IScreen, room: str, since: int | None) -> None:
        """Show a room's posts at this screen from now on, or from after a number; nothing is missing, nothing twice.

        :raises Refusal: it may not be read.
        """
        hall, person, name = self._hall, self._me().person, self.rooms.readable(room)
        self.screen = screen
        token = self._visitor.token
        watcher = Watcher(person, screen, hall.now(), name, token.digest if token is not None else "")
        self._connect(watcher)
        hall.attendance.watch(watcher)
        delivered = hall.stream.delivered
        hall.readers.begin(watcher, delivered if since is None else min(since, delivered))

    def end(self) -> None:
        """Note that the request is answered, or the connection gone."""
        if self._is_over:
            return
        self._is_over = True
        self._hall.arrivals.pop(self, None)
        self._hall.sessions.pop(self, None)
        if self.connection is not None and not self.connection.gone:
            self._hall.attendance.stop_watching(self.connection)
        self.go_on()

    def lost(self, reason: str) -> None:
        """Note that the connection is gone."""
        self.end()

    def paused(self) -> None:
        """Show nothing more until the connection takes something again."""
        if self.connection is not None and not self.connection.gone:
            self._hall.readers.pause(self.connection)

    def drained(self) -> None:
        """Go on: the connection takes something again."""
        if self.connection is not None and not self.connection.gone:
            self._hall.readers.resume(self.connection)

    def refused(self, refusal: Refusal) -> None:
        """Count what the door refuses."""
        self._hall.health.refusals[refusal.code] += 1

    # What the hall calls

    def refuse(self, refusal: Refusal, ref: Ref = None) -> None:
        """Say that something is refused."""
        self.refused(refusal)
        screen = self.screen
        screen.write(screen.answer(Refused(refusal.code, str(refusal), refusal.wait), ref, "", ""))

    def hangup(self, refusal: Refusal | None = None) -> None:
        """Cut the visit off, after telling why."""
        if self._is_over:
            return
        if refusal is not None:
            self.refuse(refusal)
        self.end()
        self.screen.close(refusal.code if refusal is not None else "connection-lost")

    def close(self) -> None:
        """Close because the server stops."""
        if self in self._hall.arrivals:  # a refusal with another code would say that nothing was stored
            self.on_silent(JournalUnavailable(f"The server stops. {JournalUnavailable.NOT_KNOWN}"))
        if not self._is_over:
            self.end()
            self.screen.close("stopping")

    def follow(self, settings: Settings) -> None:
        """Do nothing: what a visitor may ask for is looked at each time."""

    def overtaken(self, change: Revoke | PutOut) -> None:
        """Do nothing: what let the visitor in is looked at again after each wait."""

    def journal_silent(self, refusal: Refusal) -> None:
        """Answer that it is not known what became of a request, when that takes too long."""
        hall = self._hall
        if hall.clock.seconds() >= self._asked_at + hall.settings.commit_refuse_s:
            hall.arrivals.pop(self, None)
            self.on_silent(JournalUnavailable(f"{refusal} {JournalUnavailable.NOT_KNOWN}"))

    def wait_for_journal(self) -> None:
        """Do nothing: a visit waits by itself."""

    def go_on(self) -> None:
        """Go on: the queue before the journal is short again."""
        waiting, self._room = self._room, None
        if waiting is not None:
            waiting.callback(None)

    # How

    def _me(self) -> Connection:
        self._check_open()
        assert self.connection is not None
        return self.connection

    def check(self) -> None:
        """See that the visitor may still go on, after a wait.  Raises a Refusal."""
        self._check_open()

    def _check_open(self) -> None:
        """See that what let the visitor in is still true, after a wait.

        :raises NotJoined: the visit was ended meanwhile, and its end was told.
        :raises AccessInvalid, NoSuchHook: the token or hook was ended, or its account removed.
        """
        if self._is_over:
            raise NotJoined("The request was ended.")
        self._visitor.check_still(self._account)

    @property
    def _account(self) -> Account | None:
        return None if self.connection is None else self.connection.person.account

    def _connect(self, connection: Connection) -> None:
        connection.program = connection.quiet = True
        connection.relays = self._visitor.hook is not None
        connection.person.connections = (connection,)
        self.connection = connection

    def _charge(self, cost: float) -> "Deferred[Any]":
        account = self._account
        if cost <= 0 or self.screen.exempt or (account is not None and self._hall.moderation.is_operator(account)):
            return self._visits.at_once()
        return self._visits.charge(self._visitor.who, cost)
