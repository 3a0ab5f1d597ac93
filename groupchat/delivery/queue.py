"""The items of the queue before the journal: posts, changes of facts, notices, and barriers.

Each is built complete and queued once; nothing changes it afterwards.
A receipt tells what becomes of a post or a change.
All have ``draft`` and ``facts``, so that the queue need not ask what it holds.
"""

from collections.abc import Callable
from typing import ClassVar, TypeAlias

from twisted.internet.defer import Deferred

from groupchat.model.drafts import Draft, Fact
from groupchat.model.errors import Refusal
from groupchat.model.events import Done, Event, Ref, record
from groupchat.state.people import Connection

EVERYWHERE: None = None
"""The ``rooms`` of what everybody is shown, whichever room they are in."""


class Receipt:
    """Tells what becomes of something that was posted.

    ``changes``: facts become true with it, so that the next request of the same connection may depend on it.
    ``refusal``: why it was not written; None as long as that is not known, and when it was written.
    """

    __slots__ = ("_functions", "_is_settled", "changes", "refusal")

    def __init__(self, changes: bool = False) -> None:
        self.changes = changes
        self.refusal: Refusal | None = None
        self._is_settled = False
        self._functions: list[Callable[[], None]] | None = None

    def when_settled(self, function: Callable[[], None]) -> None:
        """Call a function when it was delivered or refused; at once if it was already."""
        if self._is_settled:
            function()
        elif self._functions is None:
            self._functions = [function]
        else:
            self._functions.append(function)

    def result(self) -> "Deferred[None]":
        """Return a Deferred that fires when it was delivered, and fails with its refusal."""
        waiting: Deferred[None] = Deferred()
        self.when_settled(lambda: waiting.callback(None) if self.refusal is None else waiting.errback(self.refusal))
        return waiting

    def settle(self, refusal: Refusal | None = None) -> "list[Callable[[], None]]":
        """Note that it was delivered or refused; return the functions to be called now."""
        self.refusal = refusal
        self._is_settled = True
        functions, self._functions = self._functions or [], None
        return functions


@record
class Posting:
    """A draft to be written, and the facts that become true with it.

    ``origin``: the connection it came from (None: nobody is answered); ``awaited``: that one waits for an answer, with
    ``ref``, which is told ``text``.
    ``then``: called when it was delivered, but not when it was refused.
    """

    draft: Draft
    receipt: Receipt
    origin: Connection | None = None
    ref: Ref = None
    awaited: bool = False
    text: str = ""
    facts: tuple[Fact, ...] = ()
    then: Callable[[], None] | None = None


@record
class Change:
    """Facts that become true without anybody being shown it; ``answer`` is for its origin."""

    draft: ClassVar[None] = None
    facts: tuple[Fact, ...]
    receipt: Receipt
    origin: Connection | None = None
    ref: Ref = None
    answer: Done | None = None


@record
class Notice:
    """Something that passes, for the people in one of these rooms (EVERYWHERE: for all).

    ``then``: called when it was delivered.
    """

    draft: ClassVar[None] = None
    facts: ClassVar[tuple[Fact, ...]] = ()
    event: Event
    rooms: tuple[str, ...] | None
    origin: Connection | None = None
    ref: Ref = None
    answer: Done | None = None
    then: Callable[[], None] | None = None


@record
class Barrier:
    """Marks a place in the queue: its origin is answered, and ``then`` called, after everything queued before it."""

    draft: ClassVar[None] = None
    facts: ClassVar[tuple[Fact, ...]] = ()
    origin: Connection | None = None
    ref: Ref = None
    answer: Done | None = None
    then: Callable[[], None] | None = None


Queued: TypeAlias = Posting | Change | Notice | Barrier
