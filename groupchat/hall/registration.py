"""The registry: how accounts are made, changed and removed, on disk first."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from twisted.logger import Logger

from groupchat.delivery.queue import Entry
from groupchat.interfaces.screens import IScreen
from groupchat.model.drafts import Fact
from groupchat.model.errors import AccountExists, BadArguments, CodeInvalid, NoSuchAccount
from groupchat.model.events import AuthorId
from groupchat.model.ranks import Rank
from groupchat.state.accounts import Account, Invite
from groupchat.state.moderation import ROOM_OPERATOR

if TYPE_CHECKING:
    from groupchat.hall.hall import Hall
    from groupchat.verbs.member import Member

log = Logger()


class Registry:
    """What changes the accounts of a hall.  Nothing is so in memory before it is so in the journal."""

    def __init__(self, hall: "Hall") -> None:
        self._hall = hall

    def create(
        self, nick: str, author: AuthorId, hashed: str, invite: Invite | None = None, origin: "Member | None" = None
    ) -> Entry:
        """Make an account.  From now on nobody else can have the nickname or the invitation.

        :raises AccountExists, CodeInvalid: somebody was faster.
        :raises JournalUnavailable: nothing can be stored now.
        """
        hall = self._hall
        account = Account(nick, author, hashed, Rank.MEMBER, hall.now())
        if hall.accounts.is_taken(account.key):
            raise AccountExists(f"There is an account called {nick} by now; choose another nickname.")
        taken = {account.key}
        if invite is not None:
            if invite.digest not in hall.accounts.invites or invite.digest in hall.accounts.pending:
                raise CodeInvalid("This code was used just now; ask for another one.")
            taken.add(invite.digest)

        def made() -> None:
            if invite is not None:
                del hall.accounts.invites[invite.digest]
            self.put(account)

        used = [invite.removal()] if invite is not None else []
        entry = hall.post(Entry.of_facts(account.fact(), *used, origin=origin, effect=made))
        hall.accounts.pending |= taken
        entry.afterwards(lambda: hall.accounts.pending.difference_update(taken))
        return entry

    def change(self, account: Account, origin: "Member | None" = None, **changes: Any) -> Entry:
        """Change an account.

        :raises NoSuchAccount: it is gone, or about to go.
        :raises JournalUnavailable: nothing can be stored now.
        """
        changed = replace(self.newest(account), **changes)
        entry = Entry.of_facts(changed.fact(), origin=origin, effect=lambda: self.put(changed))
        return self.queued(self._hall.post(entry), account, changed)

    def newest(self, account: Account) -> Account:
        """The account as it will be when all that is on its way to the disk is there.

        :raises NoSuchAccount: then it will be gone.
        """
        accounts = self._hall.accounts
        known = accounts.queued[account.key] if account.key in accounts.queued else accounts.find(account.key)
        if known is None or known.author != account.author:
            raise NoSuchAccount(f"There is no account {account.nick} any more.")
        return known

    def queued(self, entry: Entry, account: Account, changed: Account | None) -> Entry:
        """This entry, which was posted, changes an account (None: removes it); later changes build on that."""
        queued = self._hall.accounts.queued
        queued[account.key] = changed

        def settled() -> None:
            if queued.get(account.key) is changed:
                queued.pop(account.key, None)

        entry.afterwards(settled)
        return entry

    def give_up(self, account: Account, origin: "Member | None" = None) -> Entry:
        """Remove an account.

        :raises NoSuchAccount: it is gone, or about to go.
        :raises JournalUnavailable: nothing can be stored now.
        """
        self.newest(account)
        entry = Entry.of_facts(*self.removal(account), origin=origin, effect=lambda: self.remove(account))
        return self.queued(self._hall.post(entry), account, None)

    def put(self, account: Account) -> None:
        """It is on disk: who is here has it."""
        self._hall.accounts.put(account)
        person = self._hall.people.get(account.author)
        if person is not None:
            person.account = account

    def remove(self, account: Account) -> None:
        """It is on disk that the account is no more: who is here from it is a guest now, of the same author."""
        for fact in self._resignations(account):
            self._hall.moderation.learn(fact)
        self._hall.accounts.remove(account)
        person = self._hall.people.get(account.author)
        if person is not None:
            person.account = None

    def removal(self, account: Account) -> list[Fact]:
        """What is written when an account is removed."""
        return [account.removal(), *self._hall.positions.forget(account.author), *self._resignations(account)]

    def _resignations(self, account: Account) -> list[Fact]:
        """What is written when it keeps order in no room any more."""
        rooms = [room for room, operators in self._hall.moderation.operators.items() if account.author in operators]
        return [Fact(ROOM_OPERATOR, f"{room}/{account.author}", None) for room in rooms]

    def revoke(self, account: Account, keep: "Member | None" = None) -> None:
        """Let no token of this account work any more, but that of one connection; written with the next batch."""
        hall = self._hall
        person = hall.people.get(account.author)
        for member in person.connections if person is not None else ():
            if member is not keep:
                member.digest = ""
        hall.commits.revoke(account.author, hall.now())
        if keep is not None:
            hall.attendance.remember(keep)

    def apply_preferences(self, account: Account, screen: IScreen, door: str) -> None:
        """Show things at this screen as a person asked for from this account at such a door."""
        preferences = screen.style.preferences
        for name, value in account.preferences.get(door, {}).items():
            try:
                preferences = preferences.changed(name, value)
            except BadArguments:
                log.info("The preference {name} of {nick} is no longer one", name=name, nick=account.nick)
        if preferences != screen.style.preferences:
            screen.prefer(preferences)
