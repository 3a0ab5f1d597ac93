"""The queue before the journal: one commit in flight, and everything that gathers meanwhile goes next, in one batch.

A batch begins at the end of a reactor's turn, with all that was said in it.
There is no timer: the slower the disk, the larger the batches.
Notices wait in the same queue, so that nobody sees "bob left" before bob's last words.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.config.settings import Settings
from groupchat.delivery.queue import Entry
from groupchat.interfaces.clock import Clock
from groupchat.interfaces.storage import IJournal
from groupchat.model.drafts import REVOKED, Outcome, StoredSession
from groupchat.model.errors import JournalUnavailable, Refusal
from groupchat.model.events import AuthorId

log = Logger()


class Sender(Protocol):
    """Whoever posts, as far as it can be made to wait."""

    def wait_for_journal(self) -> None:
        """Take nothing more from this peer."""

    def go_on(self) -> None:
        """Take lines again."""


class Commits:
    """What waits for the journal.

    ``deliver(entries, outcomes)`` is called with each batch and what became of its drafts, in order.
    ``broken(failure)`` is called once, when the journal can no longer be trusted.
    ``turn_end(function)`` calls the function when every line that came in this turn of the reactor is taken.
    """

    def __init__(
        self,
        journal: IJournal,
        settings: Settings,
        clock: Clock,
        deliver: Callable[[Sequence[Entry], Sequence[Outcome]], None],
        broken: Callable[[Failure], None],
        turn_end: Callable[[Callable[[], None]], object],
    ) -> None:
        self._journal = journal
        self._settings = settings
        self._clock = clock
        self._deliver = deliver
        self._broken = broken
        self._turn_end = turn_end
        self._queue: list[Entry] = []
        self._sessions: dict[tuple[AuthorId, str], StoredSession] = {}
        self._unsaved: dict[tuple[AuthorId, str], StoredSession] = {}
        self._since: float | None = None
        self._pumping = False
        self._waiting: dict[Sender, None] = {}
        self._idle: list[Deferred[None]] = []
        self.refusing: Refusal | None = None
        """Why posts are refused just now, if they are."""
        self._is_broken = False
        self.trouble = ""
        """Why nothing is stored just now, as a sentence for everybody; empty: all is well."""
        self.on_trouble: Callable[[str], object] = lambda trouble: None
        """Called with each new trouble, and with nothing when it is over."""
        self.on_commit: Callable[[int, float], object] = lambda posts, seconds: None
        """Called with how many posts a batch had, and how long it took until they were on disk, in seconds."""
        self._asks = False
        """Whether the journal is to be asked although there is nothing to store, to learn whether it works again."""

    @property
    def queued(self) -> int:
        """How many entries wait."""
        return len(self._queue)

    @property
    def delay(self) -> float:
        """For how many seconds the commit in flight has been going on."""
        return 0.0 if self._since is None else self._clock.seconds() - self._since

    @property
    def congested(self) -> bool:
        """Whether senders should wait: 4,096 posts, or a commit of 2 s (see the settings)."""
        if self.refusing is not None:  # nothing piles up then, and reading goes on
            return False
        return len(self._queue) >= self._settings.commit_queue_posts or self.delay > self._settings.commit_pause_s

    def follow(self, settings: Settings) -> None:
        """Go by these settings from now on."""
        self._settings = settings

    def post(self, entry: Entry) -> None:
        """Put an entry at the end of the queue; ``pump`` sends it on.

        :raises JournalUnavailable: the journal takes no posts now.
        """
        if self.refusing is not None and (entry.draft is not None or entry.facts):
            raise self.refusing
        self._queue.append(entry)

    def save(self, session: StoredSession) -> None:
        """Have a session written with the next batch."""
        self._sessions[session.author, session.digest] = session

    def revoke(self, author: AuthorId, now: float) -> None:
        """Have every session of this author forgotten with the next batch; those saved later are kept."""
        for waiting in (self._sessions, self._unsaved):
            for known in [known for known in waiting if known[0] == author]:
                del waiting[known]
        self.save(StoredSession(author, REVOKED, "", (), 0, now))

    def make_wait(self, sender: Sender) -> None:
        """Let this sender go on only when the queue is short again."""
        self._waiting[sender] = None
        sender.wait_for_journal()

    def when_idle(self) -> "Deferred[None]":
        """Fires when nothing waits and nothing is in flight."""
        if self._since is None and not self._queue and not self._sessions:
            return succeed(None)
        waiter: Deferred[None] = Deferred()
        self._idle.append(waiter)
        return waiter

    def pump(self) -> None:
        """At the end of this turn, send on what waits, unless a commit is in flight: then it goes next."""
        if not self._pumping:
            self._pumping = True
            self._turn_end(self._send_on)

    def _send_on(self) -> None:
        try:
            while self._since is None and (self._queue or self._sessions or self._asks):
                self._send()
        finally:
            self._pumping = False
        self._release()

    def sweep(self) -> None:
        """To be called each second: after 10 s of one commit, refuse what waits, and all new posts."""
        if self.delay > self._settings.commit_refuse_s and self.refusing is None:
            log.error("A commit has taken {seconds:.0f} s; posts are refused until it ends", seconds=self.delay)
            self._refuse(JournalUnavailable("The disk does not answer; nothing can be posted just now."))
        if self._unsaved:
            unsaved, self._unsaved = self._unsaved, {}
            self._sessions = unsaved | self._sessions
            self.pump()
        if self.trouble and self._since is None and not self._is_broken:
            self._asks = True
            self.pump()
        self._release()

    def _send(self) -> None:
        batch, self._queue = self._queue, []
        sessions, self._sessions = list(self._sessions.values()), {}
        asks, self._asks = self._asks, False
        facts = [fact for entry in batch for fact in entry.facts]
        drafts = [entry.draft for entry in batch if entry.draft is not None]
        if self._is_broken or not (drafts or sessions or facts or asks):
            self._show(batch)
            return
        self._since = self._clock.seconds()
        committed = self._journal.append(drafts, sessions, facts)
        committed.addCallbacks(
            lambda outcomes: self._written(batch, outcomes),
            lambda failure: self._not_written(failure, batch, sessions),
        )
        committed.addErrback(lambda failure: log.failure("Delivering a batch failed", failure=failure))
        committed.addCallback(lambda _: self._landed())

    def _show(self, batch: Sequence[Entry]) -> None:
        """Deliver what the journal is not asked about: notices, and refusals when it is broken."""
        try:
            self._deliver(batch, _refusals(batch, self.refusing) if self.refusing else [])
        except Exception:
            log.failure("Delivering notices failed")

    def _landed(self) -> None:
        self._since = None
        if self._queue or self._sessions or self._asks:
            # The journal's answer comes between two turns: what was said while it was handed out comes along.
            self._turn_end(self.pump)
        else:
            self._release()

    def _written(self, batch: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
        self.on_commit(len(outcomes), self.delay)
        self.refusing = None
        self._deliver(batch, outcomes)
        self._note_trouble("")

    def _not_written(self, failure: Failure, batch: Sequence[Entry], sessions: Sequence[StoredSession]) -> None:
        """Nothing of the batch is on disk: its authors are told so, its notices go out."""
        refusal: Refusal
        if isinstance(failure.value, JournalUnavailable):
            refusal = failure.value
            self.refusing = None
            # Not tried again before the next sweep: a full disk is not asked in a tight loop.
            self._unsaved.update(((session.author, session.digest), session) for session in sessions)
        else:
            refusal = JournalUnavailable("The journal cannot be written any more; the server stops.")
            self.refusing = refusal
            self._is_broken = True
            self._broken(failure)
        self._deliver(batch, _refusals(batch, refusal))
        self._note_trouble(str(refusal))

    def _note_trouble(self, trouble: str) -> None:
        """Log and tell when something is wrong now, or is well again; not each time it is."""
        if trouble == self.trouble:
            return
        self.trouble = trouble
        if trouble:
            log.error("Nothing is stored: {reason}", reason=trouble)
        else:
            log.info("The journal takes messages again")
        self.on_trouble(trouble)

    def _refuse(self, refusal: JournalUnavailable) -> None:
        self.refusing = refusal
        batch, self._queue = self._queue, []
        kept = [entry for entry in batch if entry.draft is None and not entry.facts]
        refused = [entry for entry in batch if entry.draft is not None or entry.facts]
        self._queue = kept
        self._deliver(refused, _refusals(refused, refusal))
        self._note_trouble(str(refusal))

    def _release(self) -> None:
        if self._waiting and not self.congested:
            waiting, self._waiting = self._waiting, {}
            for sender in waiting:
                sender.go_on()
        if self._idle and self._since is None and not self._queue:
            idle, self._idle = self._idle, []
            for waiter in idle:
                waiter.callback(None)


def _refusals(batch: Sequence[Entry], refusal: Refusal) -> list[Outcome]:
    """Nothing of the batch was written: the outcome of each draft; facts without a draft are told themselves."""
    for entry in batch:
        if entry.facts and entry.draft is None:
            entry.refusal = refusal
    return [refusal for entry in batch if entry.draft is not None]
