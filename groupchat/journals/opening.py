"""Open the journal that an option names."""

from pathlib import Path

from twisted.internet.interfaces import IReactorFromThreads

from groupchat.interfaces.storage import IJournal
from groupchat.journals.memory import MemoryJournal
from groupchat.journals.sqlite.sqlite_journal import SqliteJournal
from groupchat.model.errors import CannotStart


def open_journal(location: str, reactor: IReactorFromThreads) -> IJournal:
    """Open the journal at ``memory:``, or at ``sqlite:PATH``, whose folder is the data folder.

    To be called after the process has become a daemon: threads do not survive a fork.

    :raises CannotStart: there is no such kind of journal, or the file cannot be used.
    """
    scheme, _, rest = location.partition(":")
    if scheme == "memory" and not rest:
        return MemoryJournal()
    if scheme == "sqlite" and rest:
        return SqliteJournal(reactor, Path(rest).absolute())
    raise CannotStart(f"“{location}” is not a journal; give memory: or sqlite:PATH.")
