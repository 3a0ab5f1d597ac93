"""Joining: people prove who they are, claim their nickname, the earlier posts are read, and they are live.

Rules:

1. From the claim of the nickname on, nobody else can have it; it is freed again if the connection is lost meanwhile.
2. What can have changed during a read of the journal is looked at again after it.
3. A guest who comes back by a token is who was meant by what was decided about their nickname while they were away.
4. From the first thing the connection is shown until it reads by its cursor, no turn of the reactor passes.
5. Nobody waits longer than others for a journal that does not answer.  Who was told so has given up: whatever of theirs
   was on its way, nobody is shown it.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.hall.hall import Hall
from groupchat.hall.missed import Missed, look_up
from groupchat.interfaces.screens import IScreen
from groupchat.model.claims import Claim
from groupchat.model.drafts import Audience, PutOut, Revoke, StoredPost
from groupchat.model.errors import JournalUnavailable, Refusal
from groupchat.model.events import Ref
from groupchat.model.preferences import SERVER_CHOICE
from groupchat.sessions.arrival.destination import Destination, asked_for, of_before, wanted
from groupchat.sessions.arrival.entering import Entering
from groupchat.sessions.arrival.held_nickname import HeldNickname
from groupchat.sessions.arrival.newcomer import Newcomer
from groupchat.state.people import Connection, Person

log = Logger()

STOPPED_FOR_NEWCOMERS = (
    "This server takes no messages any more, until whoever runs it has mended that. Nobody can come in; try another"
    " address of this chat."
)


class Joining:
    """One attempt to come in.

    ``joined`` is called with the new connection before it is shown anything.
    ``leaving``: the connection that is given up for it, when somebody logs in who is here already.
    """

    def __init__(
        self,
        hall: Hall,
        screen: IScreen,
        claim: Claim,
        ref: Ref,
        joined: Callable[[Connection], None],
        leaving: Connection | None = None,
    ) -> None:
        self._hall = hall
        self._screen = screen
        self._claim = claim
        self._leaving = leaving
        self._newcomer = Newcomer(hall, screen, claim, leaving)
        self._nickname = HeldNickname(self._newcomer)
        self._entering = Entering(self._newcomer, self._nickname, ref, joined)
        self._answer: Deferred[Any] | None = Deferred()
        """None once it is answered."""
        self._began = hall.clock.seconds()
        self.is_given_up = False
        """Set when the connection is lost meanwhile."""

    def overtaken(self, change: Revoke | PutOut) -> None:
        """Note that tokens work no longer, or that somebody was put out of the hall: it may be this one."""
        self._newcomer.overtaken(change)

    def begin(self) -> "Deferred[Any]":
        """Come in.

        :raises NickInvalid, NickReserved, NickTaken, AccountExists: choose another nickname.
        :raises TokenInvalid, AccessInvalid: the token is unknown.
        :raises RoomInvalid, BadArguments: the rooms asked for cannot be.
        :raises Refusal: admission does not let the person in.
        """
        answer = self._answer
        assert answer is not None
        self._hall.arrivals[self] = None
        self._come_in().addBoth(self._ended)
        return answer

    def journal_silent(self, refusal: Refusal) -> None:
        """Give up, and say so, when it takes too long because the journal does not answer."""
        if self._hall.clock.seconds() < self._began + self._hall.settings.commit_refuse_s:
            return
        self.is_given_up = True
        self._nickname.give_back()
        self._ended(Failure(refusal))

    def _ended(self, result: object) -> None:
        """Answer, unless that was done before the journal answered."""
        self._hall.arrivals.pop(self, None)
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.callback(self._explained(result))
        elif isinstance(result, Failure) and not result.check(Refusal):
            log.failure("An attempt to come in failed after it was given up", failure=result)

    def _explained(self, result: object) -> object:
        """Return what somebody is told who cannot come in because the journal does not answer, or whatever else it is.

        What they asked for besides may have been stored all the same.
        """
        standing = self._hall.standing()
        is_stopped = standing is not None and bool(standing.stopped)
        if not (self._hall.commits.refusal is not None or is_stopped) or not isinstance(result, Failure):
            return result
        if not result.check(JournalUnavailable):
            return result
        is_made = self._newcomer.is_registering
        made = f" Whether the account {self._claim.nick} was made is not known yet." if is_made else ""
        if is_stopped:  # whoever is there already can read on; nobody else can
            return Failure(JournalUnavailable(f"{STOPPED_FOR_NEWCOMERS}{made}"))
        return Failure(JournalUnavailable(f"{result.value} You cannot come in either. Try again in a while.{made}"))

    @inlineCallbacks
    def _come_in(self) -> Generator["Deferred[Any]", Any, None]:
        hall, newcomer, nickname = self._hall, self._newcomer, self._nickname
        self._claim.check_lengths()
        asked = wanted(self._claim, hall.settings.rooms_max)
        yield newcomer.prove()
        if self._is_over:
            return
        person = nickname.take()
        try:
            destination = self._destination(person, asked)
            upto = hall.stream.delivered
            earlier: Sequence[StoredPost] = ()
            if self._claim.since is None:
                earlier = yield self._earlier(destination.places.current, upto)
            if nickname.person is None:
                return
            missed: Missed = yield self._missed(person, destination.places.rooms, upto)
            yield hall.recall_rooms(destination.places.rooms)
            yield newcomer.bind()
            if hall.roster.of(person.author) is not person and not self._is_over:
                # The person's old connection ended meanwhile, and freed the nickname.
                person = nickname.take()
            self._check_again(person)
            destination = self._admitted(person, destination)
            if hall.neighbours is not None and not self._is_over:
                person = yield nickname.ask_others(hall.neighbours.own, person, destination.places)
                self._check_again(person)
                destination = self._admitted(person, destination)
            earlier = [one for one in earlier if one.event.room in destination.places.rooms]
            missed = missed.within(destination.places.rooms)
        except BaseException:
            self._nickname.give_back()
            raise
        if self._is_over:
            self._nickname.give_back()
        else:
            self._entering.enter(person, destination, upto, earlier, missed)

    def _check_again(self, person: Person) -> None:
        """See that nothing was decided meanwhile by which somebody may not come in."""
        self._newcomer.check_again(person)
        self._nickname.check_again(person)

    @property
    def _is_over(self) -> bool:
        """Say whether it is too late: the connection is lost, or was replaced while its login was checked."""
        return self.is_given_up or (self._leaving is not None and self._leaving.gone)

    def _destination(self, person: Person, asked: tuple[str, ...] | None) -> Destination:
        """Return where somebody comes in.

        :raises Banned, RoomLocked, Muted: they may go into none of the rooms they asked for.
        """
        if asked is not None:
            return asked_for(self._hall, person, asked)
        return of_before(self._hall, person, self._newcomer.stored, self._leaving, self._wants_own_rooms())

    def _admitted(self, person: Person, destination: Destination) -> Destination:
        """Return where somebody comes in now that the rooms there are known.

        :raises Banned, RoomLocked, Muted, RoomInvalid: they may go into none of the rooms they asked for.
        """
        hall, asked = self._hall, destination.places.rooms
        if not destination.is_asked:
            return destination.admitting(person, hall.moderation.entrance_of(hall.now()))
        left = destination.admitting(person, lambda one, room: hall.attendance.objection(one, room, beside=asked))
        if asked and not left.places.rooms:
            raise left.left_out[-1][1]
        return left

    def _wants_own_rooms(self) -> bool:
        """Say whether somebody with a password comes into the rooms in which the account was last."""
        hall, account = self._hall, self._newcomer.account
        kept = None if account is None else hall.accounts.preferences(account.author, self._screen.style.door)
        wish = kept.changed.get("rooms", SERVER_CHOICE) if kept is not None else SERVER_CHOICE
        return (hall.settings.login_rooms if wish == SERVER_CHOICE else wish) == "mine"

    def _earlier(self, room: str, upto: int) -> "Deferred[Any]":
        """Read what was said lately; where people talk and many come, without troubling the journal."""
        stream, count = self._hall.stream, self._hall.settings.replay_posts
        known = stream.recent.latest(room, count) if room else ()
        return stream.journal.recent(Audience((room,)), upto, count) if known is None else succeed(known)

    @inlineCallbacks
    def _missed(self, person: Person, rooms: Sequence[str], upto: int) -> Generator["Deferred[Any]", Any, Missed]:
        """Look up what happened while nobody was here from this account, or what the person has not read."""
        hall, claim, account, stored = self._hall, self._claim, self._newcomer.account, self._newcomer.stored
        readers = any(not one.gone and not one.program for one in person.connections)
        if claim.is_program or not (claim.marks or (account is not None and not readers)):
            return Missed()
        if stored is not None and account is None:
            hall.persistence.recall_marks(stored)
        is_told = account is not None and claim.since is None and not readers
        private = hall.settings.query_posts if is_told else 0
        ignored = {one.other for one in hall.accounts.ignoring(person.author)} | person.ignored.keys()
        found: Missed = yield look_up(
            hall.positions, hall.stream, account or person, rooms, upto, private, hall.looking, ignored,
            hall.called if claim.marks else None,
        )  # fmt: skip
        return found
