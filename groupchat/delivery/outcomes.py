"""How a batch that is on disk reaches everybody: outcomes first, then what is shown, then what follows on it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from twisted.logger import Logger

from groupchat.delivery.queue import Entry
from groupchat.model.drafts import Outcome, Repeated, StoredPost
from groupchat.model.errors import Refusal
from groupchat.model.events import Done, TopicChanged
from groupchat.state.rooms import condense

if TYPE_CHECKING:
    from groupchat.hall.hall import Hall

log = Logger()


class Delivery:
    """The way out.  ``under_way``: whether a batch is being handed over just now."""

    def __init__(self, hall: "Hall") -> None:
        self._hall = hall
        self.under_way = False

    def deliver(self, batch: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
        """Hand over a batch whose drafts are on disk (or refused)."""
        hall = self._hall
        self.under_way = True
        try:
            shown = self._settle(batch, outcomes)
            if shown:
                began = hall.clock.seconds()
                hall.fanout.deliver(shown)
                hall.on_delivery(hall.clock.seconds() - began)
        finally:
            self.under_way = False
            hall.readers.batch_ended()
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
            room = self._hall.rooms.get(entry.rooms[0]) if entry.rooms else None
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
        self._hall.delivered = post.id
        if entry.origin is not None and entry.origin.cursor is not None:
            entry.origin.cursor.acknowledged.add(post.id)
        self._hall.tail.add(stored)
        if self._hall.settings.log_messages:
            words = getattr(post, "text", "")
            log.info("#{id} {kind} {nick}: {text!r}", id=post.id, kind=type(post).__name__, nick=post.nick, text=words)
        if post.room:
            room = self._hall.room(post.room)
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
