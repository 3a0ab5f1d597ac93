"""Propose entries for the log, one at a time, and answer whoever waits when they are carried out here.

Rules:

1. What waits while an entry is on its way goes next, in as few entries as it fits in.
2. An answer is given when the entry has come back from the log and is carried out.  Until then nobody knows its
   outcomes: they depend on what stands before it.
3. An entry says what was carried out here when its operations were made, which is when they are proposed: the hall that
   makes them has learned everything up to there, and nothing behind it.
4. An entry belongs to an epoch.  When that has ended, what was not in the log by then never will be; whoever waits for
   it is told so, once everything is carried out that can have it.
"""

from collections import deque
from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.interfaces.shared_log import Appended, Closed, Fenced, ILog, LogEntry
from groupchat.journals.cluster.entries import LARGEST, MOST_OPERATIONS, entry_bytes, groups, written
from groupchat.model.drafts import Operation, Outcome
from groupchat.model.errors import JournalUnavailable
from groupchat.model.node_operations import Place

_LOST = "This node was cut off from the others, so this was not stored. Send it again."


class _Proposal:
    """Operations that are answered together, whichever entries they are in.

    ``is_asked``: whether the hall asked for them; else it is told as of those of other nodes.
    """

    def __init__(self, count: int, is_asked: bool) -> None:
        self.is_asked = is_asked
        self.answer: Deferred[list[Outcome]] = Deferred()
        self.outcomes: list[Outcome] = [None] * count
        self.left = 0
        self.is_any_in = False

    def settle(self, places: Sequence[int], outcomes: Sequence[Outcome]) -> None:
        """Note the outcomes of some that were carried out; answer when there is one for each."""
        self.is_any_in = True
        self._note(places, outcomes)

    def _note(self, places: Sequence[int], outcomes: Sequence[Outcome]) -> None:
        for place, outcome in zip(places, outcomes, strict=True):
            self.outcomes[place] = outcome
        self.left -= 1
        if not self.left:
            self.answer.callback(self.outcomes)

    def lose(self, places: Sequence[int]) -> None:
        """Note that some of them are in no entry; fail if that holds for all."""
        if self.left == 1 and not self.is_any_in:
            self.left = 0
            self.answer.errback(JournalUnavailable(_LOST, is_general=False))
        else:
            self._note(places, [JournalUnavailable(_LOST, is_general=False)] * len(places))


class _Part:
    """The operations of a proposal that are in one entry, as they stand there.

    ``known``: the number of the last entry that was carried out when they were made.
    """

    def __init__(self, proposal: _Proposal, places: Sequence[int], operations: Sequence[bytes], known: int) -> None:
        self.proposal = proposal
        self.places = places
        self.operations = operations
        self.known = known


class Proposing:
    """Appends to the log what this node proposes.

    :param place: returns how far the log is carried out, and by which rules entries are written now.
    :param fenced: called, once in an epoch, when it turns out to have ended.
    :param carried_out: returns a Deferred that fires when everything up to a revision is carried out.
    :param expect: is told of each entry, and the epoch, as soon as it is on its way.
    :param known: is told of each entry that was appended, at once.

    ``append_seconds``: how long the newest append took until its entry was durable.
    ``known``: the number of the newest entry that was appended.
    """

    log = Logger()

    def __init__(
        self,
        shared: ILog,
        clock: IReactorTime,
        node: str,
        place: Callable[[], Place],
        fenced: Callable[[], None],
        carried_out: Callable[[int], "Deferred[None]"],
        expect: Callable[[bytes, int], None],
        known: Callable[[LogEntry], None],
    ) -> None:
        self._log = shared
        self._clock = clock
        self._node = node
        self._place = place
        self._fenced = fenced
        self._carried_out = carried_out
        self._expect = expect
        self._take_known = known
        self._epoch = self._count = 0
        self._is_open = False
        self._queue: deque[_Part] = deque()
        self._is_appending = False
        self._texts: dict[int, tuple[Operation, bytes]] = {}
        self._began = 0.0
        self._sent: dict[tuple[int, int], _Part] = {}
        """What is on its way, and in the log but not carried out yet, by epoch and count."""
        self.append_seconds = 0.0
        self.known = 0

    @property
    def delay(self) -> float:
        """The seconds for which the append on its way has been going on."""
        return self._clock.seconds() - self._began if self._is_appending else 0.0

    def begin(self, epoch: int) -> None:
        """Propose in a new epoch."""
        self._epoch, self._count, self._is_open = epoch, 0, True
        self._append_next()

    def fitting(self, operations: Sequence[Operation]) -> int:
        """Return how many of these, at least one, fit in one entry; they are expected to be proposed next."""
        size = 0
        self._texts = {}
        for index, operation in enumerate(operations):
            try:
                text = written(operation, self._place().rules)
            except (ValueError, TypeError):
                continue  # as will be found when it is proposed
            self._texts[id(operation)] = (operation, text)
            size += len(text) + 1
            if index and (size > LARGEST or index == MOST_OPERATIONS):
                return index
        return len(operations)

    def end_epoch(self) -> None:
        """Append nothing more in this epoch; what is on its way may still be in."""
        self._is_open = False

    def propose(self, operations: Sequence[Operation], is_asked: bool = True) -> "Deferred[list[Outcome]]":
        """Have operations carried out by all nodes; give the outcomes once they are carried out here.

        Fails with JournalUnavailable: none of them was, and will be.
        """
        proposal = _Proposal(len(operations), is_asked)
        fitted, self._texts = self._texts, {}
        rules = self._place().rules
        try:
            texts = [fitted[id(one)][1] if id(one) in fitted else written(one, rules) for one in operations]
        except (ValueError, TypeError) as error:
            self.log.error("A value could not be stored; nothing of its batch was: {error}", error=error)
            return fail(JournalUnavailable(JournalUnavailable.UNSUITABLE, is_general=False))
        known = self._place().number
        if len(texts) <= MOST_OPERATIONS and sum(map(len, texts)) + len(texts) <= LARGEST:
            # They fit in one entry, as nearly always.
            self._queue.append(_Part(proposal, range(len(texts)), texts, known))
            proposal.left = 1
            self._append_next()
            return proposal.answer
        places = [place for place, text in enumerate(texts) if len(text) <= LARGEST]
        for place in set(range(len(texts))) - set(places):
            proposal.outcomes[place] = JournalUnavailable("This is too long for the log that the nodes share.")
        for group in groups([len(texts[place]) for place in places]):
            within = places[group.start : group.stop]
            self._queue.append(_Part(proposal, within, [texts[place] for place in within], known))
            proposal.left += 1
        self._append_next()
        return proposal.answer

    def settle(self, epoch: int, count: int, outcomes: Sequence[Outcome]) -> bool:
        """Note that an entry of this node is carried out; return whether the hall waits for it."""
        part = self._sent.pop((epoch, count), None)
        if part is None:
            return False
        part.proposal.settle(part.places, outcomes)
        return part.proposal.is_asked

    def is_asked(self, epoch: int, count: int) -> bool:
        """Say whether the hall waits for this entry."""
        part = self._sent.get((epoch, count))
        return part is not None and part.proposal.is_asked

    def lose_unsent(self) -> None:
        """Answer whoever waits for what was never sent: their epoch has ended."""
        queue, self._queue = self._queue, deque()
        for part in queue:
            part.proposal.lose(part.places)

    def lose_all(self, failure: Failure) -> None:
        """Answer everybody who waits: nothing more is carried out here.

        :param failure: why; of what was sent it is also said that it may be in the log, for it can be.
        """
        self._is_open = False
        sent = dict.fromkeys(part.proposal for part in self._sent.values())
        queued = dict.fromkeys(part.proposal for part in self._queue)
        self._queue.clear()
        self._sent.clear()
        doubtful = failure
        if failure.check(JournalUnavailable) is not None:
            doubtful = Failure(JournalUnavailable(f"{failure.value} {JournalUnavailable.NOT_KNOWN}"))
        for proposal in sent | queued:
            is_in_doubt = proposal in sent or proposal.is_any_in
            proposal.answer.errback(doubtful if is_in_doubt else failure)

    # How

    def _append_next(self) -> None:
        if self._is_appending or not self._is_open or not self._queue:
            return
        part = self._queue.popleft()
        self._count += 1
        key = (self._epoch, self._count)
        self._sent[key] = part
        self._is_appending, self._began = True, self._clock.seconds()
        data = entry_bytes(self._node, *key, self._place().rules, part.operations, part.known)

        def appended(place: Appended) -> None:
            self._is_appending = False
            self.append_seconds = self._clock.seconds() - self._began
            self.known = max(self.known, place.number)
            part.proposal.is_any_in = True
            self._take_known(LogEntry(place.number, place.revision, data))
            self._append_next()

        def failed(failure: Failure) -> None:
            self._is_appending = False
            error = failure.value
            if isinstance(error, Fenced):
                self._end_epoch(key, part, error.revision)
            elif failure.check(Closed) is None:
                self.log.failure("An entry could not be appended", failure)
                self._sent.pop(key, None)
                part.proposal.lose(part.places)
                self._append_next()

        answered = self._log.append(data)
        self._expect(data, self._epoch)
        answered.addCallbacks(appended, failed)

    def _end_epoch(self, key: tuple[int, int], part: _Part, revision: int) -> None:
        """Find out whether the entry on its way is in the log, which is certain once that is read so far."""

        def look(result: object) -> None:
            if self._sent.pop(key, None) is not None:
                part.proposal.lose(part.places)

        # When that can no longer be, everybody is answered by ``lose_all``.
        self._carried_out(revision).addCallbacks(look, lambda failure: None)
        if key[0] != self._epoch:
            self._append_next()  # another epoch has begun already
        elif self._is_open:
            self._fenced()


def first_of(said: "Deferred[list[Outcome]]", fenced: "Deferred[None]") -> "Deferred[bool]":
    """Return a Deferred that says whether an entry was carried out before the epoch ended."""
    first: Deferred[bool] = Deferred()

    def settle(is_up: bool) -> None:
        if not first.called:
            first.callback(is_up)

    def failed(failure: Failure) -> None:
        if failure.check(JournalUnavailable) is not None:
            settle(False)
        elif not first.called:
            first.errback(failure)

    said.addCallbacks(lambda outcomes: settle(True), failed)
    fenced.addCallback(lambda _: settle(False))
    return first
