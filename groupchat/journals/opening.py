"""From a place written as text to a journal."""

from pathlib import Path

from twisted.internet.interfaces import IReactorFromThreads

from groupchat.interfaces.storage import IJournal
from groupchat.journals.memory import MemoryJournal
from groupchat.journals.sqlite.sqlite_journal import SqliteJournal
from groupchat.model.errors import CannotStart


def open_journal(place: str, reactor: IReactorFromThreads) -> IJournal:
    """Open the journal at a place: ``memory:``, or ``sqlite:PATH``, whose folder is the data folder.

    To be called after the process has become a daemon: threads do not survive a fork.
    Raises CannotStart.
    """
    scheme, _, rest = place.partition(":")
    if scheme == "memory" and not rest:
        return MemoryJournal()
    if scheme == "sqlite" and rest:
        return SqliteJournal(reactor, Path(rest).absolute())
    raise CannotStart(f"“{place}” is no place for a journal: it must be memory: or sqlite:PATH.")
