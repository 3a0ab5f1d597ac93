"""The journal that an option names is opened."""

from groupchat.journals.memory import MemoryJournal
from groupchat.journals.opening import open_journal
from groupchat.journals.sqlite.sqlite_journal import SqliteJournal
from groupchat.model.errors import CannotStart
from tests.journals.sqlite.files import THREADS, DataFolderCase


class OpeningTest(DataFolderCase):
    def test_memory(self) -> None:
        """``memory:`` is the journal in memory."""
        self.assertIsInstance(open_journal("memory:", THREADS), MemoryJournal)

    async def test_sqlite(self) -> None:
        """``sqlite:PATH`` is the journal in that file."""
        journal = open_journal(f"sqlite:{self.path}", THREADS)
        self.assertIsInstance(journal, SqliteJournal)
        await journal.close()
        self.assertTrue(self.path.exists())

    def test_unknown_place(self) -> None:
        """Anything else is refused by name."""
        for place in ("", "redis:x", "sqlite:", "sqlite", "memory:x", "/chat.db"):
            error = self.assertRaises(CannotStart, open_journal, place, THREADS)
            self.assertIn(f"“{place}”", str(error))
