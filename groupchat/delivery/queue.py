"""One thing on its way through the hall: a draft that will be a post, or a notice among the posts."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from twisted.internet.defer import Deferred

from groupchat.model.drafts import Draft, Fact, Kind
from groupchat.model.errors import Refusal
from groupchat.model.events import AuthorId, Event, Ref

if TYPE_CHECKING:
    from groupchat.verbs.member import Member

_Reply = TypeVar("_Reply")

EVERYWHERE: None = None
"""The ``rooms`` of what everybody is shown, whichever room they are in."""


class Entry:
    """A thing to deliver, with what delivery needs to know of it.

    ``draft``: what the journal must write first (None: a notice).
    ``event``: what is shown; for a draft, set when it is on disk.
    ``rooms``: who is in one of these sees it (EVERYWHERE: all do; empty: only ``author`` and ``reader``).
    ``origin``: the connection it came from; ``awaited`` whether that one waits for an answer, with ``ref``.
    ``facts``: what is true from then on, written in the same transaction as the draft (or without any).
    ``effect``: called when draft and facts are on disk, before anybody is shown anything.
    ``refusal``: why facts without a draft were not written.
    ``previous``: when something was last shown in its room, in seconds since 1970 UTC.
    """

    __slots__ = (
        "author",
        "awaited",
        "draft",
        "effect",
        "event",
        "facts",
        "origin",
        "previous",
        "reader",
        "ref",
        "refusal",
        "rooms",
        "text",
        "then",
    )

    event: Event

    def __init__(self, draft: Draft | None, rooms: tuple[str, ...] | None, origin: "Member | None" = None) -> None:
        self.draft = draft
        self.rooms = rooms
        self.origin = origin
        self.author: AuthorId | None = origin.person.author if origin is not None else None
        self.reader: AuthorId | None = None
        self.facts: tuple[Fact, ...] = ()
        self.effect: Callable[[], None] | None = None
        self.refusal: Refusal | None = None
        self.awaited = False
        self.ref: Ref = None
        self.text = ""
        """What a person is told when it is done."""
        self.previous = 0.0
        self.then: Callable[[], None] | None = None
        """Called when it has been delivered, or refused."""

    def afterwards(self, action: Callable[[], None]) -> None:
        """Have this called, too, when it has been delivered or refused."""
        before = self.then

        def both() -> None:
            if before is not None:
                before()
            action()

        self.then = both

    @classmethod
    def of_facts(
        cls, *facts: Fact, origin: "Member | None" = None, effect: Callable[[], None] | None = None
    ) -> "Entry":
        """An entry that nobody is shown: something becomes true."""
        entry = cls(None, (), origin)
        entry.facts, entry.effect = facts, effect
        return entry

    @classmethod
    def of_notice(cls, event: Event, rooms: tuple[str, ...] | None, origin: "Member | None" = None) -> "Entry":
        """An entry that needs no journal."""
        entry = cls(None, rooms, origin)
        entry.event = event
        return entry


def once(reply: _Reply, key: str | None) -> _Reply:
    """What a verb gave back, but if it is a post, or is going to be one, its author posts it with this key only once.

    What operators do has no key: the facts that go with it would be written again.
    """
    if isinstance(reply, Entry):
        if key is not None and reply.draft is not None and reply.draft.kind is not Kind.MODERATED:
            reply.draft = replace(reply.draft, key=key)
    elif isinstance(reply, Deferred) and key is not None:
        reply.addCallback(once, key)
    return reply
