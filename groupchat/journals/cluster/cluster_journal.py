"""The journal of a node: what it is asked for is an entry of the log first, and then carried out by every node.

The states:

::

    New ── start ──→ Beginning ── its entry “node up” is carried out ──→ Running
                        ↑                                                  │
                        └────────────── the lease has ended ───────────────┘
    any ── an entry cannot be carried out, or the log is another one ──→ Stopped
    any ── the journal cannot be trusted any more ──→ Broken

Rules:

1. Only in Running is anything taken, and only as long as entries are carried out here; else it is refused at once.
2. Whatever is answered was carried out here, after everything that stands before it in the log.
3. Whoever waits when the lease ends is answered when everything is carried out that can be in the log of that epoch.
4. Stopped and Broken are never left.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

from twisted.internet.defer import Deferred, fail, inlineCallbacks, maybeDeferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.interfaces.shared_log import Begun, Closed, Compacted, ForeignLog, ILog
from groupchat.interfaces.storage import IClusterJournal, IMarkable, IReplica, Standing
from groupchat.journals.cluster.applying import Applying, Received
from groupchat.journals.cluster.cards import NEVER, Card, Showing, node_card, read_card
from groupchat.journals.cluster.checking import CHECK_S, ROWS, Checking
from groupchat.journals.cluster.compaction import Compaction
from groupchat.journals.cluster.entries import RULES
from groupchat.journals.cluster.living import Living
from groupchat.journals.cluster.local_answers import LocalAnswers
from groupchat.journals.cluster.log_ages import LogAges
from groupchat.journals.cluster.proposing import Proposing, first_of
from groupchat.journals.cluster.sentences import CUT_OFF, FOREIGN, STARTING, STOPPED
from groupchat.journals.nodes.attending import GOODBYES, NOWHERE
from groupchat.model.drafts import Operation, Outcome
from groupchat.model.errors import CannotFollow, CannotStart, JournalBroken, JournalUnavailable
from groupchat.model.node_operations import Check, Checked, NodeDown, NodeUp, Place, Rules

SHOW_S = 5.0
"""Seconds between two looks whether the card of this node must be shown anew."""

GOODBYE_S = 0.5
"""Seconds for which a node that is stopped tries to say so."""

_NEW, _BEGINNING, _RUNNING, _STOPPED, _BROKEN, _CLOSED = "new", "beginning", "running", "stopped", "broken", "closed"


@implementer(IClusterJournal, IMarkable)
class ClusterJournal(LocalAnswers):
    """A journal whose operations come from a log that it shares with other nodes.

    :param inner: where this node keeps what is carried out.
    :param node: the name of this node.
    :param version, address: what its card says besides.
    :param keep_h: for how many hours the log keeps entries, for nodes that are away.
    :param rules: the newest rules that this version knows.
    :param ages: where it is kept how old the entries of the log are; None: nowhere.
    :param now: the wall-clock time in seconds since 1970 UTC; None: the clock has it.
    """

    log = Logger()

    def __init__(
        self,
        shared: ILog,
        inner: IReplica,
        node: str,
        clock: IReactorTime,
        *,
        version: str = "",
        address: str = "",
        keep_h: float = 24.0,
        rules: int = RULES,
        ages: LogAges | None = None,
        now: Callable[[], float] | None = None,
    ) -> None:
        super().__init__(inner)
        self.node = node
        self.epoch = 0
        self.on_fenced: Callable[[], object] = lambda: None
        self.on_begun: Callable[[int], object] = lambda epoch: None
        self.on_broken: Callable[[Failure], object] = lambda failure: None
        self._on_received: Callable[[Sequence[Operation], Sequence[Outcome]], object] | None = None
        self._log = shared
        self._clock = clock
        self._card = Card(version, rules, address)
        self._fingerprint: Callable[[], str] = lambda: ""
        self._showing = Showing(lambda card: self._log.show(card))
        self._kept = 0
        self._state = _NEW
        self._failure: Failure | None = None
        self._stopped_by = ""
        self._applying = Applying(inner, clock, rules, self._handed_on, self._cannot_go_on, self._is_broken)
        self._proposing = Proposing(
            shared, clock, node, lambda: self._applying.place, self._fenced,
            lambda revision: self._applying.reached(revision=revision), self._applying.expect,
            self._applying.take_appended,
        )  # fmt: skip
        self._now = now or clock.seconds
        self._living = Living(shared, clock, node, self._say, self._fenced, self._propose_rules, self._now)
        self._checking = Checking(self._differs)
        self._is_checking = False
        self.compaction = Compaction(shared, clock, keep_h, ages)
        self._refenced: Deferred[None] | None = None
        self._timers: dict[str, IDelayedCall] = {}

    # What the core asks

    @property
    def head(self) -> int:
        """The highest number that was handed out."""
        return self._applying.head

    @property
    def on_received(self) -> Callable[[Sequence[Operation], Sequence[Outcome]], object] | None:
        """Called with the operations of an entry that nobody here waits for; until it is set, none is carried out."""
        return self._on_received

    @on_received.setter
    def on_received(self, receive: Callable[[Sequence[Operation], Sequence[Outcome]], object]) -> None:
        self._on_received = receive
        self._applying.go_on()

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        """Have operations carried out by all nodes.  Fails with JournalUnavailable or JournalBroken."""
        refusal = self._refusal()
        if refusal is not None:
            return fail(refusal)
        if not operations:
            return maybeDeferred(list)
        return self._proposing.propose(operations)

    def fitting(self, operations: Sequence[Operation]) -> int:
        """Return how many of these, at least one, fit in one entry."""
        return self._proposing.fitting(operations)

    def introduce(self, secret: str, fingerprint: Callable[[], str]) -> None:
        """Let this node's card say how others fetch files here."""
        self._card = replace(self._card, secret=secret)
        self._fingerprint = fingerprint

    def standing(self) -> Standing:
        """Return how the node stands."""
        applying, nodes = self._applying, {name: node_card(live) for name, live in self._living.nodes.items()}
        return Standing(
            self.node, self.epoch, nodes, max(applying.known, self._proposing.known),
            max(applying.place.number, self._kept),
            applying.lag, max(self._proposing.append_seconds, self._proposing.delay), self._log.lease_age(),
            self._trouble(), {name: state for name, state in self._living.gone.items() if name != self.node},
            self._log.live_age(),
            self._proposing.delay, str(self._failure.value) if self._state is _STOPPED and self._failure else "",
        )  # fmt: skip

    def mark_failed(self, what: str) -> None:
        """Have the next start refuse the journal until it was checked."""
        if IMarkable.providedBy(self._inner):
            cast(Any, self._inner).mark_failed(what)

    @inlineCallbacks
    def start(self) -> "Generator[Deferred[Any], Any, None]":
        """Join the cluster, and carry out what the log has.

        :raises CannotStart: a living process has this node's name, or the log cannot be used.
        :raises CannotFollow: this data folder does not belong to the log, or lacks what the log no longer has, or there
            is something in the log that cannot be carried out.
        """
        place: Place | None = yield self._inner.place()
        self._kept = 0 if place is None else place.number  # what it has is known before anybody knows the log
        self._state = _BEGINNING
        has_begun = False
        try:
            known = "" if place is None else place.cluster
            begun: Begun = yield self._log.begin(self.node, self._encoded(self._card), known)
            has_begun = True
            self._check_place(place, begun)
            self.compaction.begin(begun.cluster)
            states = yield self._inner.nodes()
            self._living.know(states)
            founding: list[Operation] = []
            after = 0
            if place is not None:
                after = place.revision
            elif begun.head == 0:
                after = begun.revision
                founding = yield self._founding()
            self._applying.begin(
                place or Place(begun.cluster, 0, 0, ""),
                lambda: self._log.watch(after, self._applying.receive, self._watch_ended),
            )
            yield self._come_up(begun, founding)
        except (CannotStart, ForeignLog, Closed) as error:
            is_over = isinstance(error, ForeignLog) or (has_begun and isinstance(error, CannotStart))
            if self._state is not _CLOSED:  # else it is being closed while it starts
                self._state = _STOPPED
                yield self.close()
            words = str(error) or "The log was closed."
            raise (CannotFollow(words) if is_over else CannotStart(words)) from error
        self._repeat("show", SHOW_S, self._show)
        self._repeat("minute", CHECK_S, self._pass_minute)

    @inlineCallbacks
    def close(self) -> "Generator[Deferred[Any], Any, None]":
        """Give up the node's place in the cluster, finish what is being carried out, and close what is within."""
        if self._state is _CLOSED:
            return
        saying = self._say_goodbye()
        self._state = _CLOSED
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._living.stop()
        yield saying
        yield self._applying.close()
        self._proposing.lose_all(Failure(JournalUnavailable("The journal is closed.")))
        failure: Failure | None = None
        try:
            yield self._log.close()
        except Exception:  # with ``finally``, a close that is given up would fail once more when it is collected
            failure = Failure()
        yield self._inner.close()
        if failure is not None:
            failure.raiseException()

    def _say_goodbye(self) -> "Deferred[Any]":
        """Let the others know that this node is stopped, and not lost; where that takes long they notice its end."""
        place = self._applying.place
        if self._state is not _RUNNING or place.rules < GOODBYES or self._refusal() or self._log.trouble():
            return succeed(None)
        goodbye = NodeDown(self.node, self.epoch, self._now(), place.number, stopped=True)
        said = self._proposing.propose([goodbye], is_asked=False)
        return said.addTimeout(GOODBYE_S, self._clock).addErrback(lambda failure: None)

    # Beginning

    def _encoded(self, card: Card) -> bytes:
        return replace(card, fingerprint=self._fingerprint()).encode()

    def _check_place(self, place: Place | None, begun: Begun) -> None:
        """:raises CannotStart: the journal of this node has carried out another log."""
        if place is None:
            return
        if place.cluster != begun.cluster:
            if begun.head:
                way = "If another node has begun that log, seed this one from it: groupchat seed --replace."
            else:
                way = "Nothing was ever said in that log, and no node can be seeded from it."
            raise CannotStart(
                f"This data folder belongs to the cluster {place.cluster[:8]}, and the log is of {begun.cluster[:8]}."
                f" {way} If etcd was lost for good and none has begun anew, run “groupchat cluster leave” on the node"
                " that is furthest, and start it with an empty etcd (docs/CLUSTER.md). If --journal names the wrong"
                " servers of etcd or the wrong prefix, put it right."
            )
        if place.number > begun.head:
            raise CannotStart(
                f"The log ends at entry {begun.head:,}, and this node has carried out {place.number:,}: the log is an"
                " older copy, or was begun anew. If etcd is lost for good, “groupchat cluster leave” takes a node out,"
                " to begin a new log with what it has."
            )

    @inlineCallbacks
    def _founding(self) -> "Generator[Deferred[Any], Any, list[Operation]]":
        """Return what the first entry of the log says: what this node has.

        :raises CannotStart: its disk takes nothing; nothing is in the log then.
        """
        check = Check(max(1, self._inner.head - ROWS + 1), self._inner.head)
        try:
            [found] = yield self._inner.append([check])
        except JournalUnavailable as error:
            raise CannotStart(f"No cluster can begin with this journal just now: {error}") from error
        assert isinstance(found, Checked)
        return [Check(check.first, check.upto, 0, found.rows, found.facts)]

    @inlineCallbacks
    def _come_up(self, begun: Begun, founding: Sequence[Operation] = ()) -> "Generator[Deferred[Any], Any, None]":
        """Carry out what the log has, and say that this node has begun its epoch; again if that ends meanwhile."""
        # Where nobody else is, the newest rules hold from the beginning.
        is_newer = self._card.rules > NOWHERE.rules
        rules: Sequence[Operation] = [Rules(self._card.rules)] if founding and is_newer else ()
        while True:
            self._refenced = Deferred()
            self._showing.begin()
            self._living.begin(begun.epoch)
            yield self._applying.reached(begun.head)
            self._proposing.lose_unsent()
            self._proposing.begin(begun.epoch)
            if begun.head:
                founding = rules = ()  # what was proposed before is in the log, or something else
            said = self._proposing.propose([*founding, NodeUp(self.node, begun.epoch), *rules], is_asked=False)
            is_up = yield first_of(said, self._refenced)
            if is_up:
                break
            if self._state is _CLOSED:
                raise Closed
            beginning = self._log.begin(self.node, self._encoded(self._card))
            begun = yield self._applying.unless_ended(beginning)  # which may last while the log does not answer
        self._refenced = None
        if self._on_received is None:
            yield self._applying.hold()
            yield self._applying.reached()  # it fails if everything has ended with what was handed on meanwhile
        self.epoch, self._state = begun.epoch, _RUNNING
        self.log.info("This is the node {node}, epoch {epoch}", node=self.node, epoch=self.epoch)

    # Running

    def _handed_on(self, received: Received, outcomes: Sequence[Outcome]) -> None:
        """Pass on an entry that is carried out here."""
        entry = received.entry
        self._living.note(entry.operations, outcomes)
        for operation, outcome in zip(entry.operations, outcomes, strict=True):
            if isinstance(operation, Check) and isinstance(outcome, Checked):
                self._checking.note(received.number, self._applying.place.chain, operation, outcome)
        is_own = entry.node == self.node
        if not (is_own and self._proposing.is_asked(entry.epoch, entry.count)) and self._on_received is not None:
            self._tell(partial(self._on_received, entry.operations, outcomes))
        if is_own:
            self._proposing.settle(entry.epoch, entry.count, outcomes)

    def _tell(self, what: Callable[[], object]) -> None:
        """Tell the hall something; what goes wrong there does not hold up the journal."""
        try:
            what()
        except Exception:
            self.log.failure("Something was not taken as it should be")

    def _say(self, operation: Operation) -> None:
        """Propose something that the hall did not ask for."""
        if self._state is _RUNNING:
            self._proposing.propose([operation], is_asked=False).addErrback(lambda failure: None)

    def _fenced(self) -> None:
        """Begin again: the epoch of this node has ended."""
        self._living.end_epoch()
        self._proposing.end_epoch()
        if self._state is _BEGINNING and self._refenced is not None and not self._refenced.called:
            self._refenced.callback(None)
        if self._state is not _RUNNING:
            return
        self._state = _BEGINNING
        self.log.warn("This node was cut off from the others for too long, so its people count as gone")
        self._tell(self.on_fenced)
        self._begin_again().addErrback(self._not_begun)

    @inlineCallbacks
    def _begin_again(self) -> "Generator[Deferred[Any], Any, None]":
        begun: Begun = yield self._log.begin(self.node, self._encoded(self._card))
        yield self._come_up(begun)
        self._tell(lambda: self.on_begun(self.epoch))

    def _not_begun(self, failure: Failure) -> None:
        if self._state is _BEGINNING:
            error, words = failure.value, failure.getErrorMessage()
            foreign = f"{words} {FOREIGN}" if isinstance(error, ForeignLog) else words
            self._cannot_go_on(error if isinstance(error, CannotStart) else CannotStart(foreign))

    def _watch_ended(self, failure: Failure) -> None:
        if failure.check(Compacted) is not None:
            self._applying.stop(CannotStart(
                "The log no longer has what this node lacks. Give it a copy of another node’s data:"
                " “groupchat backup” there, and “groupchat seed --from BACKUP --node NAME --replace” here."
            ))  # fmt: skip
        elif failure.check(ForeignLog) is not None:
            self._applying.stop(CannotStart(f"{failure.getErrorMessage()} {FOREIGN}"))
        else:
            self.log.failure("The log cannot be read any more", failure)
            self._is_broken(failure)

    def _cannot_go_on(self, error: CannotStart) -> None:
        """Refuse everything from now on: what stands in the log cannot be carried out here."""
        if self._state in (_BROKEN, _CLOSED):
            return
        is_running, self._state = self._state is not _BEGINNING or self.epoch > 0, _STOPPED
        self._failure, self._stopped_by = Failure(JournalUnavailable(STOPPED)), str(error)
        self._proposing.lose_all(self._failure if is_running else Failure(error))
        if is_running:
            self.log.error("This node takes no messages any more: {reason}", reason=str(error))
            # Nothing must wait for this node, which may never go on.
            self._show_card(replace(self._card, revision=NEVER))
            self._living.nodes = {}  # what was known may be of a log that is gone
            self._living.refresh()

    def _differs(self, error: JournalBroken) -> None:
        """Stop, and do not start again before somebody has looked: this node is not what the others are."""
        self.mark_failed(str(error))
        self._is_broken(Failure(error))

    def _is_broken(self, failure: Failure) -> None:
        """Acknowledge nothing more: the journal cannot be trusted."""
        if self._state in (_BROKEN, _CLOSED):
            return
        self._state = _BROKEN
        if failure.check(JournalBroken) is None:
            failure = Failure(JournalBroken(failure.getErrorMessage()))
        self._failure = failure
        self._applying.break_off(failure)
        self._proposing.lose_all(failure)
        self.on_broken(failure)

    def _refusal(self) -> Exception | None:
        """Return why nothing is taken just now; None: it is."""
        if self._failure is not None:
            return cast(Exception, self._failure.value)
        if self._state is _RUNNING:
            trouble = self._applying.trouble
            return JournalUnavailable(trouble) if trouble else None
        if self._state is _CLOSED:
            return JournalUnavailable("The journal is closed.")
        return JournalUnavailable(f"{CUT_OFF} Nothing can be posted here just now.")

    def _trouble(self) -> str:
        refusal = self._refusal()
        if refusal is None:
            return self._log.trouble()
        if self._state not in (_NEW, _BEGINNING):
            is_stopped = self._state is _STOPPED
            return f"This node takes no messages any more. {self._stopped_by}" if is_stopped else str(refusal)
        words = CUT_OFF if self.epoch else STARTING
        return f"{words} {self._applying.trouble or self._log.trouble()}".rstrip()

    # Each minute

    def _repeat(self, name: str, seconds: float, do: Callable[[], None]) -> None:
        def again() -> None:
            self._timers[name] = self._clock.callLater(seconds, again)
            do()

        self._timers[name] = self._clock.callLater(seconds, again)

    def _show(self) -> None:
        """Let the others know how far this node is."""
        place, found = self._applying.place, self._checking.found
        card = replace(
            self._card, applied=place.number, revision=place.revision,
            check=found.number if found else 0, digest=found.digest if found else "",
        )  # fmt: skip
        if self._state is _RUNNING:
            # The log may forget what all have, so that has to be where the loss of its power does not take it away.
            self._inner.flushed().addCallbacks(lambda _: self._show_running(card), self._not_flushed)
        elif self._state is _STOPPED:
            self._living.refresh()

    def _not_flushed(self, failure: Failure) -> None:
        if failure.check(JournalBroken) is not None:
            self._is_broken(failure)  # now, and not with the next append

    def _show_running(self, card: Card) -> None:
        if self._state is _RUNNING:  # a node that has stopped meanwhile shows that, and nothing after it
            self._show_card(card)

    def _show_card(self, card: Card) -> None:
        self._showing.show(self._encoded(card))

    def _pass_minute(self) -> None:
        """Do what only the first node has to do, and keep count for the time when this one is that."""
        self.compaction.note(self._applying.place.revision)
        if self._state is not _RUNNING or not self._living.is_first or self._refusal() is not None:
            return
        self.compaction.compact(self._living.nodes)
        others = {name: live for name, live in self._living.nodes.items() if name != self.node}
        # Where checks take long, the next one must not come on top of the one before.
        check = None if self._is_checking else self._checking.next(self.head, others)
        if check is not None:
            self._is_checking = True
            self._proposing.propose([check], is_asked=False).addBoth(self._has_checked)

    def _has_checked(self, result: object) -> None:
        """Note that a check is carried out here, or will never be."""
        self._is_checking = False

    def _propose_rules(self) -> None:
        """Let newer rules begin once all living nodes know them."""
        if self._state is _RUNNING and self._living.is_first:
            all_know = min(read_card(live).rules for live in self._living.nodes.values())
            if all_know > self._applying.place.rules:
                self._say(Rules(all_know))
