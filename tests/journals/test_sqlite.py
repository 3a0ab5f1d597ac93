"""The journal in an SQLite file."""

from twisted.internet import reactor
from twisted.internet.interfaces import IReactorFromThreads

from groupchat.interfaces import IJournal
from groupchat.journals.sqlite import SqliteJournal
from tests.journals.contract import SearchContract, folder


class SqliteJournalTests(SearchContract):
    """It keeps the contract."""

    __test__ = True

    def make(self) -> IJournal:
        self.path = folder(self) / "data" / "chat.db"
        return SqliteJournal(IReactorFromThreads(reactor), self.path)
