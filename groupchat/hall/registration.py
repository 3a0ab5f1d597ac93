"""Registration: how accounts are made, changed and removed, on disk first.

Rules:

1. An account changes in memory only by ``learn``, when the fact is on disk.
2. A change is made from ``newest``: the account as it will be when every change on its way to the disk is there.
3. Nobody else can have a nickname or an invitation while a change about it is on its way (``Accounts.pending``).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twisted.logger import Logger

from groupchat.delivery.commits import Commits
from groupchat.delivery.queue import Change, Receipt
from groupchat.hall.attendance import Attendance
from groupchat.interfaces.screens import IScreen
from groupchat.model.drafts import Fact
from groupchat.model.errors import AccountExists, BadArguments, CodeInvalid, NoSuchAccount
from groupchat.model.events import AuthorId, Done, Ref
from groupchat.model.ranks import Rank
from groupchat.state.accounts import Account, Accounts, Invite
from groupchat.state.known_addresses import KnownAddresses
from groupchat.state.moderation import Moderation
from groupchat.state.people import Connection
from groupchat.state.positions import Positions
from groupchat.state.roster import Roster

log = Logger()


class Registration:
    """Changes the accounts of a hall."""

    def __init__(
        self,
        accounts: Accounts,
        roster: Roster,
        moderation: Moderation,
        positions: Positions,
        known: KnownAddresses,
        commits: Commits,
        attendance: Attendance,
        now: Callable[[], float],
    ) -> None:
        self._accounts = accounts
        self._roster = roster
        self._moderation = moderation
        self._positions = positions
        self._known = known
        self._commits = commits
        self._attendance = attendance
        self._now = now

    def learn(self, fact: Fact) -> None:
        """Apply a fact about an account or invitation that is on disk; the person who is here has it from now on."""
        gone = self._accounts.find(fact.name) if fact.value is None else None
        self._accounts.learn(fact)
        account = self._accounts.find(fact.name)
        author = account.author if account is not None else gone.author if gone is not None else None
        person = self._roster.of(author) if author is not None else None
        if person is not None:
            person.account = account

    def create(
        self,
        nick: str,
        author: AuthorId,
        hashed: str,
        invite: Invite | None = None,
        origin: Connection | None = None,
        ref: Ref = None,
        answer: Done | None = None,
    ) -> Receipt:
        """Make an account.  From now on nobody else can have the nickname or the invitation.

        :raises AccountExists, CodeInvalid: somebody was faster.
        :raises JournalUnavailable: nothing can be stored now.
        """
        accounts = self._accounts
        account = Account(nick, author, hashed, Rank.MEMBER, self._now())
        if accounts.is_taken(account.key):
            raise AccountExists(f"There is an account called {nick} by now; choose another nickname.")
        if invite is not None and (invite.digest not in accounts.invites or invite.digest in accounts.pending):
            raise CodeInvalid("This code was used just now; ask for another one.")
        used = () if invite is None else (invite.removal(),)
        receipt = Receipt(changes=True)
        self._commits.post(Change((account.fact(), *used), receipt, origin, ref, answer))
        self.reserve(receipt, account.key, *(() if invite is None else (invite.digest,)))
        return self.follow(receipt, account, account)

    def reserve(self, receipt: Receipt, *names: str) -> Receipt:
        """Keep nicknames (by their keys) and codes (by their digests) from others until this is settled."""
        self._accounts.pending.update(names)
        receipt.when_settled(lambda: self._accounts.pending.difference_update(names))
        return receipt

    def change(
        self,
        account: Account,
        origin: Connection | None = None,
        ref: Ref = None,
        answer: Done | None = None,
        **changes: Any,
    ) -> Receipt:
        """Change fields of an account.

        :raises NoSuchAccount: it is gone, or about to go.
        :raises JournalUnavailable: nothing can be stored now.
        """
        changed = replace(self.newest(account), **changes)
        receipt = Receipt(changes=True)
        self._commits.post(Change((changed.fact(),), receipt, origin, ref, answer))
        return self.follow(receipt, account, changed)

    def remove(
        self, account: Account, origin: Connection | None = None, ref: Ref = None, answer: Done | None = None
    ) -> Receipt:
        """Remove an account.

        :raises NoSuchAccount: it is gone, or about to go.
        :raises JournalUnavailable: nothing can be stored now.
        """
        self.newest(account)
        receipt = Receipt(changes=True)
        self._commits.post(Change(self.removal(account), receipt, origin, ref, answer))
        return self.follow(receipt, account, None)

    def newest(self, account: Account) -> Account:
        """Return the account as it will be when every change on its way to the disk is there.

        :raises NoSuchAccount: it will be gone then.
        """
        accounts = self._accounts
        known = accounts.queued[account.key] if account.key in accounts.queued else accounts.find(account.key)
        if known is None or known.author != account.author:
            raise NoSuchAccount(f"There is no account {account.nick} any more.")
        return known

    def follow(self, receipt: Receipt, account: Account, changed: Account | None) -> Receipt:
        """Let later changes of an account build on this one, which was posted (None: it removes the account)."""
        queued = self._accounts.queued
        queued[account.key] = changed

        def settled() -> None:
            if queued.get(account.key) is changed:
                queued.pop(account.key, None)

        receipt.when_settled(settled)
        return receipt

    def removal(self, account: Account) -> tuple[Fact, ...]:
        """Return the facts that remove an account, with what it has read, where it keeps order and where it was."""
        author = account.author
        positions, known = self._positions.forget(author), self._known.forget(author)
        return (account.removal(), *positions, *known, *self._moderation.resignations(author))

    def revoke(self, account: Account, keep: Connection | None = None) -> None:
        """Let no token of this account work any more, but that of one connection; persisted with the next batch."""
        person = self._roster.of(account.author)
        for connection in person.connections if person is not None else ():
            if connection is not keep:
                connection.digest = ""
        self._commits.revoke(account.author, self._now())
        if keep is not None:
            self._attendance.remember(keep)

    def apply_preferences(self, account: Account, screen: IScreen, door: str) -> None:
        """Show things at a screen as its person asked for from this account at such a door."""
        preferences = screen.style.preferences
        for name, value in account.preferences.get(door, {}).items():
            try:
                preferences = preferences.changed(name, value)
            except BadArguments:
                log.info("{nick} has a preference {name} that does not exist any more", name=name, nick=account.nick)
        if preferences != screen.style.preferences:
            screen.prefer(preferences)
