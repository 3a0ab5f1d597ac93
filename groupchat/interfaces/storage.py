"""The journal: it keeps posts, and what is known of rooms, accounts and sessions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from zope.interface import Attribute, Interface

from groupchat.lazy.records import record
from groupchat.model.drafts import (
    Audience,
    Fact,
    Operation,
    Outcome,
    SharedFile,
    StoredFile,
    StoredPost,
    StoredRoom,
    StoredSession,
)
from groupchat.model.events import AuthorId
from groupchat.model.message.sought import Sought
from groupchat.model.node_operations import NodeState, Place, Presence


class IJournal(Interface):
    """Keeps posts, facts and sessions, and gives posts their numbers.

    Methods that return a Deferred fail with JournalUnavailable (may work later) or JournalBroken (never again).
    """

    head: int = Attribute("The highest number on disk; 0 when nothing is.")

    def append(operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        """Carry out all in one durable transaction, in this order, and give each operation its outcome.

        A refused or repeated operation does not hinder the others.
        The caller waits for the result before it calls again.
        Each operation sees what those before it did, also in the same call.
        """

    def page(audience: Audience, after: int, upto: int, limit: int) -> "Deferred[list[StoredPost]]":
        """The first ``limit`` rows with ``after < id <= upto``, ascending: the log itself, every row once.

        A message that was changed since comes in its newest form.
        A deleted one, and any edit of it, comes as Deleted: never with its old text.
        """

    def recent(audience: Audience, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """The last ``count`` messages with ``id <= upto``, ascending, in their newest form.

        Messages are what was said, acted and whispered, and not deleted.
        """

    def calls(audience: Audience, count: int) -> "Deferred[list[StoredPost]]":
        """The ``count`` newest messages that call everybody in the rooms of the audience, newest first."""

    def following(audience: Audience, after: int, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """The first ``count`` messages with ``after < id <= upto``, ascending, in their newest form."""

    def between(audience: Audience, start: float, end: float, count: int) -> "Deferred[list[StoredPost]]":
        """The first ``count`` messages with ``start <= at < end``, ascending, in their newest form.

        Both times are seconds since 1970 UTC.
        """

    def around(audience: Audience, id: int, count: int) -> "Deferred[list[StoredPost]]":
        """The message ``id`` with up to ``count`` before and after it in its own room or conversation, ascending.

        It may be deleted, and comes as Deleted then; the others are not.

        Fails with NoSuchMessage when there is none, or the audience may not see it.
        """

    def latest(author: AuthorId, room: str) -> "Deferred[StoredPost | None]":
        """The author's newest message in a room (empty: the newest private one) that is not deleted."""

    def keyed(author: AuthorId, key: str) -> "Deferred[int | None]":
        """The number of what the author has posted with this key, also if it was deleted; None: the key is free."""

    def search(audience: Audience, sought: Sought, count: int) -> "Deferred[list[StoredPost]]":
        """The ``count`` newest messages that fit, newest first.

        Edited messages are found by their newest text, deleted ones never.
        Fails with BadArguments when nothing is looked for or too much, and with TooSlowSearch or Busy.
        """

    def rooms() -> "Deferred[list[StoredRoom]]":
        """Every room that has posts, by name."""

    def room(name: str) -> "Deferred[StoredRoom | None]":
        """The room with this name; None: it has no posts."""

    def message(id: int) -> "Deferred[StoredPost | None]":
        """The message with this number, whoever may see it, in its newest form; None: there is none."""

    def facts(kind: str) -> "Deferred[list[Fact]]":
        """Every fact of this kind that is true, by name."""

    def moderated(upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """The last ``count`` things operators did with ``id <= upto``, in whichever room, ascending."""

    def shared(link: str) -> "Deferred[SharedFile | None]":
        """The file with this public id, whoever may see its post; None: there is none, or it was deleted."""

    def files(audience: Audience, author: AuthorId | None, before: int, count: int) -> "Deferred[list[SharedFile]]":
        """The last ``count`` files with ``id < before`` that the audience may see, newest first.

        :param author: who shared them; None: anybody.
        """

    def kept_files(author: AuthorId | None = None) -> "Deferred[list[StoredFile]]":
        """Every file that a post names, once; of all posts, or of those of an author."""

    def recall(digest: str) -> "Deferred[StoredSession | None]":
        """The session whose token has this hex SHA-256 digest."""

    def close() -> "Deferred[None]":
        """Finish what is under way, tidy up, and release the files."""


class IReplica(IJournal):
    """A journal that can carry out a log which it shares with others."""

    def prepare(operations: Sequence[Operation]) -> None:
        """Begin to carry out posts that are probably appended next, and by these same objects, if that saves time then.

        Nobody sees anything of it before they are, and whatever else is asked for is as if they had not been begun.
        """

    def flushed() -> "Deferred[None]":
        """Fire when everything that was answered before is flushed to the disk here; fail if it never will be.

        Where the log has flushed it already, an append of a replica need not wait for that.
        """

    def place() -> "Deferred[Place | None]":
        """How far it has carried out a log; None: it follows none."""

    def nodes() -> "Deferred[dict[str, NodeState]]":
        """What is remembered of each node of the cluster, by name."""

    def presences() -> "Deferred[list[Presence]]":
        """The connections at all nodes of the cluster, by handle."""


@record
class NodeCard:
    """What a living node says of itself: its epoch, version, newest rules, last entry carried out, and address.

    ``check``, ``digest``: the number of the last entry at which it compared what it has, and what it found then.
    ``secret``: with it other nodes may fetch files there, and nobody else: it is never shown.
    ``fingerprint``: the SHA-256 of the certificate that they find there.
    ``is_stopped``: it takes no messages any more, until somebody has seen to it.
    """

    epoch: int
    version: str
    rules: int
    applied: int
    address: str
    check: int = 0
    digest: str = ""
    secret: str = field(default="", repr=False, kw_only=True)
    fingerprint: str = field(default="", kw_only=True)
    is_stopped: bool = field(default=False, kw_only=True)


BLIND_S = 15.0
"""Seconds after which a node that has not seen which others are alive says so; it looks twice a second."""


@record
class Standing:
    """How a node of a cluster stands.

    ``node``, ``epoch``: which one it is.  ``nodes``: those that live, by name, this one included.
    ``gone``: the others that no longer do and were not removed, by name.
    ``head``: the number of the newest entry of the log that is known here; ``applied``: of the last carried out here.
    ``lag``: for how many seconds entries have been waiting to be carried out here; 0: none is.
    ``append_seconds``: how long the newest append took until its entry was durable.
    ``lease_age``: for how many seconds the node's lease has not been renewed.
    ``live_age``: for how many seconds it was not seen which nodes live, and how far they are.
    ``trouble``: why nothing can be posted here, as a sentence; empty: all is well.
    ``appending``: for how many seconds the append on its way has been going on; 0: none is on its way.
    ``stopped``: why this node takes no messages any more, until somebody has seen to it; empty: it does, or will again.
    """

    node: str
    epoch: int
    nodes: Mapping[str, NodeCard]
    head: int
    applied: int
    lag: float
    append_seconds: float
    lease_age: float
    trouble: str
    gone: Mapping[str, NodeState] = field(default_factory=dict)
    live_age: float = 0.0
    appending: float = 0.0
    stopped: str = ""

    @property
    def unseen(self) -> str:
        """Return that this node does not see the others, as a sentence; empty: it does, or the log is away as well."""
        if self.trouble or self.live_age < BLIND_S:
            return ""
        return (
            f"This node has not seen for {self.live_age:.0f} s which others are alive: what it tells of them is older."
        )

    @property
    def is_another_well(self) -> bool:
        """Whether another node lives that takes messages, as far as is known here."""
        return any(name != self.node and not card.is_stopped for name, card in self.nodes.items())


class IClusterJournal(IJournal):
    """The journal of a node: what it is asked to carry out goes through a log that all nodes of the cluster share.

    An append is answered when its operations are carried out here, after everything that stands before them in the
    log; until then ``head`` stays below what was not delivered.
    """

    node: str = Attribute("The name of this node.")
    epoch: int = Attribute("The epoch of this node; 0 until it has begun.")
    on_received: Callable[[Sequence[Operation], Sequence[Outcome]], object] | None = Attribute(
        "Called with the operations of an entry that nobody here waits for, and their outcomes, in the log's order."
        "  Until it is set, nothing is carried out beyond what ``start`` has."
    )
    on_fenced: Callable[[], object] = Attribute("Called when the node's lease has ended: its people count as gone.")
    on_begun: Callable[[int], object] = Attribute("Called with the new epoch when the node has come back after that.")

    on_broken: Callable[[Failure], object] = Attribute(
        "Called, once, with JournalBroken when the journal can no longer be trusted."
    )

    def start() -> "Deferred[None]":
        """Join the cluster, and come to where the log is; to be called once, before anything is appended.

        Fails with CannotStart.
        """

    def presences() -> "Deferred[list[Presence]]":
        """The connections at all nodes, by handle."""

    def introduce(secret: str, fingerprint: Callable[[], str]) -> None:
        """Let this node's card say how others fetch files here; to be called before ``start``.

        :param fingerprint: returns the SHA-256 of the certificate that is served just now.
        """

    def fitting(operations: Sequence[Operation]) -> int:
        """How many of these, at least one, are carried out together if they are appended; others come between more."""

    def standing() -> Standing:
        """How the node stands."""


class IMarkable(Interface):
    """A journal that can be marked as failed; one that forgets by itself need not provide it."""

    def mark_failed(what: str) -> None:
        """Have the next start refuse the journal, with the time and these words, until it was checked."""
