"""The items of the queue before the journal: posts, changes without a post, notices, barriers, and marks.

Each is built complete and queued once; nothing changes it afterwards.
A receipt tells what becomes of a post or a change.
All have ``operation``, so that the queue need not ask what it holds: None is nothing for the journal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import ClassVar, TypeAlias

from twisted.internet.defer import Deferred

from groupchat.lazy.records import record
from groupchat.model.drafts import Draft, Operation
from groupchat.model.errors import Refusal
from groupchat.model.events import Done, Event, Ref
from groupchat.state.people import Connection

EVERYWHERE: None = None
"""The ``rooms`` of what everybody is shown, whichever room they are in."""


class Receipt:
    """Tells what becomes of something that was posted.

    ``changes``: facts become true with it, so that the next request of the same connection may depend on it.
    ``refusal``: why it was not written; None as long as that is not known, and when it was written.
    ``number``: the number of the post, once it is settled and was not refused; of posts only.
    ``again``: called instead of telling the refusal Outdated: the request is made once more, from what is true now.
    Whoever sets it settles the receipt.
    """

    __slots__ = ("_functions", "_is_settled", "again", "changes", "number", "refusal")
    number: int

    def __init__(self, changes: bool = False) -> None:
        self.changes = changes
        self.refusal: Refusal | None = None
        self.again: Callable[[], None] | None = None
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
    """A draft to be written.

    ``origin``: the connection it came from (None: nobody is answered); ``awaited``: that one waits for an answer, with
    ``ref``, which is told ``text``.
    """

    operation: Draft
    receipt: Receipt
    origin: Connection | None = None
    ref: Ref = None
    awaited: bool = False
    text: str = ""


@record
class Change:
    """An operation that nobody is shown; ``answer`` is for its origin.

    ``outdated``: by the kind of a fact, what the origin is told when that fact was no longer as it was expected.
    """

    operation: Operation
    receipt: Receipt
    origin: Connection | None = None
    ref: Ref = None
    answer: Done | None = None
    outdated: Mapping[str, Refusal] = field(default_factory=dict)


@record
class Notice:
    """Something that passes, for the people in one of these rooms (EVERYWHERE: for all).

    ``then``: called when it was delivered.
    """

    operation: ClassVar[None] = None
    event: Event
    rooms: tuple[str, ...] | None
    origin: Connection | None = None
    ref: Ref = None
    answer: Done | None = None
    then: Callable[[], None] | None = None


@record
class Barrier:
    """Marks a place in the queue: its origin is answered, and ``then`` called, after everything queued before it."""

    operation: ClassVar[None] = None
    origin: Connection | None = None
    ref: Ref = None
    answer: Done | None = None
    then: Callable[[], None] | None = None


@record
class Mark:
    """Marks a place in the queue, and what is kept of connections: its receipt tells whether that is on disk.

    It is settled with the batch that has everything that ``Commits.keep`` was given before it.
    """

    operation: ClassVar[None] = None
    receipt: Receipt


Queued: TypeAlias = Posting | Change | Notice | Barrier | Mark


def take_out(batch: list[Queued], notices: Sequence[Notice]) -> list[Notice]:
    """Take these very notices out of a batch; return those that were in it, in its order."""
    wanted = {id(notice) for notice in notices}
    found = [item for item in batch if isinstance(item, Notice) and id(item) in wanted]
    if found:
        batch[:] = [item for item in batch if id(item) not in wanted]
    return found
