"""The queue before the journal: one commit in flight, and everything that gathers meanwhile goes next, in one batch.

A batch begins at the end of a reactor's turn, with all that was said in it.
There is no timer: the slower the disk, the larger the batches.
Notices wait in the same queue, so that nobody sees "bob left" before bob's last words.

The states, each with the data that exist only in it:

::

            something waits            written, or not written this time
    Idle ────────────────────→ Committing ──────────────────────────────→ Idle
                                   │ takes longer than commit_refuse_s      ↑
                                   ↓                                        │
                               Refusing ────────────────────────────────────┘
    Committing, Refusing ── the journal cannot be trusted any more ──→ Broken

Rules:

1. Only Idle sends to the journal, and only ``_send`` leaves Idle.
2. What was queued is delivered in the order of the queue, whether it was written or refused.
3. In Refusing and Broken nothing that needs the journal is taken; notices are.  In Refusing they wait, and senders wait
   when they are too many: but nobody needs to know later who was typing, and a barrier before an end waits only for
   what its origin has posted.  What is kept of connections is taken always: it waits until it can be written.
4. Broken is never left: after a flush has failed, the next one succeeds and proves nothing.
5. A barrier that only answers waits for no commit that takes longer than ``commit_pause_s``: programs ask so whether
   there is anybody at the other end, and leave a server that seems to be dead.
"""

from collections.abc import Callable, Container, Sequence
from functools import partial
from typing import Any, Protocol, TypeAlias, cast

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.config.settings import Settings
from groupchat.delivery.queue import Barrier, Change, Mark, Notice, Posting, Queued, take_out
from groupchat.facts.whereabouts import Places
from groupchat.interfaces.clock import Clock
from groupchat.interfaces.storage import IClusterJournal, IJournal
from groupchat.lazy.records import record
from groupchat.model.drafts import Operation, Outcome, Revoke, StoredSession
from groupchat.model.errors import JournalUnavailable, Outdated, Refusal
from groupchat.model.events import AuthorId, Typing

log = Logger()


class Sender(Protocol):
    """A connection that posts, as far as it can be made to wait."""

    def wait_for_journal(self) -> None:
        """Take nothing more from this peer."""

    def go_on(self) -> None:
        """Take lines again."""


@record
class Idle:
    """Nothing is in flight."""

    refusal: None = None


@record
class Committing:
    """A batch is being written since this moment, in seconds that never go back."""

    since: float
    refusal: None = None


@record
class Refusing:
    """A batch is being written for so long that new posts are refused.

    ``awaited``: whoever has something in that batch or in the queue, which until the end of this state only grows.
    """

    since: float
    refusal: Refusal
    awaited: set[object]


@record
class Broken:
    """The journal can no longer be trusted."""

    refusal: Refusal


State: TypeAlias = Idle | Committing | Refusing | Broken

IDLE = Idle()
_IN_FLIGHT = (Committing, Refusing)

Keeping: TypeAlias = Callable[[], Operation | None]
"""Makes the operation that keeps something of a connection, as it is at that moment; None: there is nothing to keep."""


class Commits:
    """Takes what is posted, and sends it to the journal.

    ``deliver(batch, outcomes)`` is called with each batch and the outcomes of its drafts, in order;
    or with the refusal of all of them.
    ``broken(failure)`` is called once, when the journal can no longer be trusted.
    ``turn_end(function)`` calls the function when every line that came in this turn of the reactor is taken.
    """

    def __init__(
        self,
        journal: IJournal,
        settings: Settings,
        clock: Clock,
        deliver: Callable[[Sequence[Queued], Sequence[Outcome] | Refusal], None],
        broken: Callable[[Failure], None],
        turn_end: Callable[[Callable[[], None]], object],
    ) -> None:
        self.settings = settings
        self._journal = journal
        self._fitting: Callable[[Sequence[Operation]], int] | None = None
        """How many operations are carried out together, if others may come between more of them."""
        self._cluster: Any = None
        """The journal again, if it is a cluster's."""
        if IClusterJournal.providedBy(journal):
            self._cluster = cast(Any, journal)
            self._fitting = self._cluster.fitting
        self._clock = clock
        self._deliver = deliver
        self._broken = broken
        self._turn_end = turn_end
        self._state: State = IDLE
        self._queue: list[Queued] = []
        self._kept: dict[tuple[AuthorId, str], Keeping] = {}
        self._unkept: dict[tuple[AuthorId, str], Keeping] = {}
        """Those of a batch that was not written: tried again at the next sweep, not in a tight loop."""
        self._sent: dict[tuple[AuthorId, str], Operation] = {}
        """Those on their way."""
        self._keeping: dict[tuple[AuthorId, str], Keeping] = {}
        """What made these: they are made anew if it turns out that they were not written."""
        self._under_way: list[Queued] = []
        """The batch that is being written."""
        self._is_scheduled = False
        """True if the end of this turn sends on what waits."""
        self._waiting: dict[Sender, None] = {}
        self._idle_waiters: list[Deferred[None]] = []
        self.trouble = ""
        """Why nothing is stored just now, as a sentence for everybody; empty: all is well."""
        self.on_trouble: Callable[[str], object] = lambda trouble: None
        """Called with each new trouble, and with nothing when it is over."""
        self.on_commit: Callable[[Sequence[Outcome], float], object] = lambda outcomes, seconds: None
        """Called with the outcomes of a batch, and the seconds it took until it was on disk."""

    @property
    def queued(self) -> int:
        """Return how many items wait."""
        return len(self._queue)

    @property
    def queued_posts(self) -> int:
        """Return how many posts wait."""
        return sum(isinstance(item, Posting) for item in self._queue)

    @property
    def delay(self) -> float:
        """Return for how many seconds the commit in flight has been going on."""
        state = self._state
        return self._clock.seconds() - state.since if isinstance(state, _IN_FLIGHT) else 0.0

    @property
    def refusal(self) -> Refusal | None:
        """Return why posts are refused just now, if they are."""
        return self._state.refusal

    @property
    def congested(self) -> bool:
        """Say whether senders should wait: 4,096 items, or a commit of 2 s (see the settings)."""
        if len(self._queue) >= self.settings.commit_queue_posts:
            return True
        # While posts are refused hardly anything piles up, and reading goes on.
        return isinstance(self._state, Committing) and self.is_slow

    @property
    def is_slow(self) -> bool:
        """Say whether the commit in flight takes longer than a program should wait for a sign of life."""
        state = self._state
        return isinstance(state, _IN_FLIGHT) and self._clock.seconds() - state.since > self.settings.commit_pause_s

    def unanswered(self) -> list[Posting | Change]:
        """Return what waits or is being written, and whose origin is to be told what becomes of it.

        What is just being delivered is answered already.
        """
        items = (item for item in (*self._under_way, *self._queue) if isinstance(item, Posting | Change))
        return [item for item in items if item.origin is not None and (isinstance(item, Change) or item.awaited)]

    def post(self, item: Queued) -> None:
        """Put something at the end of the queue.

        :raises JournalUnavailable: the journal takes no posts now.
        """
        refusal = self._state.refusal
        if refusal is not None and item.operation is not None:
            raise refusal
        if self.is_slow and _only_answers(item):
            self._turn_end(lambda: self._deliver_unwritten([item]))
            return
        if isinstance(self._state, Refusing):
            if self._passes(item, self._state.awaited):
                return
            self._state.awaited.add(_origin(item))
        self._queue.append(item)
        if not self._is_scheduled:
            self._schedule()

    def take_back(self, notices: Sequence[Notice]) -> list[Notice]:
        """Take notices out; return those found, in order: one of a batch that is being delivered is shown with that."""
        return [*take_out(self._under_way, notices), *take_out(self._queue, notices)]

    def save(self, session: StoredSession) -> None:
        """Persist a session with the next batch, before everything else in it."""
        self.keep(session.author, session.digest, lambda: session)

    def keep(self, author: AuthorId, digest: str, make: Keeping, soon: bool = True) -> None:
        """Persist something that is made when the next batch is sent, before everything else in that.

        It replaces what was to be kept under the same name and is not on its way yet.

        :param digest: the digest of the session it is about; empty: it is about the author's account.
        :param make: returns the operation; None: nothing is to be kept any more.
        :param soon: whether a batch is sent for it, if none would be.
        """
        self._kept[author, digest] = make
        self._unkept.pop((author, digest), None)
        if soon:
            self._schedule()

    def unwritten(self, author: AuthorId, digest: str) -> Operation | None:
        """Return what is to be kept of a session and is not on disk yet; None: nothing."""
        make = self._kept.get((author, digest)) or self._unkept.get((author, digest))
        return self._sent.get((author, digest)) if make is None else make()

    def drop(self, revoke: Revoke) -> None:
        """Do not persist what was saved of sessions whose tokens work no longer.

        What is on its way comes to nothing by itself, if it is written behind that; else it is not tried again.
        """
        for waiting in (self._kept, self._unkept, self._keeping):
            for author, digest in [known for known in waiting if known[1] and revoke.concerns(*known)]:
                del waiting[author, digest]

    def put_out(self, author: AuthorId, room: str) -> None:
        """Persist what waits of an author's sessions without a room they are put out of: they may be gone by now."""
        for waiting in (self._kept, self._unkept, self._keeping):
            for name in [name for name in waiting if name[0] == author and name[1]]:
                waiting[name] = partial(_without, waiting[name], room)

    def make_wait(self, sender: Sender) -> None:
        """Let this sender go on only when the queue is short again."""
        self._waiting[sender] = None
        sender.wait_for_journal()

    def when_idle(self) -> "Deferred[None]":
        """Return a Deferred that fires when nothing waits and nothing is in flight."""
        if self._is_idle:
            return succeed(None)
        waiter: Deferred[None] = Deferred()
        self._idle_waiters.append(waiter)
        self._schedule()
        return waiter

    def sweep(self) -> None:
        """Refuse what waits when a commit takes too long, and try again after trouble.  To be called each second."""
        state = self._state
        if self.is_slow:
            self._answer_meanwhile()
        if isinstance(state, Committing) and self.delay > self.settings.commit_refuse_s:
            log.error("A commit has taken {seconds:.0f} s; posts are refused until it ends", seconds=self.delay)
            self._refuse(state, JournalUnavailable(self._silent()))
        if self._unkept:
            self._kept, self._unkept = self._unkept | self._kept, {}
            self._schedule()
        if self.trouble:
            self.look()
        self._release()

    def look(self) -> None:
        """Learn whether the journal works, unless something is on its way that will tell."""
        if self._state is IDLE:
            self._send(asks=True)

    # How

    def _passes(self, item: Queued, awaited: Container[object]) -> bool:
        """Deliver, or drop, what need not wait for a journal that does not answer; return whether it is such.

        :param awaited: whoever has posted something that waits for it.
        """
        if isinstance(item, Notice):
            return isinstance(item.event, Typing)
        if not isinstance(item, Barrier) or item.origin is None or item.origin in awaited:
            return False
        self._turn_end(lambda: self._deliver_unwritten([item]))
        return True

    def _silent(self) -> str:
        """Return what people are told while nothing answers; of a cluster more is logged for whoever runs it."""
        standing = self._cluster.standing() if self._cluster is not None else None
        trouble = "" if standing is None else standing.trouble
        if standing is not None and not trouble:
            if standing.appending:
                trouble = f"an append has been on its way for {standing.appending:.0f} s"
            elif not standing.lag and standing.applied < standing.head:
                trouble = f"entry {standing.head:,} is in it, and what is behind {standing.applied:,} did not come"
        if not trouble:
            return "The disk does not answer. Nothing can be posted just now."
        log.error("The log of the cluster does not answer: {trouble}", trouble=trouble)
        return JournalUnavailable.UNSTORED

    def _answer_meanwhile(self) -> None:
        """Answer the barriers that came before the commit was slow, and need not wait for it."""
        answering: list[Queued] = []
        for batch in (self._under_way, self._queue):
            found = [item for item in batch if _only_answers(item)]
            if found:
                answering += found
                batch[:] = [item for item in batch if not _only_answers(item)]
        if answering:
            self._deliver_unwritten(answering)

    @property
    def _in_flight(self) -> bool:
        return isinstance(self._state, _IN_FLIGHT)

    @property
    def _is_idle(self) -> bool:
        return not (self._in_flight or self._queue or self._kept)

    def _schedule(self) -> None:
        """At the end of this turn, send on what waits, unless a commit is in flight: then it goes next."""
        if not self._is_scheduled and not self._in_flight:
            self._is_scheduled = True
            self._turn_end(self._send_on)

    def _send_on(self) -> None:
        try:
            while (self._queue or self._kept) and not self._in_flight:
                self._send()
        finally:
            self._is_scheduled = False
        self._release()

    def _send(self, asks: bool = False) -> None:
        """Send what waits to the journal.

        :param asks: do so also when there is nothing to store, to learn whether the journal works again.
        """
        batch, self._queue = self._queue, []
        kept, self._kept = self._kept, {}
        sent = {name: operation for name, make in kept.items() if (operation := make()) is not None}
        operations = [*sent.values()]
        before = len(operations)
        operations += [item.operation for item in batch if item.operation is not None]
        if self._fitting is not None and operations and self._state is IDLE:
            most = self._fitting(operations)
            if most < len(operations):
                operations = operations[:most]
                batch = self._put_back(batch, most - before)
                for name in list(sent)[most:]:
                    del sent[name]
                    self._kept[name] = kept.pop(name)
                before = min(before, most)
        if self._state is not IDLE or not (operations or asks):
            self._deliver_unwritten(batch)
            return
        self._state, self._sent, self._under_way = Committing(self._clock.seconds()), sent, batch
        self._keeping = kept
        committed = self._journal.append(operations)
        committed.addCallbacks(
            lambda outcomes: self._written(batch, outcomes[before:], outcomes[:before]),
            lambda failure: self._not_written(failure, batch),
        )
        committed.addErrback(lambda failure: log.failure("Delivering a batch failed", failure=failure))
        committed.addCallback(lambda _: self._landed())

    def _put_back(self, batch: list[Queued], count: int) -> list[Queued]:
        """Leave what is behind so many operations at the head of the queue; return what is before that."""
        left = count
        for index, item in enumerate(batch):
            left -= item.operation is not None
            if left < 0:
                self._queue = batch[index:]
                return batch[:index]
        return batch

    def _deliver_unwritten(self, batch: Sequence[Queued]) -> None:
        """Deliver what the journal is not asked about: notices, and refusals when it is broken."""
        try:
            self._deliver(batch, self._state.refusal or [])
        except Exception:
            log.failure("Delivering notices failed")

    def _landed(self) -> None:
        self._sent, self._keeping, self._under_way = {}, {}, []
        if self._in_flight:
            self._state = IDLE
        if self._queue or self._kept:
            # The journal's answer comes between two turns: what was said while it was handed out comes along.
            self._turn_end(self._schedule)
        else:
            self._release()

    def _written(self, batch: Sequence[Queued], outcomes: Sequence[Outcome], kept: Sequence[Outcome]) -> None:
        self.on_commit(outcomes, self.delay)
        self._resume()
        self._under_way = []
        self._deliver(batch, outcomes)
        if self._cluster is not None:
            self._keep_anew(kept)
        self._note_trouble("")

    def _keep_anew(self, kept: Sequence[Outcome]) -> None:
        """Make anew what built on something that other nodes had changed: by now it is known here.

        :param kept: the outcomes of what was kept.
        """
        for name, outcome in zip(self._sent, kept, strict=True):
            if isinstance(outcome, Outdated) and name in self._keeping:
                self._kept.setdefault(name, self._keeping[name])

    def _not_written(self, failure: Failure, batch: Sequence[Queued]) -> None:
        """Tell the authors of a batch that nothing of it is on disk, and deliver its notices."""
        if isinstance(failure.value, JournalUnavailable):
            refusal: JournalUnavailable = failure.value
            self._resume()
            self._unkept.update((name, make) for name, make in self._keeping.items() if name not in self._kept)
        else:
            words = "The journal cannot be written any more; the server stops."
            refusal = JournalUnavailable(f"{words} {JournalUnavailable.NOT_KNOWN}")
            self._state = Broken(refusal)
            self._broken(failure)
        self._under_way = []
        self._deliver(batch, refusal)
        if refusal.is_general:
            self._note_trouble(str(refusal))

    def _resume(self) -> None:
        """Take posts again: they wait until the batch that has come back is delivered."""
        if isinstance(self._state, Refusing):
            self._state = Committing(self._state.since)

    def _note_trouble(self, trouble: str) -> None:
        """Log and announce a new trouble, or its end; not each time it is met."""
        trouble = trouble.removesuffix(JournalUnavailable.NOT_KNOWN).rstrip()  # which is about one message only
        if trouble == self.trouble:
            return
        self.trouble = trouble
        if trouble:
            log.error("Nothing is stored: {reason}", reason=trouble)
        else:
            log.info("The journal takes messages again")
        self.on_trouble(trouble)

    def _refuse(self, state: Committing, refusal: JournalUnavailable) -> None:
        batch, self._queue = self._queue, []
        self._queue = [item for item in batch if not _needs_journal(item)]
        self._state = Refusing(state.since, refusal, {_origin(item) for item in (*self._under_way, *self._queue)})
        self._deliver([item for item in batch if _needs_journal(item)], refusal)
        self._note_trouble(str(refusal))

    def _release(self) -> None:
        if self._waiting and not self.congested:
            waiting, self._waiting = self._waiting, {}
            for sender in waiting:
                sender.go_on()
        if self._idle_waiters and self._is_idle:
            idle, self._idle_waiters = self._idle_waiters, []
            for waiter in idle:
                waiter.callback(None)


def _without(make: Keeping, room: str) -> Operation | None:
    """Make what keeps a session, without a room."""
    made = make()
    return Places.of(made).put_out(room).session(made) if isinstance(made, StoredSession) else made


def _origin(item: Queued) -> object:
    """Return the connection that something came from, if it came from one."""
    return getattr(item, "origin", None)


def _only_answers(item: Queued) -> bool:
    """Say whether something is a barrier that only answers a connection; others also do what must come last."""
    return isinstance(item, Barrier) and item.origin is not None and item.then is None


def _needs_journal(item: Queued) -> bool:
    """Say whether something is told when it is on disk, or that it is not."""
    return item.operation is not None or isinstance(item, Mark)
