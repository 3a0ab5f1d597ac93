"""The hall: puts state, delivery and the journal together.

Nothing happens here that does not concern all of them: starting, sweeping, following new settings, stopping.
Each part is given the few others that it uses; verbs and sessions take the parts they need from the hall.
"""

from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, cast

from twisted.internet.defer import Deferred, fail, inlineCallbacks

from groupchat.config.settings import Settings
from groupchat.delivery.commits import Commits
from groupchat.delivery.fair_share import FairShare
from groupchat.delivery.fanout import Fanout
from groupchat.delivery.ignore_lists import IgnoreLists
from groupchat.delivery.outcomes import Outcomes
from groupchat.delivery.queue import EVERYWHERE, Barrier, Change, Notice, Receipt
from groupchat.delivery.readers import Readers
from groupchat.delivery.stream import Stream
from groupchat.facts.kinds import KINDS
from groupchat.hall.admission import Admission
from groupchat.hall.confirmations import Confirmations
from groupchat.hall.consequences import Arrival, Consequences
from groupchat.hall.ejections import Ejections, Peer
from groupchat.hall.forgetting import Forgetting
from groupchat.hall.health import Health
from groupchat.hall.missed import CHARACTERS
from groupchat.hall.people.attendance import Attendance
from groupchat.hall.people.neighbours import Neighbours
from groupchat.hall.people.own_presences import OwnPresences
from groupchat.hall.people.persistence import Persistence
from groupchat.hall.people.typists import Typists
from groupchat.hall.proofs import Proofs
from groupchat.hall.registration import Registration
from groupchat.hall.stopped_node import StoppedNode
from groupchat.interfaces.clock import Clock
from groupchat.interfaces.identity import IPasswords
from groupchat.interfaces.storage import IClusterJournal, IJournal, Standing
from groupchat.limits.log_limits import LogLimits
from groupchat.model import names
from groupchat.model.drafts import Amendment, Draft
from groupchat.model.errors import JournalUnavailable, NoSuchNick, TimedOut
from groupchat.model.events import SERVER, Announced, AuthorId, Told
from groupchat.model.times import FOREVER, spoken
from groupchat.sharing.sharing import Sharing
from groupchat.state.access_keys import AccessKeys
from groupchat.state.accounts import Accounts
from groupchat.state.known_addresses import KnownAddresses
from groupchat.state.moderation import Moderation
from groupchat.state.people import Connection, Person
from groupchat.state.positions import Positions
from groupchat.state.rooms import Rooms
from groupchat.state.roster import Roster

FEATURES = (
    "rooms",
    "quiet",
    "entered",
    "closing",
    "barrier",
    "type-room",
    "lines",
    "replies",
    "files",
    "access",
    "acts",
    "all",
    "read",
    "programs",
    "search",
)
"""The features that an older server does not have: a client can rely on those that are listed (docs/PROTOCOL.md)."""


REQUESTS = 64
"""What requests may cost that are begun in one turn, as they are charged: some ten milliseconds of work."""

FORGET_S = 60.0
"""Seconds between two looks for rooms that are forgotten."""

DAY_S = 86400

QUOTED = 60
"""The most characters that are told of a line of which it is not known whether it was stored."""


def _at_once(function: Callable[[], None]) -> None:
    """End the turn at once, where there are no turns."""
    function()


class Hall:
    """Everybody who is here, and what they share.

    ``clock`` gives monotonic seconds and delayed calls; ``now`` the wall-clock time in seconds since 1970 UTC.
    ``turn_end`` puts a function off to the end of a reactor's turn, so that all lines of the turn are one batch.
    ``sessions``: every connection, with or without a nickname; ``arrivals``: everybody who is just coming in.
    """

    def __init__(
        self,
        journal: IJournal,
        settings: Settings,
        clock: Clock,
        now: Callable[[], float],
        version: str = "",
        turn_end: Callable[[Callable[[], None]], object] = _at_once,
        passwords: IPasswords | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.now = now
        self.version = version
        self.since = now()
        self.sessions: dict[Peer, None] = {}
        self.arrivals: dict[Arrival, None] = {}
        self.log_limits = LogLimits(settings.log_lines)
        # Data.
        self.accounts = Accounts()
        self.roster = Roster(self.accounts)
        self.roster.give_up = self._give_up
        self.rooms = Rooms(now)
        self.positions = Positions()
        self.known_addresses = KnownAddresses()
        self.access_keys = AccessKeys()
        self.moderation = Moderation()
        # The send path.
        self.health = Health(clock, self._tell_now)
        self.stream = Stream(journal)
        self.fanout = Fanout(self.roster.of)
        self.readers = Readers(
            self.stream, self.fanout, FairShare(turn_end), settings, clock, now, self.health.refuse,
            lambda connection, reason: self.attendance.leave(connection, reason),
            lambda connection: self.attendance.fell_behind(connection),
            lambda connection: self.attendance.caught_up(connection),
        )  # fmt: skip
        self.looking = FairShare(turn_end, CHARACTERS)
        """The share of what is looked at for mentions in one turn."""
        self.requests = FairShare(turn_end, REQUESTS)
        """The share of what costly requests cost that are begun in one turn."""
        self.outcomes = Outcomes(
            self.stream, self.rooms, self.fanout, self.readers, settings, clock,
            lambda change, by: self.consequences.learn(change, by), self.health.refuse,
        )  # fmt: skip
        self.commits = Commits(journal, settings, clock, self.outcomes.deliver, self.health.broken, turn_end)
        self.commits.on_trouble = self.health.report
        # People.
        self.typists = Typists(self.commits, clock, now)
        self.ignore_lists = IgnoreLists(self.fanout, self.roster)
        self.persistence = Persistence(self.accounts, self.roster, self.positions, self.commits, self.readers, now)
        self.attendance = Attendance(
            self.rooms, self.roster, self.moderation, self.persistence, self.commits, self.readers,
            self.ignore_lists, self.typists, self.log_limits, settings, clock, now,
        )  # fmt: skip
        self.ejections = Ejections(
            self.rooms, self.commits, self.attendance, self.persistence, self.health, lambda: list(self.sessions), now
        )
        self._stopped = StoppedNode(self.standing, self.commits, self.health, self.ejections, clock)
        self.consequences = Consequences(
            self.accounts, self.roster, self.rooms, self.moderation, self.positions, self.known_addresses,
            self.access_keys, self.commits, self.ignore_lists, self.attendance, self.persistence, self.ejections,
            lambda: self.arrivals, now,
        )  # fmt: skip
        self.sharing = Sharing(
            self.accounts, self.roster, self.moderation, self.stream, self.commits, settings, clock, now,
            self.attendance.check_room, self.posted,
        )  # fmt: skip
        self.forgetting = Forgetting(self.accounts, self.roster, self.commits, self.ejections)
        self.confirmations = Confirmations(clock)
        self._forgetting_at = 0.0
        self.registration = Registration(self.accounts, self.roster, self.commits, now)
        proofs = Proofs(
            self.accounts, passwords, settings, clock, now,
            lambda account, hashed: self.registration.change(account, replace(account, hash=hashed)),
            self.known_addresses, self.registration.amend, self.access_keys,
        )  # fmt: skip
        self.admission = Admission(self.accounts, proofs, clock, now)
        self.neighbours: Neighbours | None = None
        """The people at other nodes; None: there is only this one."""
        if IClusterJournal.providedBy(journal):
            self._join_others(journal)

    @inlineCallbacks
    def open(self) -> Generator["Deferred[Any]", Any, None]:
        """Learn from the journal which rooms there are and what is true."""
        self.stream.open()
        journal = self.stream.journal
        for stored in (yield journal.rooms()):
            self.rooms.load(stored)
        for kind in KINDS:
            for fact in (yield journal.facts(kind)):
                self.consequences.learn_fact(fact)
        for room in self.moderation.closed:
            self.rooms.drop(room)
        yield self.sharing.files.open()
        if self.neighbours is not None:
            yield self._meet_others(self.neighbours)
        self._forget_rooms()
        self.rooms.revived = self._revive

    def sweep(self) -> None:
        """Do whatever waits for time to pass.  To be called each second."""
        self._stopped.sweep()
        self.commits.sweep()
        self.health.sweep()
        if self.commits.is_slow:
            # After a change on its way a connection is not heard; its client would take this server for dead.
            for session in list(self.sessions):
                session.screen.answer_pings()
        self._turn_away_arrivals()
        self.typists.sweep()
        self.log_limits.sweep()
        self.readers.sweep()
        self.attendance.sweep()
        for notice in self.outcomes.sweep(self.now()):
            self.commits.post(notice)
        self.persistence.sweep()
        if self.neighbours is not None:
            self.neighbours.own.sweep()
        self.moderation.paces.sweep(self.now())
        self._lift_ended()
        if self.clock.seconds() >= self._forgetting_at:
            self._forget_rooms()

    @inlineCallbacks
    def recall_rooms(self, names: Iterable[str]) -> Generator["Deferred[Any]", Any, None]:
        """Learn of rooms that were forgotten, because somebody is about to go there."""
        for name in [name for name in names if self.rooms.find(name) is None]:
            stored = yield self.stream.journal.room(name)
            if stored is not None and self.rooms.find(name) is None:
                self.rooms.load(stored)

    def follow(self, settings: Settings) -> None:
        """Go by these settings from now on, but for those that need a restart."""
        self.settings = settings
        for part in (self.commits, self.readers, self.outcomes, self.attendance, self.admission, self.sharing):
            part.settings = settings
        self.log_limits.limit = settings.log_lines
        for session in self.sessions:
            session.follow(settings)

    def standing(self) -> Standing | None:
        """Return how this node of a cluster stands; None: the server is alone."""
        if not IClusterJournal.providedBy(self.stream.journal):
            return None
        standing: Standing = cast(Any, self.stream.journal).standing()
        return standing

    @property
    def motd(self) -> str:
        """Return the message of the day: an operator's words, or else those of the settings."""
        return self.settings.motd if self.moderation.motd is None else self.moderation.motd.text

    def find(self, nick: str) -> Person:
        """Return the person with this nickname.

        :raises NoSuchNick: there is nobody.
        """
        person = self.here(names.key(nick))
        if person is None:
            raise NoSuchNick(f"Nobody here is called {nick}. /list shows who is.")
        return person

    def here(self, key: str) -> Person | None:
        """Return the person who has the nickname with this key; None: nobody, or somebody who was erased.

        Of these the node where they are has not heard yet.
        """
        person = self.roster.find(key)
        return None if person is not None and person.author in self.moderation.erased else person

    def called(self, author: AuthorId, before: str) -> str:
        """Return the nickname of an author now; ``before`` of a guest who has left."""
        person, account = self.roster.of(author), self.accounts.of(author)
        return person.nick if person is not None else account.nick if account is not None else before

    def passed(self) -> "Deferred[None]":
        """Return a Deferred that fires when everything queued now is on disk (or refused) and delivered.

        It fails with JournalUnavailable when the journal does not answer.
        Of several nodes, this one has seen by then what the others had written.
        """
        waiting: Deferred[None] = Deferred()
        if self.commits.refusal is not None:  # what is under way may be so for long
            return fail(self.commits.refusal)
        if self.neighbours is not None:
            receipt = Receipt()
            receipt.when_settled(partial(waiting.callback, None))
            self.commits.post(Change(Amendment(SERVER, self.now(), ()), receipt))
        else:
            self.commits.post(Barrier(then=partial(waiting.callback, None)))
        return waiting

    @inlineCallbacks
    def posted(self, author: AuthorId, key: str) -> "Generator[Deferred[Any], Any, int | None]":
        """Return the number of what an author has posted with a key; None: nothing."""
        if self.commits.refusal is None:  # otherwise the disk does not answer, and nobody waits for it
            yield self.passed()  # it may be on its way
        number: int | None = yield self.stream.journal.keyed(author, key)
        return number

    def announce(self, text: str) -> None:
        """Say something to everybody, in order with what is being said."""
        self.consequences.announce(text)

    def renew(self, period: float) -> None:
        """Persist twice a day that people who stay are here; called once in a period, in seconds."""
        for session in self.sessions:
            if session.connection is not None:
                self.persistence.renew(session.connection, period)

    def stop(self, text: str) -> "Deferred[None]":
        """Tell everybody, let the queue run empty, and close every connection.  Fires when all is written.

        Connections that are catching up just then are told and closed when they have caught up, which may be later.
        """
        self.announce(text)

        def close(_: None) -> None:
            for session in list(self.sessions):
                if session.connection is not None and session.connection.cursor is not None:
                    self.readers.when_caught_up(session.connection, partial(self._close_late, session, text))
                else:
                    session.close()

        return self.commits.when_idle().addCallback(close).addCallback(lambda _: self.commits.when_idle())

    def tell_unknown(self, why: str, connection: Connection | None = None) -> None:
        """Tell whoever waits for the journal that nobody will tell them what becomes of it; each line by its words.

        A client that comes back by its token is told nothing: it asks once more with its key, and gets the answer.

        :param why: a sentence, which the others begin with; it may be empty.
        :param connection: who leaves before it is known; None: the server stops, and everybody is told.
        """
        for item in self.commits.unanswered():
            origin = item.origin
            if origin is not None and connection in (None, origin) and not origin.screen.style.resumes:
                words = item.operation.text if isinstance(item.operation, Draft) else ""
                self.health.refuse(origin, JournalUnavailable(doubt(why, words)), item.ref)

    # How

    def _join_others(self, journal: Any) -> None:
        """Share the hall with the other nodes of a cluster."""
        own = OwnPresences(
            journal, self.roster, self.attendance, self.commits,
            lambda person, refusal: neighbours.put_out(person, refusal),
        )  # fmt: skip
        neighbours = self.neighbours = Neighbours(
            journal, self.accounts, self.roster, self.rooms, self.moderation, self.attendance, self.typists, own,
            lambda: list(self.sessions), self.clock, self.now,
        )  # fmt: skip
        self.attendance.listener = own
        self.attendance.doorways.is_shared = True
        self.outcomes.attend, self.outcomes.noted = neighbours.learn, neighbours.noted
        self.outcomes.shared = self.sharing.files.shared_elsewhere
        self.sharing.tickets.node = journal.node

    @inlineCallbacks
    def _meet_others(self, neighbours: Neighbours) -> Generator["Deferred[Any]", Any, None]:
        """Learn who is at the other nodes; from then on what they say is applied."""
        journal: Any = self.stream.journal
        neighbours.meet((yield journal.presences()))
        journal.on_broken = self.health.broken
        journal.on_fenced = neighbours.own.cut_off
        journal.on_begun = lambda epoch: neighbours.own.begun()
        journal.on_received = self.outcomes.received

    def _give_up(self, person: Person) -> bool:
        """Take out a person whose connections have all been silent for too long; return whether they were."""
        limit, connections = self.settings.vanished_s, person.connections
        if not connections or any(connection.screen.silence() < limit for connection in connections):
            return False
        refusal = TimedOut(
            f"Nothing came from you for {spoken(limit)}, and somebody else has asked for your nickname. Join again."
        )
        for session in [session for session in self.sessions if session.connection in connections]:
            session.hangup(refusal)
        return self.roster.find(person.key) is not person

    def _close_late(self, session: Peer, text: str) -> None:
        """Close a connection that has caught up after the others were closed."""
        if session.connection is not None:
            session.connection.show(Told((text,)))
        session.close()

    def _turn_away_arrivals(self) -> None:
        """Let nobody who comes in wait for a journal that does not answer."""
        refusal = self.commits.refusal
        if refusal is not None:
            for arrival in list(self.arrivals):
                arrival.journal_silent(refusal)

    def _forget_rooms(self) -> None:
        """Forget rooms in which nobody is, and nothing was posted for long, or all that was has expired."""
        self._forgetting_at = self.clock.seconds() + FORGET_S
        now, settings = self.now(), self.settings
        since = now - settings.room_days * DAY_S if settings.room_days else -FOREVER
        kept = now - settings.retain_days * DAY_S if settings.retain_days else -FOREVER
        self.rooms.forget_unused(since, max(since, kept))

    @inlineCallbacks
    def _revive(self, name: str) -> Generator["Deferred[Any]", Any, None]:
        """Learn what a forgotten room is about, in which something was posted by somebody who is not in it."""
        stored = yield self.stream.journal.room(name)
        room = self.rooms.find(name)
        if stored is None or room is None or room.topic or not stored.topic:
            return
        room.topic = stored.topic
        for member in room.members:
            for shown in dict.fromkeys((name, member.current)):  # a client's lines go to the last
                self.attendance.tell_entered(member, shown)

    def _lift_ended(self) -> None:
        """Let the journal remove bans and mutes that have ended; who was muted is told when it is done."""
        if self.commits.refusal is None:
            for sanction in self.moderation.ended(self.now()):
                self.commits.post(Change(Amendment(SERVER, self.now(), sanction.ended()), Receipt()))

    def _tell_now(self, text: str) -> None:
        """Say something to everybody past the queue."""
        self.outcomes.deliver([Notice(Announced(text, self.now()), EVERYWHERE)], [])


def doubt(why: str, words: str) -> str:
    """Return what is told of something of which it is not known whether it was stored.

    :param words: those that were to be said; only their beginning is told.
    """
    begin = words.partition("\n")[0]
    begin = begin if begin == words and len(begin) <= QUOTED else f"{begin[:QUOTED].rstrip()}…"
    return " ".join(filter(None, (why, JournalUnavailable.NOT_KNOWN, f"It was: {begin}" if words else "")))
