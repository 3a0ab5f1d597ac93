"""Deliver a batch that is on disk: its outcomes first, then what is shown, then what follows from it.

Rules:

1. A post or fact becomes true in memory when its outcome is known, before anybody is shown anything of the batch.
2. Everything of a batch is shown in one turn of the reactor, in the order of the queue.
3. Barriers are answered, ``then`` is called and receipts are settled after that, in the same order.
4. Whatever goes wrong in a function that is called here, the rest of the batch is delivered.
"""

from collections.abc import Callable, Iterator, Sequence

from twisted.logger import Logger

from groupchat.config.settings import Settings
from groupchat.delivery.condensing import condense
from groupchat.delivery.fanout import Fanout, Shown
from groupchat.delivery.queue import Barrier, Change, Notice, Posting, Queued
from groupchat.delivery.readers import Readers
from groupchat.delivery.stream import Stream
from groupchat.interfaces.clock import Clock
from groupchat.model.drafts import Fact, Outcome, Repeated, StoredPost
from groupchat.model.errors import Refusal
from groupchat.model.events import Done, Joined, Left, Ref, Renamed, TopicChanged
from groupchat.state.people import Connection
from groupchat.state.rooms import Rooms

log = Logger()


class Outcomes:
    """Delivers batches.

    ``learn(fact)`` applies a fact that is on disk; ``refuse(connection, refusal, ref)`` tells a connection why not.
    """

    def __init__(
        self,
        stream: Stream,
        rooms: Rooms,
        fanout: Fanout,
        readers: Readers,
        settings: Settings,
        clock: Clock,
        learn: Callable[[Fact], None],
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
        self.on_delivery: Callable[[float], object] = lambda seconds: None
        """Called after each batch with the seconds it took to hand it to everybody."""

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
                else:
                    self._turn_down(item, outcome, afterwards)
            elif isinstance(item, Notice):
                shown.append(self._notice(item))
                if item.then is not None:
                    afterwards.append(item.then)
            elif isinstance(item, Change):
                self._change(item, refusal, afterwards)
            else:
                self._pass(item, afterwards)
        condensed = condense(shown)
        for one in condensed:
            at = one.event.at  # type: ignore[attr-defined]  # every post and notice has it
            room = self._rooms.find(one.rooms[0]) if one.rooms else None
            if room is None:
                one.previous = at
            else:
                one.previous, room.last_at = room.last_at, at
        return condensed

    def _accept(self, item: Posting, stored: StoredPost, afterwards: list[Callable[[], None]]) -> Shown:
        post, origin = stored.event, item.origin
        self._stream.add(stored)
        if origin is not None and origin.cursor is not None:
            origin.cursor.acknowledged.add(post.id)
        if self.settings.log_messages:
            words = getattr(post, "text", "")
            log.info("#{id} {kind} {nick}: {text!r}", id=post.id, kind=type(post).__name__, nick=post.nick, text=words)
        if post.room:
            room = self._rooms.open(post.room)
            room.stored = True
            if type(post) is TopicChanged:
                room.topic = post.text
        for fact in item.facts:
            self._apply(fact)
        if item.then is not None:
            afterwards.append(item.then)
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

    def _turn_down(self, item: Posting, outcome: Repeated | Refusal, afterwards: list[Callable[[], None]]) -> None:
        """Answer a post that was not written: it is there already, or it is refused."""
        origin = item.origin
        if isinstance(outcome, Repeated):
            afterwards += item.receipt.settle()
            if origin is not None and item.awaited:
                origin.show(Done(outcome.id, item.text), item.ref)
        else:
            afterwards += item.receipt.settle(outcome)
            if origin is not None:
                self._refuse(origin, outcome, item.ref)

    def _change(self, item: Change, refusal: Refusal | None, afterwards: list[Callable[[], None]]) -> None:
        """Apply facts without a post: nobody is shown anything, but the connection that asked for them is answered."""
        origin = item.origin
        afterwards += item.receipt.settle(refusal)
        if refusal is None:
            for fact in item.facts:
                self._apply(fact)
            if origin is not None and item.answer is not None:
                origin.show(item.answer, item.ref)
        elif origin is not None:
            self._refuse(origin, refusal, item.ref)

    def _pass(self, item: Barrier, afterwards: list[Callable[[], None]]) -> None:
        origin, answer, ref = item.origin, item.answer, item.ref
        if origin is not None and answer is not None:
            afterwards.append(lambda: self._readers.answer_in_order(origin, answer, ref))
        if item.then is not None:
            afterwards.append(item.then)

    def _apply(self, fact: Fact) -> None:
        _guarded(lambda: self._learn(fact))


def _guarded(function: Callable[[], None]) -> None:
    """Call a function; whatever goes wrong in it, the rest of the batch is delivered."""
    try:
        function()
    except Exception:
        log.failure("What was to follow a delivery failed")
