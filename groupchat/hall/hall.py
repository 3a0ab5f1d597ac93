"""The hall: the state everybody shares, the one way in, the one way out, and the one send path."""

import math
from collections import Counter
from collections.abc import Callable, Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.config.settings import Settings
from groupchat.delivery.commits import Commits
from groupchat.delivery.fair_share import Turns
from groupchat.delivery.fanout import Fanout
from groupchat.delivery.outcomes import Delivery
from groupchat.delivery.queue import EVERYWHERE, Entry
from groupchat.delivery.readers import Readers
from groupchat.delivery.recent import Tail
from groupchat.hall.admission import Gate
from groupchat.hall.attendance import Attendance
from groupchat.hall.registration import Registry
from groupchat.hall.typing import Keystrokes
from groupchat.interfaces.clock import Clock
from groupchat.interfaces.identity import IPasswords
from groupchat.interfaces.screens import IScreen
from groupchat.interfaces.storage import IJournal
from groupchat.limits.buckets import TokenBucket
from groupchat.limits.log_limits import Sparing
from groupchat.model import names
from groupchat.model.errors import NoSuchNick
from groupchat.model.events import Announced, AuthorId, Event, Told
from groupchat.model.ranks import Rank
from groupchat.sessions.session import Session
from groupchat.state.accounts import ACCOUNT, INVITE, Account, Accounts
from groupchat.state.moderation import MUTE, Moderation
from groupchat.state.people import SERVER, SERVER_NICK, Person
from groupchat.state.positions import POSITION, Positions
from groupchat.state.rooms import LOBBY as LOBBY
from groupchat.state.rooms import Room
from groupchat.state.roster import Roster
from groupchat.verbs.member import Member

log = Logger()

TROUBLE_S = 60.0
"""After having been told that nothing can be stored, nobody is told again for so long, in seconds."""


def _at_once(function: Callable[[], None]) -> None:
    """The end of a turn for who knows of no turns."""
    function()


class Hall:
    """Everybody who is here, and what they share.

    ``clock`` gives monotonic seconds and delayed calls; ``now`` the wall-clock time in seconds since 1970 UTC.
    ``turn_end`` puts a function off to the end of a reactor's turn, so that all lines of the turn are one batch.
    ``on_broken`` is called, once, when the journal can no longer be trusted.
    ``delivered`` is the number of the newest post that was handed to everybody.
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
        self.version = version
        self.journal = journal
        self.settings = settings
        self.clock = clock
        self.now = now
        self.name_rules = settings.name_rules
        self.roster = Roster()
        self.accounts = Accounts()
        self.positions = Positions()
        self.registry = Registry(self)
        self.gate = Gate(self, passwords)
        self.moderation = Moderation()
        self.people: dict[AuthorId, Person] = {}
        self.rooms: dict[str, Room] = {}
        self.fanout = Fanout(self.people.get)
        self.delivery = Delivery(self)
        self.readers = Readers(self)
        self.turns = Turns(turn_end)
        self.attendance = Attendance(self)
        self.commits = Commits(journal, settings, clock, self.delivery.deliver, self._break, turn_end)
        self.commits.on_trouble = self._tell_trouble
        self.sparing = Sparing(settings.log_lines)
        self._trouble_at = -math.inf
        self._trouble_told = False
        self.since = now()
        self.keystrokes = Keystrokes(self)
        self.tail = Tail(journal.head)
        self.delivered = journal.head
        self.refusals: Counter[str] = Counter()
        """How often something was refused, by code."""
        self.on_delivery: Callable[[float], object] = lambda seconds: None
        """Called after each batch with how long it took to hand it to everybody, in seconds."""
        self.on_broken: Callable[[Failure], None] = lambda failure: None
        self.sessions: dict[Session, None] = {}
        self._broken = False

    @inlineCallbacks
    def open(self) -> Generator["Deferred[Any]", Any, None]:
        """Learn from the journal which rooms and accounts there are."""
        for stored in (yield self.journal.rooms()):
            room = self.rooms[stored.name] = self._new_room(stored.name)
            room.topic, room.last_at, room.stored = stored.topic, stored.last_at, True
        self.accounts.load((yield self.journal.facts(ACCOUNT)), (yield self.journal.facts(INVITE)))
        self.positions.load((yield self.journal.facts(POSITION)))
        ended = yield self.moderation.load(self.journal, self.now())
        if ended:
            self.commits.post(Entry.of_facts(*ended))
            self.commits.pump()
        self.room(LOBBY)

    def sweep(self) -> None:
        """To be called each second: whatever waits for time to pass."""
        self.commits.sweep()
        self.keystrokes.sweep()
        self.sparing.sweep()
        self.readers.sweep()
        self.attendance.sweep()
        self._lift_ended()
        self.commits.pump()

    def follow(self, settings: Settings) -> None:
        """Go by these settings from now on, but for those that need a restart."""
        self.settings = settings
        self.name_rules = settings.name_rules
        self.commits.follow(settings)
        self.sparing.limit = settings.log_lines
        self.gate.follow(settings)
        for room in self.rooms.values():
            room.notices.burst, room.notices.rate = settings.notice_burst, settings.notice_rate
        for session in self.sessions:
            session.follow(settings)

    @property
    def motd(self) -> str:
        """What everybody who comes is told: an operator's words, or else those of the settings."""
        return self.settings.motd if self.moderation.motd is None else self.moderation.motd

    def session(self, screen: IScreen, door: str) -> Session:
        """Begin the life of a connection."""
        session = Session(self, screen, door)
        self.sessions[session] = None
        return session

    def find(self, nick: str) -> Person:
        """Who has this nickname.

        :raises NoSuchNick: nobody here has.
        """
        person = self.roster.find(names.key(nick))
        if person is None:
            raise NoSuchNick(f"Nobody here is called {nick}. /list shows who is.")
        return person

    # What goes through the queue

    def post(self, entry: Entry) -> Entry:
        """Every post of every door passes here.

        :raises JournalUnavailable: the journal takes no posts now.
        :raises Muted, SlowMode: its author may not say this there now.
        """
        if self.moderation.curbs and entry.origin is not None and entry.draft is not None:
            self.moderation.check_post(entry.draft, entry.origin.person, self.now(), self.clock.seconds())
        self.commits.post(entry)
        if entry.origin is not None:
            self.keystrokes.stopped(entry.origin)
        return entry

    def carry_out(self, entry: Entry) -> "Deferred[None]":
        """Fires when an entry that was posted is on disk; fails with its refusal."""
        waiting: Deferred[None] = Deferred()

        def settled() -> None:
            if entry.refusal is None:
                waiting.callback(None)
            else:
                waiting.errback(entry.refusal)

        entry.afterwards(settled)
        self.commits.pump()
        return waiting

    def tell(self, event: Event, rooms: tuple[str, ...] | None, origin: Member | None = None) -> Entry:
        """Queue a notice for who is in one of these rooms (EVERYWHERE: for all)."""
        entry = Entry.of_notice(event, rooms, origin)
        self.commits.post(entry)
        return entry

    def passed(self) -> "Deferred[None]":
        """Fires when everything that is queued now is on disk (or refused) and delivered."""
        waiting: Deferred[None] = Deferred()
        mark = self.tell(Announced("", self.now()), ())
        mark.then = lambda: waiting.callback(None)
        self.commits.pump()
        return waiting

    def announce(self, text: str) -> None:
        """Say something to everybody, in order with what is being said."""
        self.tell(Announced(text, self.now()), EVERYWHERE)
        self.commits.pump()

    # Rooms, and the server itself

    def room(self, name: str) -> Room:
        """The room with this name, made if it is new."""
        room = self.rooms.get(name)
        if room is None:
            room = self.rooms[name] = self._new_room(name)
        return room

    def _new_room(self, name: str) -> Room:
        bucket = TokenBucket(self.settings.notice_burst, self.settings.notice_rate)
        return Room(name, self.now(), bucket)

    def admit_server(self, screen: IScreen, door: str) -> Member:
        """A connection of the server itself."""
        person = Person(SERVER_NICK, names.key(SERVER_NICK), SERVER, self.now())
        person.account = Account(SERVER_NICK, SERVER, "", Rank.OPERATOR, self.now())
        member = Member(self, person, screen, door, self.now())
        person.connections = (member,)
        return member

    # When something goes wrong, or ends

    def stop(self, text: str) -> "Deferred[None]":
        """Tell everybody, let the queue run empty, and close every connection.  Fires when all is written.

        Who is catching up just then is told and closed when they have caught up, which may be later.
        """
        self.announce(text)

        def close(_: None) -> None:
            self.readers.close_all(text)
            self.commits.pump()

        idle = self.commits.when_idle().addCallback(close)
        return idle.addCallback(lambda _: self.commits.when_idle())

    def _lift_ended(self) -> None:
        """Forget bans and mutes that have ended; the journal is told at the next start, when nothing new is on its way.

        Who was muted and is here learns of it.
        """
        self.moderation.forget(self.clock.seconds())
        for sanction, fact in self.moderation.ended(self.now()):
            self.moderation.learn(fact)
            person = self.roster.find(sanction.key) if sanction.author is None else self.people.get(sanction.author)
            if fact.kind == MUTE and person is not None:
                for member in person.connections:
                    member.show(Told((f"You can speak again{f' in {sanction.room}' if sanction.room else ''}.",)))

    def _tell_trouble(self, trouble: str) -> None:
        """Tell everybody that nothing is stored, and when that is over; not each time, if it comes and goes.

        It goes past the queue, which may be what does not move.
        """
        now = self.clock.seconds()
        if trouble and not self._broken and now >= self._trouble_at + TROUBLE_S:
            self._trouble_at, self._trouble_told, text = now, True, trouble
        elif not trouble and self._trouble_told:
            self._trouble_told, text = False, "Messages can be posted again."
        else:
            return
        self.delivery.deliver([Entry.of_notice(Announced(text, self.now()), EVERYWHERE)], [])

    def _break(self, failure: Failure) -> None:
        if not self._broken:
            self._broken = True
            log.failure("The journal can no longer be trusted", failure=failure)
            self.on_broken(failure)
