"""The cost of a post in the journal: pages, statements and commits, counted and not timed."""

from groupchat.journals.sqlite import writer
from tests.benchmarks.counting import counted
from tests.journals.contract import said
from tests.journals.sqlite.files import FileCase

FRAME = 4096 + 24
"""Bytes of a page in the write-ahead log."""
CALLS, LONE_CALLS, INDEXED_CALLS = 6, 34, 4.8
"""Calls of Python functions for each of 64 posts, for a post alone, and for each message that is indexed."""
TEXT = "0123456789 the quick brown fox jumps over lazy dogs and then some people talk of it"


class PostCostTests(FileCase):
    """What the writer does for posts while it is never idle."""

    def setUp(self) -> None:
        super().setUp()
        self.commit(1)
        self.statements: list[str] = []

    def commit(self, rows: int) -> None:
        """Write some posts in one commit, as the journal has it done."""
        self.append(*(said(TEXT) for _ in range(rows)))
        self.writer.keep_up(rows)

    def commits(self, count: int, rows: int) -> float:
        """Write posts in so many commits; keep the statements, and return the pages written for each commit."""
        log = self.path.with_name("chat.db-wal")
        before = log.stat().st_size
        self.database.within.set_trace_callback(self.statements.append)
        for _ in range(count):
            self.commit(rows)
        self.database.within.set_trace_callback(None)
        return (log.stat().st_size - before) / FRAME / count

    def beginnings(self) -> list[str]:
        """Return the first words of each statement."""
        return [" ".join(statement.split()[:3]) for statement in self.statements]

    def test_pages_of_a_post_alone(self) -> None:
        """A post that comes alone writes the page with its row and the one with the index of its room, seldom more."""
        self.assertLess(self.commits(200, 1), 2.2)

    def test_pages_of_many_posts(self) -> None:
        """Posts that come together share pages: three with their rows, and five of indexes and what leads there."""
        self.assertLess(self.commits(50, 64), 8.5)

    def test_statements_of_a_post_alone(self) -> None:
        """A commit of one post is three statements."""
        self.commits(20, 1)
        self.assertEqual(self.beginnings(), ["BEGIN IMMEDIATE", "INSERT INTO posts", "COMMIT"] * 20)

    def test_statements_of_many_posts(self) -> None:
        """Sixteen posts share a statement, and their words are not indexed yet."""
        self.commits(25, 64)
        self.assertEqual(self.beginnings(), ["BEGIN IMMEDIATE", *["INSERT INTO posts"] * 4, "COMMIT"] * 25)

    def test_calls(self) -> None:
        """What is not done in C is done in few calls."""
        posts = [said(TEXT) for _ in range(64)]
        self.assertLessEqual(counted(lambda: self.append(*posts)).calls / 64, CALLS)
        self.assertLessEqual(counted(lambda: self.commit(1)).calls, LONE_CALLS)
        indexed = counted(lambda: self.writer.index.fill(self.writer.head, 60)).calls
        self.assertLessEqual(indexed / 60, INDEXED_CALLS)

    def test_indexed_in_large_pieces(self) -> None:
        """Once as many wait as may, hundreds are indexed in one commit."""
        self.patch(writer, "BEHIND", 1000)
        self.commits(100, 64)
        self.assertLess(self.writer.head - self.writer.index.upto, 1000)
        pieces = sum(statement.startswith("UPDATE counters") for statement in self.statements)
        self.assertLessEqual(pieces, 13)
