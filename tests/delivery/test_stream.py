"""The stream of posts: what was delivered, in memory and in the journal."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.stream import Stream
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Audience, Draft, Kind, Outcome, StoredPost
from groupchat.model.events import AuthorId
from tests.fakes import SlowJournal

LOBBY = Audience(("lobby",))


class StreamTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.journal = MemoryJournal()
        self.write("before")
        self.stream = Stream(self.journal)

    def write(self, words: str, room: str = "lobby") -> StoredPost:
        """Write a post that is not delivered yet."""
        outcomes: list[Outcome] = []
        self.journal.append([Draft(Kind.SAID, AuthorId(1), "alice", 0.0, room, words)]).addCallback(outcomes.extend)
        (outcome,) = outcomes
        assert isinstance(outcome, StoredPost)
        return outcome

    def page(self, after: int, limit: int = 10) -> list[int]:
        """The numbers of a page."""
        return [stored.event.id for stored in self.successResultOf(self.stream.page(LOBBY, after, limit))]

    def test_begins_at_the_head(self) -> None:
        """Everything in the journal at the start counts as delivered, and nothing of it is in memory."""
        self.assertEqual((self.stream.delivered, self.stream.recent.floor), (1, 1))
        self.assertEqual(self.stream.recent.after(1, LOBBY), [])

    def test_add(self) -> None:
        """A post that is delivered is in memory, and its number is the newest."""
        stored = self.write("hello")
        self.assertEqual(self.stream.delivered, 1)
        self.stream.add(stored)
        self.assertEqual(self.stream.delivered, 2)
        self.assertEqual(self.stream.recent.after(1, LOBBY), [stored])

    def test_page(self) -> None:
        """A page begins after a number, has so many posts at most, and those of the reader's rooms."""
        for words, room in (("a", "lobby"), ("b", "dev"), ("c", "lobby")):
            self.stream.add(self.write(words, room))
        self.assertEqual(self.page(0), [1, 2, 4])
        self.assertEqual(self.page(1), [2, 4])
        self.assertEqual(self.page(0, limit=2), [1, 2])

    def test_page_ends_where_delivery_does(self) -> None:
        """A page has nothing that is on disk but not delivered: its reader gets that when everybody does."""
        stored = self.write("on disk only")
        self.assertEqual(self.page(0), [1])
        self.stream.add(stored)
        self.assertEqual(self.page(0), [1, 2])

    def test_page_asked_before(self) -> None:
        """A page ends at what was delivered when it was asked for."""
        slow = SlowJournal(self.journal, slow=True, late=True)
        self.stream.journal = slow
        waiting = self.stream.page(LOBBY, 0, 10)
        self.stream.add(self.write("meanwhile"))
        slow.answer()
        self.assertEqual([stored.event.id for stored in self.successResultOf(waiting)], [1])
