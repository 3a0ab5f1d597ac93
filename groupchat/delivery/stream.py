"""The stream of posts: the journal, its newest posts in memory, and the number up to which all was delivered."""

from twisted.internet.defer import Deferred

from groupchat.delivery.recent import Recent
from groupchat.interfaces.storage import IJournal
from groupchat.model.drafts import Audience, StoredPost


class Stream:
    """The posts, from the first to the one delivered last.

    ``delivered``: the number of the newest post that was handed to everybody; once it is open, only the send path
    changes it.
    """

    def __init__(self, journal: IJournal) -> None:
        self.journal = journal
        self.recent = Recent(journal.head)
        self.delivered = journal.head

    def open(self) -> None:
        """Begin behind everything that the journal has: that of a node has just learned what it had missed."""
        self.delivered = self.recent.floor = self.journal.head

    def add(self, stored: StoredPost) -> None:
        """Take the post that is being delivered."""
        self.delivered = stored.event.id
        self.recent.add(stored)

    def removed(self) -> None:
        """Read the posts delivered so far from the journal, from where some were removed."""
        self.recent.clear(self.delivered)

    @property
    def removals(self) -> int:
        """Return how often something was deleted or counted as removed: then a file may be named no more."""
        return self.recent.removals

    def page(self, audience: Audience, after: int, limit: int) -> "Deferred[list[StoredPost]]":
        """Read the next posts after a number, up to the newest that was delivered."""
        return self.journal.page(audience, after, self.delivered, limit)
