"""The journal in memory."""

from groupchat.interfaces.storage import IJournal
from groupchat.journals.memory import MemoryJournal
from groupchat.model.errors import JournalUnavailable, TooSlowSearch
from groupchat.model.message.sought import Sought
from tests.journals.contract import LOBBY, SearchContract, events, said
from tests.journals.erasures_contract import ErasuresContract
from tests.journals.facts_contract import FactsContract
from tests.journals.nodes_contract import NodesContract
from tests.journals.removals_contract import RemovalsContract
from tests.journals.replies_contract import RepliesContract
from tests.journals.rights_contract import CurbsContract, RightsContract
from tests.journals.sessions_contract import SessionsContract
from tests.journals.shared_contract import SharedContract


class MemoryJournalTests(SearchContract):
    """It keeps the contract, and answers at once."""

    __test__ = True

    def make(self) -> IJournal:
        return MemoryJournal()

    def test_answers_at_once(self) -> None:
        """Its Deferreds have fired already, so that tests need no reactor."""
        self.assertEqual(len(self.successResultOf(self.journal.append([said("a")]))), 1)
        self.assertEqual(len(events(self.successResultOf(self.journal.page(LOBBY, 0, 9, 9)))), 1)

    def test_closed(self) -> None:
        """Nothing is written after it is closed."""
        self.successResultOf(self.journal.close())
        self.failureResultOf(self.journal.append([said("a")]), JournalUnavailable)
        self.assertEqual(self.journal.head, 0)

    def test_slow_search(self) -> None:
        """A search that takes too long is given up."""
        self.successResultOf(self.journal.append([said("a b " * 1000) for _ in range(2000)]))
        self.failureResultOf(self.journal.search(LOBBY, Sought("a.a." * 15 + "c"), 9), TooSlowSearch)


class MemoryDecisionsTests(FactsContract, RightsContract, CurbsContract, RepliesContract, SharedContract):
    """It decides as the contract says."""

    __test__ = True

    def make(self) -> IJournal:
        return MemoryJournal()


class MemoryNodesTests(NodesContract):
    """It carries out what nodes of a cluster tell one another as the contract says."""

    __test__ = True

    def make(self) -> IJournal:
        return MemoryJournal()


class MemorySessionsTests(SessionsContract):
    """It keeps the sessions of a cluster as the contract says."""

    __test__ = True

    def make(self) -> IJournal:
        return MemoryJournal()


class MemoryErasuresTests(ErasuresContract):
    """It erases people in a cluster as the contract says."""

    __test__ = True

    def make(self) -> IJournal:
        return MemoryJournal()


class MemoryRemovalsTests(RemovalsContract):
    """It removes what the contract says."""

    __test__ = True

    def make(self) -> IJournal:
        return MemoryJournal()
