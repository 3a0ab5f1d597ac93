"""The hall: puts state, delivery and the journal together.

Nothing happens here that does not concern all of them: starting, sweeping, following new settings, stopping.
Each part is given the few others that it uses; verbs and sessions take the parts they need from the hall.
"""

from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Protocol

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.config.settings import Settings
from groupchat.delivery.commits import Commits
from groupchat.delivery.fair_share import FairShare
from groupchat.delivery.fanout import Fanout
from groupchat.delivery.outcomes import Outcomes
from groupchat.delivery.queue import EVERYWHERE, Barrier, Change, Notice, Receipt
from groupchat.delivery.readers import Readers
from groupchat.delivery.stream import Stream
from groupchat.hall.admission import Admission
from groupchat.hall.attendance import Attendance
from groupchat.hall.health import Health
from groupchat.hall.proofs import Proofs
from groupchat.hall.registration import Registration
from groupchat.hall.typists import Typists
from groupchat.interfaces.clock import Clock
from groupchat.interfaces.identity import IPasswords
from groupchat.interfaces.screens import IScreen
from groupchat.interfaces.storage import IJournal
from groupchat.limits.log_limits import LogLimits
from groupchat.model import names
from groupchat.model.drafts import Fact
from groupchat.model.errors import NoSuchNick, Refusal
from groupchat.model.events import Announced, Ref, Told
from groupchat.state import moderation
from groupchat.state.accounts import ACCOUNT, INVITE, Accounts
from groupchat.state.known_addresses import KNOWN_ADDRESS, KnownAddresses
from groupchat.state.moderation import ENDING, MUTE, Moderation
from groupchat.state.people import Connection, Person
from groupchat.state.positions import POSITION, Positions
from groupchat.state.rooms import Rooms
from groupchat.state.roster import Roster
from groupchat.state.sanctions import Sanction

FEATURES = ("rooms", "quiet", "entered", "closing", "barrier")
"""What a client can rely on that an older server does not have, beside what docs/PROTOCOL.md always said."""


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


def _at_once(function: Callable[[], None]) -> None:
    """End the turn at once, where there are no turns."""
    function()


class Hall:
    """Everybody who is here, and what they share.

    ``clock`` gives monotonic seconds and delayed calls; ``now`` the wall-clock time in seconds since 1970 UTC.
    ``turn_end`` puts a function off to the end of a reactor's turn, so that all lines of the turn are one batch.
    ``sessions``: every connection, with or without a nickname.
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
        self.log_limits = LogLimits(settings.log_lines)
        # Data.
        self.accounts = Accounts()
        self.roster = Roster(self.accounts)
        self.rooms = Rooms(now)
        self.positions = Positions()
        self.known_addresses = KnownAddresses()
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
        self.outcomes = Outcomes(
            self.stream, self.rooms, self.fanout, self.readers, settings, clock, self.learn, self.health.refuse
        )
        self.commits = Commits(journal, settings, clock, self.outcomes.deliver, self.health.broken, turn_end)
        self.commits.on_trouble = self.health.report
        # People.
        self.typists = Typists(self.commits, clock, now)
        self.attendance = Attendance(
            self.rooms, self.roster, self.moderation, self.positions, self.commits, self.readers, self.fanout,
            self.typists, self.log_limits, settings, clock, now,
        )  # fmt: skip
        self.registration = Registration(
            self.accounts, self.roster, self.moderation, self.positions, self.known_addresses, self.commits,
            self.attendance, now,
        )  # fmt: skip
        proofs = Proofs(
            self.accounts, passwords, settings, clock, now,
            lambda account, hashed: self.registration.change(account, hash=hashed), self.known_addresses,
            lambda facts: self.commits.post(Change(tuple(facts), Receipt())),
        )  # fmt: skip
        self.admission = Admission(self.accounts, proofs, clock, now)
        self._learners: dict[str, Callable[[Fact], None]] = {
            **dict.fromkeys((ACCOUNT, INVITE), self.registration.learn),
            POSITION: self.positions.learn,
            KNOWN_ADDRESS: self.known_addresses.learn,
            **dict.fromkeys(moderation.KINDS, self.moderation.learn),
        }

    @inlineCallbacks
    def open(self) -> Generator["Deferred[Any]", Any, None]:
        """Learn from the journal which rooms there are and what is true."""
        journal, now = self.stream.journal, self.now()
        for stored in (yield journal.rooms()):
            self.rooms.load(stored)
        ended: list[Fact] = []
        for kind in self._learners:
            for fact in (yield journal.facts(kind)):
                if kind in ENDING and not Sanction.of(fact.value or {}).holds(now):
                    ended.append(Fact(kind, fact.name, None))
                else:
                    self.learn(fact)
        if ended:
            self.commits.post(Change(tuple(ended), Receipt()))

    def learn(self, fact: Fact) -> None:
        """Apply a fact that is on disk: the same at the start and when a batch is delivered."""
        self._learners[fact.kind](fact)

    def sweep(self) -> None:
        """Do whatever waits for time to pass.  To be called each second."""
        self.commits.sweep()
        self.typists.sweep()
        self.log_limits.sweep()
        self.readers.sweep()
        self.attendance.sweep()
        self.moderation.forget_speakers(self.clock.seconds())
        self._lift_ended()

    def follow(self, settings: Settings) -> None:
        """Go by these settings from now on, but for those that need a restart."""
        self.settings = settings
        for part in (self.commits, self.readers, self.outcomes, self.attendance, self.admission):
            part.settings = settings
        self.log_limits.limit = settings.log_lines
        for session in self.sessions:
            session.follow(settings)

    @property
    def motd(self) -> str:
        """Return the message of the day: an operator's words, or else those of the settings."""
        return self.settings.motd if self.moderation.motd is None else self.moderation.motd

    def find(self, nick: str) -> Person:
        """Return the person with this nickname.

        :raises NoSuchNick: there is nobody.
        """
        person = self.roster.find(names.key(nick))
        if person is None:
            raise NoSuchNick(f"Nobody here is called {nick}. /list shows who is.")
        return person

    def passed(self) -> "Deferred[None]":
        """Return a Deferred that fires when everything queued now is on disk (or refused) and delivered."""
        waiting: Deferred[None] = Deferred()
        self.commits.post(Barrier(then=partial(waiting.callback, None)))
        return waiting

    def announce(self, text: str) -> None:
        """Say something to everybody, in order with what is being said."""
        self.commits.post(Notice(Announced(text, self.now()), EVERYWHERE))

    def renew(self, period: float) -> None:
        """Persist twice a day that people who stay are here; called once in a period, in seconds."""
        for session in self.sessions:
            if session.connection is not None:
                self.attendance.renew(session.connection, period)

    def cut_off(self, refusal: Refusal, meant: Callable[[Peer], bool]) -> None:
        """Close every connection that is meant, after saying why."""
        for session in [session for session in self.sessions if meant(session)]:
            session.hangup(refusal)

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

    # How

    def _close_late(self, session: Peer, text: str) -> None:
        """Close a connection that has caught up after the others were closed."""
        if session.connection is not None:
            session.connection.show(Told((text,)))
        session.close()

    def _lift_ended(self) -> None:
        """Forget bans and mutes that have ended, and tell muted people who are online.

        The journal is told at the next start, when nothing new is on its way.
        """
        for sanction, fact in self.moderation.ended(self.now()):
            self.moderation.learn(fact)
            person = self.roster.find(sanction.key) if sanction.author is None else self.roster.of(sanction.author)
            if fact.kind == MUTE and person is not None:
                for connection in person.connections:
                    connection.show(Told((f"You can speak again{f' in {sanction.room}' if sanction.room else ''}.",)))

    def _tell_now(self, text: str) -> None:
        """Say something to everybody past the queue."""
        self.outcomes.deliver([Notice(Announced(text, self.now()), EVERYWHERE)], [])
