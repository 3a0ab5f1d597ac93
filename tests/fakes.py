"""Stand-ins for the tests, written by hand and honest by ``verifyObject``."""

from collections.abc import Sequence

from twisted.internet.defer import Deferred
from zope.interface import implementer

from groupchat.drafts import Audience, Draft, Fact, Outcome, StoredPost, StoredRoom, StoredSession
from groupchat.events import AuthorId
from groupchat.interfaces import IJournal


@implementer(IJournal)
class HeldJournal:
    """A journal whose appends wait until the test lets them: ``commit()`` one, or ``fail(exception)`` it.

    ``pending`` holds the drafts and sessions of the appends that wait, oldest first.
    Reading goes straight to the journal within.
    """

    def __init__(self, within: IJournal) -> None:
        self.within = within
        self.pending: list[tuple[Sequence[Draft], Sequence[StoredSession]]] = []
        self._facts: list[Sequence[Fact]] = []
        self._waiting: list[Deferred[list[Outcome]]] = []

    @property
    def head(self) -> int:
        """The head of the journal within."""
        return self.within.head

    def append(
        self, drafts: Sequence[Draft], sessions: Sequence[StoredSession] = (), facts: Sequence[Fact] = ()
    ) -> "Deferred[list[Outcome]]":
        """Keep it waiting."""
        waiting: Deferred[list[Outcome]] = Deferred()
        self.pending.append((tuple(drafts), tuple(sessions)))
        self._facts.append(tuple(facts))
        self._waiting.append(waiting)
        return waiting

    def commit(self) -> None:
        """Let the oldest waiting append be written."""
        drafts, sessions = self.pending.pop(0)
        self.within.append(drafts, sessions, self._facts.pop(0)).chainDeferred(self._waiting.pop(0))

    def fail(self, exception: Exception) -> None:
        """Let the oldest waiting append fail, with nothing written."""
        del self.pending[0]
        del self._facts[0]
        self._waiting.pop(0).errback(exception)

    def page(self, audience: Audience, after: int, upto: int, limit: int) -> "Deferred[list[StoredPost]]":
        return self.within.page(audience, after, upto, limit)

    def recent(self, audience: Audience, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        return self.within.recent(audience, upto, count)

    def following(self, audience: Audience, after: int, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        return self.within.following(audience, after, upto, count)

    def between(self, audience: Audience, start: float, end: float, count: int) -> "Deferred[list[StoredPost]]":
        return self.within.between(audience, start, end, count)

    def around(self, audience: Audience, id: int, count: int) -> "Deferred[list[StoredPost]]":
        return self.within.around(audience, id, count)

    def latest(self, author: AuthorId) -> "Deferred[StoredPost | None]":
        return self.within.latest(author)

    def search(self, audience: Audience, words: str, count: int) -> "Deferred[list[StoredPost]]":
        return self.within.search(audience, words, count)

    def rooms(self) -> "Deferred[list[StoredRoom]]":
        return self.within.rooms()

    def facts(self, kind: str) -> "Deferred[list[Fact]]":
        return self.within.facts(kind)

    def moderated(self, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        return self.within.moderated(upto, count)

    def recall(self, digest: str) -> "Deferred[StoredSession | None]":
        return self.within.recall(digest)

    def close(self) -> "Deferred[None]":
        return self.within.close()
