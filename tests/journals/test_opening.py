"""The journal that an option names is opened."""

from dataclasses import replace

from groupchat.interfaces.storage import IClusterJournal
from groupchat.journals.memory import MemoryJournal
from groupchat.journals.opening import NodeOptions, check_node, open_journal
from groupchat.journals.sqlite.sqlite_journal import SqliteJournal
from groupchat.journals.tools.leaving import leave
from groupchat.model.errors import CannotStart
from groupchat.model.node_operations import Applied, Attend, NodeUp, Place
from tests.journals.contract import ALICE, said
from tests.journals.nodes_contract import present
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

    async def test_node_name(self) -> None:
        """A node of a cluster has a name, of letters that can stand in keys and in addresses."""
        for name in ("", "A1", "a_1", "a" * 33, "-a", "a-", "ä", "a/b", "a.b"):
            options = NodeOptions(data=self.path.parent, node=name)
            self.assertRaises(CannotStart, open_journal, "etcd://127.0.0.1:1", THREADS, options)
        self.assertRaises(CannotStart, open_journal, "etcd://127.0.0.1:1", THREADS)
        self.assertFalse(self.path.exists())
        for name in ("a", "a1", "node-1", "a" * 32):
            self.assertEqual(check_node(name), name)

    async def test_node(self) -> None:
        """``etcd:`` is the journal of a node, with the file in the data folder; the log is asked when it starts."""
        options = NodeOptions(data=self.path.parent, node="a1", version="1.3")
        journal = open_journal("etcd://127.0.0.1:1,127.0.0.1:2/chat", THREADS, options)
        self.assertTrue(IClusterJournal.providedBy(journal))
        await journal.close()
        self.assertTrue(self.path.exists())
        mistaken = replace(options, authority=self.path)
        self.assertRaises(CannotStart, open_journal, "etcd://127.0.0.1:1", THREADS, mistaken)

    async def test_folder_of_a_cluster(self) -> None:
        """What belongs to a cluster does not go on alone by mistake; it can leave, and has its messages then."""
        journal = SqliteJournal(THREADS, self.path, is_shared=True)
        place = Applied("c1", 5, 9, "ab" * 32)
        await journal.append([said("a"), NodeUp("a1", 3), Attend(present(ALICE, "a", epoch=3)), place])
        await journal.close()
        error = self.assertRaises(CannotStart, open_journal, f"sqlite:{self.path}", THREADS)
        self.assertIn("groupchat cluster leave", str(error))
        self.assertEqual(leave(self.path.parent), Place("c1", 5, 9, "ab" * 32))
        self.assertIn("belongs to no cluster", str(self.assertRaises(CannotStart, leave, self.path.parent)))
        journal = SqliteJournal(THREADS, self.path)
        self.assertEqual((journal.head, await journal.place(), await journal.presences()), (1, None, []))
        await journal.close()

    def test_unknown_place(self) -> None:
        """Anything else is refused by name."""
        for place in ("", "redis:x", "sqlite:", "sqlite", "memory:x", "/chat.db"):
            error = self.assertRaises(CannotStart, open_journal, place, THREADS)
            self.assertIn(f"“{place}”", str(error))
