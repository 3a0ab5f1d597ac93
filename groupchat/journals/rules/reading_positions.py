"""Note how far an account has read: the same rules for every journal.

How many positions are kept is in ``facts/reading_places.py``.
"""

from collections.abc import Iterable
from typing import Protocol

from groupchat.facts.account_facts import ReadPosition
from groupchat.facts.kinds import read
from groupchat.facts.reading_places import PRIVATE, partner, surplus
from groupchat.facts.rule_book import RuleBook
from groupchat.journals.rules.judging import Store
from groupchat.model.drafts import Fact, ReadUpTo
from groupchat.model.events import AuthorId


class PositionStore(Store, Protocol):
    """The place where a journal keeps positions."""

    def positions_of(self, author: AuthorId) -> Iterable[Fact]:
        """Return how far an account has read each place."""


def note_position(book: RuleBook, store: PositionStore, noted: ReadUpTo) -> None:
    """Write a position, unless a higher one is stored, and remove those beyond the limit."""
    if noted.author not in book.accounts:
        return  # it was removed, and what it has read went with it
    if book.erased and partner(noted.room) in book.erased:
        return  # what is private with them is erased
    position = ReadPosition(noted.author, noted.room, noted.upto, noted.at)
    known = store.value_of(position.KIND, position.name)
    if known is not None and known["upto"] > noted.upto:
        return
    store.keep(position.fact)
    if known is None or noted.room == PRIVATE:
        all_known = (read(fact) for fact in store.positions_of(noted.author))
        dropped, raised = surplus({one.room: one for one in all_known if isinstance(one, ReadPosition)})
        for one in dropped:
            store.keep(Fact(one.KIND, one.name, None))
        if raised is not None:
            store.keep(raised.fact)
