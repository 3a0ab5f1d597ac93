"""The journal: it keeps posts, and what is known of rooms, accounts and sessions."""

from collections.abc import Sequence

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

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


class IMarkable(Interface):
    """A journal that can be marked as failed; one that forgets by itself need not provide it."""

    def mark_failed(what: str) -> None:
        """Have the next start refuse the journal, with the time and these words, until it was checked."""
