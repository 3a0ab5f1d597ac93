"""Registration: ask for accounts to be made, changed and removed.

Nothing here decides whether that can be: each change says what it was made from, and the journal judges it.
"""

from collections.abc import Callable

from groupchat.delivery.commits import Commits
from groupchat.delivery.queue import Change, Receipt
from groupchat.facts.account_facts import Account, RegistrationCode
from groupchat.model.drafts import Amendment, Consequence, PutOut, Revoke
from groupchat.model.errors import AccountExists, CodeInvalid, LoggedOut
from groupchat.model.events import AuthorId, Done, Ref
from groupchat.state.accounts import Accounts
from groupchat.state.people import Connection
from groupchat.state.roster import Roster


class Registration:
    """Changes the accounts of a hall."""

    def __init__(self, accounts: Accounts, roster: Roster, commits: Commits, now: Callable[[], float]) -> None:
        self._accounts = accounts
        self._roster = roster
        self._commits = commits
        self._now = now

    def create(
        self,
        nick: str,
        key: str,
        author: AuthorId,
        hashed: str,
        code: RegistrationCode | None = None,
        origin: Connection | None = None,
        ref: Ref = None,
        answer: Done | None = None,
    ) -> Receipt:
        """Make an account, and use up a code.  The receipt fails with AccountExists or CodeInvalid.

        :raises JournalUnavailable: nothing can be stored now.
        """
        account = Account(nick, key, author, hashed, self._now())
        used = () if code is None else (code.undone(),)
        outdated = {
            Account.KIND: AccountExists(f"There is an account called {nick} by now; choose another nickname."),
            RegistrationCode.KIND: CodeInvalid("This code was used just now; ask for another one."),
        }
        receipt = Receipt(changes=True)
        operation = Amendment(author, self._now(), (account.made(), *used))
        self._commits.post(Change(operation, receipt, origin, ref, answer, outdated))
        self.expect(nick, receipt)
        return receipt

    def expect(self, nick: str, receipt: Receipt) -> None:
        """Let nobody take a nickname that looks like this one until it is known what became of its account."""
        receipt.when_settled(self._roster.expect(nick))

    def change(
        self,
        before: Account,
        after: Account | None,
        *more: Consequence,
        origin: Connection | None = None,
        ref: Ref = None,
        answer: Done | None = None,
    ) -> Receipt:
        """Change an account, or (None) remove it with everything that is its owner's.

        The receipt fails with Outdated when the account is not as it was before.

        :param more: what follows with it.
        :raises JournalUnavailable: nothing can be stored now.
        """
        changed = before.undone() if after is None else after.replacing(before)
        return self.amend(before.author, changed, *more, origin=origin, ref=ref, answer=answer)

    def amend(
        self,
        author: AuthorId,
        *changes: Consequence,
        origin: Connection | None = None,
        ref: Ref = None,
        answer: Done | None = None,
    ) -> Receipt:
        """Make changes of somebody's own, all or none.

        :raises JournalUnavailable: nothing can be stored now.
        """
        receipt = Receipt(changes=True)
        self._commits.post(Change(Amendment(author, self._now(), changes), receipt, origin, ref, answer))
        return receipt


def revoked(account: Account, keep: Connection | None = None) -> Revoke:
    """Return the change by which no token of an account works any more, but that of one connection."""
    return Revoke(account.author, keep.digest if keep is not None else "")


def put_out(account: Account, words: str, keep: Connection, sparing: bool = False) -> PutOut:
    """Return the change by which all connections of an account end but one, which may be another person's.

    :param words: what they are told.
    :param sparing: whether those stay that an access token let in.
    """
    kept = keep.handle if keep.person.author == account.author else ""
    return PutOut(account.author, "", LoggedOut.code, words, keep=kept, sparing=sparing)


def ended(connection: Connection, words: str) -> tuple[Consequence, ...]:
    """Return the changes by which a connection ends, and its token works no longer."""
    author, handle = connection.person.author, connection.handle
    out = PutOut(author, "", LoggedOut.code, words, only=handle)
    return (out, Revoke(author, only=connection.digest)) if connection.digest else (out,)
