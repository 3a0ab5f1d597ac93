"""Forgetting: erase a person while everybody else goes on talking.

Rules:

1. Whoever is here as the person is put out first, so everything they posted is before the erasure, and is erased.
2. Until the erasure is on disk, or refused, nobody can take the nickname.
"""

import secrets
from functools import partial

from groupchat.delivery.commits import Commits
from groupchat.delivery.queue import Change, Receipt
from groupchat.hall.ejections import Ejections
from groupchat.model import names
from groupchat.model.drafts import Erase, Need
from groupchat.model.events import AuthorId
from groupchat.state.accounts import Accounts
from groupchat.state.roster import Roster


class Forgetting:
    """Erases people."""

    def __init__(self, accounts: Accounts, roster: Roster, commits: Commits, ejections: Ejections) -> None:
        self._accounts = accounts
        self._roster = roster
        self._commits = commits
        self._ejections = ejections

    def forget(self, key: str, by: AuthorId, needs: Need) -> str:
        """Erase the person with this nickname; return the pseudonym.

        :raises JournalUnavailable: nothing can be stored now; nobody is put out then.
        """
        if self._commits.refusal is not None:
            raise self._commits.refusal
        alias = names.pseudonym(secrets.randbits(32))
        account = self._accounts.find(key)
        # They may be gone when it is carried out, and other nodes may name them until they have carried it out.
        authors = self._roster.had(key)
        self._roster.hold(key)
        self._ejections.put_out_person(key, None if account is None else account.author)
        receipt = Receipt(changes=True)
        self._commits.post(Change(Erase(key, alias, by, needs, authors), receipt))
        receipt.when_settled(partial(self._roster.let_go, key))
        return alias
