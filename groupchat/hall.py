"""The hall: the state everybody shares, the one way in, the one way out, and the one send path."""

import math
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat import names
from groupchat.absence import POSITION, PRIVATE, Positions
from groupchat.accounts import ACCOUNT, INVITE, Account, Accounts
from groupchat.commits import Commits
from groupchat.cursor import Cursor
from groupchat.drafts import Outcome, Repeated, StoredPost
from groupchat.entry import EVERYWHERE, Entry
from groupchat.errors import NoSuchNick, Refusal, ServerError, TooSlow
from groupchat.events import Announced, AuthorId, Done, Event, Joined, Left, Told, TopicChanged
from groupchat.fanout import Fanout
from groupchat.gate import Gate
from groupchat.interfaces import Clock, IJournal, IPasswords, IScreen
from groupchat.keystrokes import Keystrokes
from groupchat.limits import TokenBucket
from groupchat.member import Member
from groupchat.moderation import MUTE, Moderation
from groupchat.person import SERVER, SERVER_NICK, Person
from groupchat.ranks import Rank
from groupchat.registry import Registry
from groupchat.room import LOBBY as LOBBY
from groupchat.room import Room, condense
from groupchat.roster import Roster
from groupchat.session import Session
from groupchat.settings import Settings
from groupchat.sparing import Sparing
from groupchat.tail import Tail

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
        self.commits = Commits(journal, settings, clock, self._deliver, self._break, turn_end)
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
        self._delivering = False
        self._fallen: list[Member] = []
        self._stalled: dict[Member, float] = {}
        self._farewell = Told(())
        self._lagging: dict[Member, Session] = {}
        """Who was catching up when the hall stopped, and has not caught up yet."""

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
        limit = self.clock.seconds() - self.settings.stuck_timeout_s
        for member in [member for member, since in self._stalled.items() if since <= limit]:
            self._cut(member)
        for room in list(self.rooms.values()):
            if room.gathered and not room.notices.spend(self.clock.seconds(), 0):
                self._flush(room)
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

    def _deliver(self, batch: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
        """Hand over a batch whose drafts are on disk (or refused)."""
        self._delivering = True
        try:
            shown = self._settle(batch, outcomes)
            if shown:
                began = self.clock.seconds()
                self.fanout.deliver(shown)
                self.on_delivery(self.clock.seconds() - began)
        finally:
            self._delivering = False
            fallen, self._fallen = self._fallen, []
            for member in fallen:
                self._fall_behind(member)
            for entry in batch:
                if entry.then is not None:
                    self._take_effect(entry.then)

    def _settle(self, batch: Sequence[Entry], outcomes: Sequence[Outcome]) -> Sequence[Entry]:
        """Give each entry its outcome; what is left is to be shown."""
        results = iter(outcomes)
        shown: list[Entry] = []
        for entry in batch:
            if entry.draft is not None:
                outcome = next(results)
                if not isinstance(outcome, StoredPost):
                    self._turn_down(entry, outcome)
                    continue
                self._accept(entry, outcome)
            elif entry.facts:
                self._keep(entry)
                continue
            shown.append(entry)
        condensed = condense(shown)
        for entry in condensed:
            at = entry.event.at  # type: ignore[attr-defined]  # every post and notice has it
            room = self.rooms.get(entry.rooms[0]) if entry.rooms else None
            if room is None:
                entry.previous = at
            else:
                entry.previous, room.last_at = room.last_at, at
        return condensed

    def _accept(self, entry: Entry, stored: StoredPost) -> None:
        post = stored.event
        entry.event = post
        entry.author, entry.reader = stored.author, stored.reader
        entry.rooms = (post.room,) if post.room else ()
        self.delivered = post.id
        if entry.origin is not None and entry.origin.cursor is not None:
            entry.origin.cursor.acknowledged.add(post.id)
        self.tail.add(stored)
        if self.settings.log_messages:
            words = getattr(post, "text", "")
            log.info("#{id} {kind} {nick}: {text!r}", id=post.id, kind=type(post).__name__, nick=post.nick, text=words)
        if post.room:
            room = self.room(post.room)
            room.stored = True
            if type(post) is TopicChanged:
                room.topic = post.text
        if entry.effect is not None:
            self._take_effect(entry.effect)

    def _keep(self, entry: Entry) -> None:
        """Facts without a draft: nobody is shown anything, but who asked for them is answered."""
        if entry.refusal is not None:
            self._turn_down(entry, entry.refusal)
            return
        if entry.effect is not None:
            self._take_effect(entry.effect)
        if entry.awaited and entry.origin is not None:
            entry.origin.show(Done(0, entry.text), entry.ref)

    def _take_effect(self, effect: Callable[[], None]) -> None:
        """What is on disk becomes so in memory; whatever goes wrong there, the rest of the batch is delivered."""
        try:
            effect()
        except Exception:
            log.failure("What was to follow on a delivery went wrong")

    def _turn_down(self, entry: Entry, outcome: Repeated | Refusal) -> None:
        member = entry.origin
        if member is None:
            return
        if isinstance(outcome, Repeated):
            if entry.awaited:
                member.show(Done(outcome.id, entry.text), entry.ref)
        else:
            member.refuse(outcome, entry.ref)

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
        self._deliver([Entry.of_notice(Announced(text, self.now()), EVERYWHERE)], [])

    def _break(self, failure: Failure) -> None:
        if not self._broken:
            self._broken = True
            log.failure("The journal can no longer be trusted", failure=failure)
            self.on_broken(failure)

    # Comings and goings

    def room(self, name: str) -> Room:
        """The room with this name, made if it is new."""
        room = self.rooms.get(name)
        if room is None:
            room = self.rooms[name] = self._new_room(name)
        return room

    def admit_server(self, screen: IScreen, door: str) -> Member:
        """A connection of the server itself."""
        person = Person(SERVER_NICK, names.key(SERVER_NICK), SERVER, self.now())
        person.account = Account(SERVER_NICK, SERVER, "", Rank.OPERATOR, self.now())
        member = Member(self, person, screen, door, self.now())
        person.connections = (member,)
        return member

    def enter_room(self, member: Member, name: str) -> None:
        """Put a member into a room, and tell who is there."""
        room = self.room(name)
        known = room.holds(member.person)
        room.members[member] = None
        member.rooms = (*(other for other in member.rooms if other != name), name)
        member.current = name
        if not known:
            self._pass_by(room, Joined(name, member.person.nick, self.now()), member)

    def leave_room(self, member: Member, name: str, reason: str) -> None:
        """Take a member out of a room, and tell who is there."""
        room = self.rooms[name]
        del room.members[member]
        member.rooms = tuple(other for other in member.rooms if other != name)
        if member.current == name:
            member.current = member.rooms[-1] if member.rooms else ""
        if not room.holds(member.person):
            self._pass_by(room, Left(name, member.person.nick, self.now(), reason), member)
        if not room.members and not room.stored and name != LOBBY:
            del self.rooms[name]
        self.review(member)

    def leave(self, member: Member, reason: str) -> None:
        """One connection is gone from the hall; when it was the person's last one, so is the nickname."""
        if member.gone:
            return
        member.gone = True
        position = self.delivered if member.cursor is None else member.cursor.position
        rooms = member.rooms
        self.note_position(member, rooms)
        self._detach(member)
        for name in rooms:
            self.leave_room(member, name, reason)
        if member.digest:
            self.commits.save(member.stored(rooms, position))
        person = member.person
        person.connections = tuple(other for other in person.connections if other is not member)
        if not person.connections:
            self.roster.release(person.key, person)
            self.people.pop(person.author, None)
            for ignored in person.ignored:
                self.fanout.unignore(person, ignored)
        if self.sparing.allows("people who leave"):
            log.info(
                "{nick} left: {reason} (from {address}, {seconds:.0f} s)",
                nick=person.nick, reason=reason or "exit", address=member.screen.address,
                seconds=self.now() - member.since,
            )  # fmt: skip

    def replace(self, member: Member) -> None:
        """Put an old connection out because its person came back with a new one.  Nobody else notices."""
        member.gone = True
        self._detach(member)
        for name in member.rooms:
            del self.rooms[name].members[member]
        person = member.person
        person.connections = tuple(other for other in person.connections if other is not member)
        member.show(Told(("You have joined again from elsewhere; this connection is closed.",)))
        member.screen.close()

    def remember(self, member: Member) -> None:
        """Have it written where this connection stands, if it can come back with a token."""
        if member.digest and not member.gone:
            position = self.delivered if member.cursor is None else member.cursor.position
            self.commits.save(member.stored(member.rooms, position))
        if not member.gone:
            self.note_position(member, member.rooms)

    def stop(self, text: str) -> "Deferred[None]":
        """Tell everybody, let the queue run empty, and close every connection.  Fires when all is written.

        Who is catching up just then is told and closed when they have caught up, which may be later.
        """
        self._farewell = Told((text,))
        self.announce(text)

        def close(_: None) -> None:
            for session in list(self.sessions):
                if session.member is not None and session.member.cursor is not None:
                    self._lagging[session.member] = session
                else:
                    session.close()
            self.commits.pump()

        idle = self.commits.when_idle().addCallback(close)
        return idle.addCallback(lambda _: self.commits.when_idle())

    def note_position(self, member: Member, rooms: Sequence[str]) -> None:
        """Have it written how far the account has read these rooms; the journal may miss it, which does no harm."""
        account = member.person.account
        if account is None or account.author not in self.people:
            return
        position = self.delivered if member.cursor is None else member.cursor.position
        facts = self.positions.note(account.author, (*rooms, PRIVATE), position, self.now())
        if facts and self.commits.refusing is None:
            self.commits.post(Entry.of_facts(*facts))

    def _detach(self, member: Member) -> None:
        self.fanout.remove(member)
        member.cursor = None
        self._stalled.pop(member, None)
        self.keystrokes.stopped(member)

    def _pass_by(self, room: Room, event: Joined | Left, member: Member) -> None:
        """Tell of a coming or going, or keep it a while when there were too many for a room of this size."""
        entry = Entry.of_notice(event, (room.name,), member)
        now = self.clock.seconds()
        if room.gathered or room.notices.spend(now, 0):
            room.gathered.append(entry)
        else:
            room.notices.spend(now, len(room.members))
            self.commits.post(entry)

    def _flush(self, room: Room) -> None:
        gathered, room.gathered = room.gathered, []
        room.notices.spend(self.clock.seconds(), len(room.members))
        for entry in gathered:
            self.commits.post(entry)

    # Live, or catching up

    def make_live(self, member: Member) -> None:
        """The member stands at the head: from now on it gets batches as they come."""
        member.cursor = None
        session = self._lagging.pop(member, None)
        if session is None:
            self.fanout.add(member)
        else:
            member.show(self._farewell)
            session.close()

    def review(self, member: Member) -> None:
        """The member's rooms or style have changed."""
        if member.live:
            self.fanout.add(member)

    def pause(self, member: Member) -> None:
        """The member's connection takes nothing more: from the next batch on, it gets nothing."""
        member.paused = True
        self._stalled.setdefault(member, self.clock.seconds())
        if self._delivering:
            self._fallen.append(member)
        else:
            self._fall_behind(member)

    def resume(self, member: Member) -> None:
        """The member's connection takes something again."""
        member.paused = False
        self._stalled.pop(member, None)
        if member.cursor is not None:
            member.cursor.advance()

    def drop(self, member: Member) -> None:
        """Cut off a member that can no longer be promised an unbroken stream."""
        member.refuse(ServerError("Something went wrong here; it has been logged. Join again to go on."))
        member.screen.close()
        self.leave(member, "server error")

    def _fall_behind(self, member: Member) -> None:
        if member.live:
            self.fanout.remove(member)
            member.cursor = Cursor(self, member, self.delivered)
            if not member.paused:
                member.cursor.advance()

    def _cut(self, member: Member) -> None:
        seconds = self.settings.stuck_timeout_s
        member.refuse(TooSlow(f"You have taken nothing for {seconds:g} seconds. Join again to go on where you were."))
        self.leave(member, "too slow")
        member.screen.abort()

    def _new_room(self, name: str) -> Room:
        bucket = TokenBucket(self.settings.notice_burst, self.settings.notice_rate)
        return Room(name, self.now(), bucket)
