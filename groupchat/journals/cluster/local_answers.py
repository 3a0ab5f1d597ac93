"""What a node answers from its own journal, without asking the others."""

from twisted.internet.defer import Deferred

from groupchat.interfaces.storage import IReplica
from groupchat.model.drafts import Audience, Fact, SharedFile, StoredFile, StoredPost, StoredRoom, StoredSession
from groupchat.model.events import AuthorId
from groupchat.model.message.sought import Sought
from groupchat.model.node_operations import Presence


class LocalAnswers:
    """Passes every question on to the journal of this node."""

    def __init__(self, inner: IReplica) -> None:
        self._inner = inner

    def page(self, audience: Audience, after: int, upto: int, limit: int) -> "Deferred[list[StoredPost]]":
        """Return the rows of a range, each once."""
        return self._inner.page(audience, after, upto, limit)

    def recent(self, audience: Audience, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """Return the last messages, oldest first."""
        return self._inner.recent(audience, upto, count)

    def calls(self, audience: Audience, count: int) -> "Deferred[list[StoredPost]]":
        """Return the newest messages that call everybody in the rooms, newest first."""
        return self._inner.calls(audience, count)

    def following(self, audience: Audience, after: int, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """Return the first messages after a number."""
        return self._inner.following(audience, after, upto, count)

    def between(self, audience: Audience, start: float, end: float, count: int) -> "Deferred[list[StoredPost]]":
        """Return the first messages of a span of time."""
        return self._inner.between(audience, start, end, count)

    def around(self, audience: Audience, id: int, count: int) -> "Deferred[list[StoredPost]]":
        """Return a message with its neighbours."""
        return self._inner.around(audience, id, count)

    def latest(self, author: AuthorId, room: str) -> "Deferred[StoredPost | None]":
        """Return the author's newest message in a room (empty: private) that is not deleted."""
        return self._inner.latest(author, room)

    def keyed(self, author: AuthorId, key: str) -> "Deferred[int | None]":
        """Return the number of what the author has posted with this key; None: the key is free.

        What is still on its way to the log at another node is judged after all that this node has carried out.
        """
        return self._inner.keyed(author, key)

    def search(self, audience: Audience, sought: Sought, count: int) -> "Deferred[list[StoredPost]]":
        """Return the newest messages that fit, newest first."""
        return self._inner.search(audience, sought, count)

    def rooms(self) -> "Deferred[list[StoredRoom]]":
        """Return every room that has posts, by name."""
        return self._inner.rooms()

    def room(self, name: str) -> "Deferred[StoredRoom | None]":
        """Return the room with this name; None: it has no posts."""
        return self._inner.room(name)

    def message(self, id: int) -> "Deferred[StoredPost | None]":
        """Return the message with this number, whoever may see it."""
        return self._inner.message(id)

    def facts(self, kind: str) -> "Deferred[list[Fact]]":
        """Return every fact of this kind, by name."""
        return self._inner.facts(kind)

    def moderated(self, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """Return the last acts of operators, oldest first."""
        return self._inner.moderated(upto, count)

    def shared(self, link: str) -> "Deferred[SharedFile | None]":
        """Return the file with this public id; None: there is none."""
        return self._inner.shared(link)

    def files(
        self, audience: Audience, author: AuthorId | None, before: int, count: int
    ) -> "Deferred[list[SharedFile]]":
        """Return the last files that an audience may see, newest first."""
        return self._inner.files(audience, author, before, count)

    def kept_files(self, author: AuthorId | None = None) -> "Deferred[list[StoredFile]]":
        """Return every file that a post names, once."""
        return self._inner.kept_files(author)

    def recall(self, digest: str) -> "Deferred[StoredSession | None]":
        """Return the session with this digest."""
        return self._inner.recall(digest)

    def presences(self) -> "Deferred[list[Presence]]":
        """Return the connections at all nodes of the cluster."""
        return self._inner.presences()
