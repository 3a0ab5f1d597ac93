"""Deliver a batch that is on disk: its outcomes first, then what is shown, then what follows from it.

Rules:

1. A post or fact becomes true in memory when its outcome is known, before anybody is shown anything of the batch.
2. Everything of a batch is shown in one turn of the reactor, in the order of the queue.
3. Whoever is concerned is told and put out, barriers are answered, ``then`` is called and receipts are settled after
   that, in the same order.
4. Whatever goes wrong in a function that is called here, the rest of the batch is delivered.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from twisted.logger import Logger

from groupchat.config.settings import Settings
from groupchat.delivery.condensing import condense
from groupchat.delivery.fanout import Fanout, Shown
from groupchat.delivery.queue import Barrier, Change, Mark, Notice, Posting, Queued, Receipt
from groupchat.delivery.readers import Readers
from groupchat.delivery.stream import Stream
from groupchat.interfaces.clock import Clock
from groupchat.model.drafts import (
    Amendment,
    Consequence,
    Draft,
    Erased,
    Expired,
    Operation,
    Outcome,
    ReadUpTo,
    Repeated,
    StoredFile,
    StoredPost,
)
from groupchat.model.errors import Outdated, Refusal
from groupchat.model.events import AwayChanged, Done, Joined, Left, Moved, Ref, Renamed, TopicChanged, Typing
from groupchat.model.node_operations import NodeOperation
from groupchat.state.moves import CROWDS, MOVES, SPEAKING, Moves
from groupchat.state.people import Connection
from groupchat.state.rooms import Rooms

log = Logger()

PASSING = frozenset({Typing, AwayChanged, Moved})
"""What tells nothing of the order in which people come, go and speak."""

Learned: TypeAlias = Consequence | ReadUpTo | Expired | Erased
"""The changes that become true when they are on disk."""


class Outcomes:
    """Delivers batches.

    ``learn(change, by)`` applies what is on disk, decided by the person with this nickname (empty: by nobody in
    particular), and returns what is to be done about it when the batch was shown.
    ``refuse(connection, refusal, ref)`` tells a connection why not.
    ``received(…)`` is given what other nodes have posted, and calls ``shared(file)`` for each file among it;
    ``attend(operation)`` is given what the nodes of a cluster say of their people, and returns the notices of it;
    ``noted(stored)`` each post that was made at another node, when it was shown.
    """

    def __init__(
        self,
        stream: Stream,
        rooms: Rooms,
        fanout: Fanout,
        readers: Readers,
        settings: Settings,
        clock: Clock,
        learn: Callable[[Learned, str], Callable[[], None] | None],
        refuse: Callable[[Connection, Refusal, Ref], None],
    ) -> None:
        self.settings = settings
        self._stream = stream
        self._rooms = rooms
        self._fanout = fanout
        self._readers = readers
        self._clock = clock
        self._learn = learn
        self._refuse = refuse
        self.moves = Moves()
        self.on_delivery: Callable[[float], object] = lambda seconds: None
        """Called after each batch with the seconds it took to hand it to everybody."""
        self.attend: Callable[[NodeOperation], Sequence[Notice]] = lambda operation: ()
        self.noted: Callable[[StoredPost], object] = lambda stored: None
        self.shared: Callable[[StoredFile], object] = lambda file: None

    def deliver(self, batch: Sequence[Queued], outcomes: Sequence[Outcome] | Refusal) -> None:
        """Hand over a batch whose drafts are on disk, or were all refused."""
        self._readers.batch_begins()
        afterwards: list[Callable[[], None]] = []
        try:
            shown = self._settle(batch, outcomes, afterwards)
            if shown:
                began = self._clock.seconds()
                self._fanout.deliver(shown)
                self.on_delivery(self._clock.seconds() - began)
        finally:
            self._readers.batch_ends()
            for function in afterwards:
                _guarded(function)

    def received(self, operations: Sequence[Operation], outcomes: Sequence[Outcome]) -> None:
        """Hand over what another node of the cluster has posted, and is on disk here: nobody here waits for it."""
        self.deliver(
            [Posting(one, Receipt()) if isinstance(one, Draft) else Change(one, Receipt()) for one in operations],
            outcomes,
        )
        for operation, outcome in zip(operations, outcomes, strict=True):
            if isinstance(outcome, StoredPost):
                self.noted(outcome)
                if isinstance(operation, Draft) and operation.file is not None:
                    self.shared(operation.file)

    def _settle(
        self, batch: Sequence[Queued], outcomes: Sequence[Outcome] | Refusal, afterwards: list[Callable[[], None]]
    ) -> Sequence[Shown]:
        """Give each item its outcome, and return what is to be shown.

        :param afterwards: gathers what is to be called when it was shown.
        """
        refusal = outcomes if isinstance(outcomes, Refusal) else None
        results: Iterator[Outcome] = iter(()) if isinstance(outcomes, Refusal) else iter(outcomes)
        shown: list[Shown] = []
        for item in batch:
            if isinstance(item, Posting):
                outcome = refusal or next(results)
                if isinstance(outcome, StoredPost):
                    shown.append(self._accept(item, outcome, afterwards))
                elif isinstance(outcome, Repeated):
                    self._repeat(item, outcome, afterwards)
                elif isinstance(outcome, Refusal):
                    self._turn_down(item, outcome, afterwards)
            elif isinstance(item, Notice):
                shown.append(self._notice(item))
                if item.then is not None:
                    afterwards.append(item.then)
            elif isinstance(item, Change):
                outcome = refusal or next(results)
                if isinstance(outcome, Refusal):
                    self._turn_down(item, outcome, afterwards)
                else:
                    self._change(item, outcome, shown, afterwards)
            elif isinstance(item, Mark):
                afterwards += item.receipt.settle(refusal)
            else:
                self._pass(item, afterwards)
        condensed = self._gathered(condense(shown))
        for one in condensed:
            at = one.event.at  # type: ignore[attr-defined]  # every post and notice has it
            room = self._rooms.find(one.rooms[0]) if one.rooms else None
            if room is None:
                one.previous = at
            else:
                one.previous, room.last_at = room.last_at, at
        return condensed

    def _gathered(self, shown: Sequence[Shown]) -> Sequence[Shown]:
        """Gather who comes and goes where many do, and tell of them before what follows in their room."""
        moves, told = self.moves, []
        for n, item in enumerate(shown):
            event = item.event
            kind = type(event)
            if kind in SPEAKING and event.room:  # type: ignore[attr-defined]
                moves.note_words(event)  # type: ignore[arg-type]
            elif kind in MOVES and (kind in CROWDS or event.crowded):  # type: ignore[attr-defined]
                moves.note_move(event, item.author)  # type: ignore[arg-type]
                continue
            if moves.gathered and kind not in PASSING:
                rooms = [room for room in item.rooms or () if room in moves.gathered]
                told += [(n, moved) for room in rooms for moved in moves.take(room)]
            if kind is Renamed:
                moves.note_name(event, item.rooms or ())  # type: ignore[arg-type]
        if not told:
            return shown
        found = list(shown)
        for n, moved in reversed(told):
            found.insert(n, Shown(moved, (moved.room,)))
        return found

    def sweep(self, now: float) -> "list[Notice]":
        """Return the notices about those who came or went together where many do.

        :param now: the wall-clock time in seconds since 1970 UTC.
        """
        due = self.moves.due(now)
        return [Notice(moved, (moved.room,)) for room in due for moved in self.moves.take(room)]

    def _accept(self, item: Posting, stored: StoredPost, afterwards: list[Callable[[], None]]) -> Shown:
        post, origin = stored.event, item.origin
        self._stream.add(stored)
        if origin is not None and origin.cursor is not None:
            origin.cursor.acknowledged.add(post.id)
        if self.settings.log_messages:
            words = getattr(post, "text", "") or getattr(post, "name", "")
            log.info("#{id} {kind} {nick}: {text!r}", id=post.id, kind=type(post).__name__, nick=post.nick, text=words)
        if post.room:
            room = self._rooms.posted(post.room)
            room.posted_at = post.at
            if type(post) is TopicChanged:
                room.topic = post.text
        for change in item.operation.changes:
            self._apply(change, post.nick, afterwards)
        item.receipt.number = post.id
        afterwards += item.receipt.settle()
        rooms = (post.room,) if post.room else ()
        answer = Done(post.id, item.text) if item.awaited else None
        return Shown(post, rooms, stored.author, stored.reader, origin, answer, item.ref)

    def _notice(self, item: Notice) -> Shown:
        event, origin = item.event, item.origin
        if isinstance(event, Joined | Left | Renamed):
            for room in filter(None, map(self._rooms.find, item.rooms or ())):
                room.changes += 1
        author = origin.person.author if origin is not None else None
        return Shown(event, item.rooms, author, None, origin, item.answer, item.ref)

    def _repeat(self, item: Posting, first: Repeated, afterwards: list[Callable[[], None]]) -> None:
        """Answer a post that is there already."""
        origin = item.origin
        item.receipt.number = first.id
        afterwards += item.receipt.settle()
        if origin is not None and item.awaited:
            origin.show(Done(first.id, item.text), item.ref)

    def _turn_down(self, item: Posting | Change, refusal: Refusal, afterwards: list[Callable[[], None]]) -> None:
        """Answer what is refused, or do once more what built on something that was just changed."""
        origin, receipt = item.origin, item.receipt
        if isinstance(refusal, Outdated):
            known = item.outdated.get(refusal.kind) if isinstance(item, Change) else None
            if known is None and receipt.again is not None:
                afterwards.append(receipt.again)
                return
            refusal = known or refusal
        afterwards += receipt.settle(refusal)
        if origin is not None:
            self._refuse(origin, refusal, item.ref)

    def _change(self, item: Change, outcome: Outcome, shown: list[Shown], afterwards: list[Callable[[], None]]) -> None:
        """Apply what nobody is shown; the connection that asked for it is answered."""
        origin, operation = item.origin, item.operation
        if isinstance(operation, Amendment):
            for change in operation.changes:
                self._apply(change, "", afterwards)
        elif isinstance(operation, ReadUpTo):
            self._apply(operation, "", afterwards)
        elif isinstance(outcome, Expired | Erased):
            self._stream.removed()
            self._apply(outcome, "", afterwards)
        elif isinstance(operation, NodeOperation):
            self._attend(operation, shown, afterwards)
        afterwards += item.receipt.settle()
        if origin is not None and item.answer is not None:
            origin.show(item.answer, item.ref)

    def _attend(self, operation: NodeOperation, shown: list[Shown], afterwards: list[Callable[[], None]]) -> None:
        """Show what a node says of its people, at its place in the batch."""
        try:
            notices = self.attend(operation)
        except Exception:
            log.failure("What a node says of its people could not be applied")
            return
        for notice in notices:
            shown.append(self._notice(notice))
            if notice.then is not None:
                afterwards.append(notice.then)

    def _pass(self, item: Barrier, afterwards: list[Callable[[], None]]) -> None:
        origin, answer, ref = item.origin, item.answer, item.ref
        if origin is not None and answer is not None:
            afterwards.append(lambda: self._readers.answer_in_order(origin, answer, ref))
        if item.then is not None:
            afterwards.append(item.then)

    def _apply(self, change: Learned, by: str, afterwards: list[Callable[[], None]]) -> None:
        """Learn of something; whatever goes wrong in that, the rest of the batch is delivered."""
        try:
            follows = self._learn(change, by)
        except Exception:
            log.failure("What is on disk could not be applied")
        else:
            if follows is not None:
                afterwards.append(follows)


def _guarded(function: Callable[[], None]) -> None:
    """Call a function; whatever goes wrong in it, the rest of the batch is delivered."""
    try:
        function()
    except Exception:
        log.failure("What was to follow a delivery failed")
