"""The verbs of operators about accounts: who has one, who is an operator, who may make one."""

import secrets
from collections.abc import Generator
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Entry
from groupchat.model import names
from groupchat.model.errors import AccountExists, BadArguments, NickTaken, NoSuchAccount
from groupchat.model.events import Answer, AuthorId, Listed
from groupchat.model.ranks import Rank
from groupchat.model.times import iso, minute
from groupchat.state.accounts import Account, Invite, digest_of
from groupchat.state.rooms import LOBBY
from groupchat.verbs.connection import Connection


class Governing(Connection):
    """What an operator can do about accounts."""

    __slots__ = ()

    def list_accounts(self) -> Answer:
        """Every account, with its rank and since when it is."""
        accounts = list(self.hall.accounts)
        here = self.hall.people
        heading = f"{len(accounts)} account{'' if len(accounts) == 1 else 's'}{':' if accounts else '.'}"
        lines = [
            f"{account.nick}: {'operator, ' if account.is_operator else ''}since {minute(account.since, self.zone)}"
            + (", here now" if account.author in here else "")
            for account in accounts
        ]
        items = tuple(
            {
                "nick": account.nick,
                "operator": account.is_operator,
                "since": iso(account.since),
                "here": account.author in here,
            }
            for account in accounts
        )
        return Listed("accounts", (heading, *lines), items)

    @inlineCallbacks
    def add_account(self, nick: str, password: str) -> "Generator[Deferred[Any], Any, Entry]":
        """Make an account for somebody."""
        hall = self.hall
        nick = names.nick(nick, hall.name_rules)
        self._check_free(nick)
        hashed = yield hall.gate.hash(nick, password, self.screen)
        self._check_free(nick)
        account = Account(nick, AuthorId(secrets.randbits(63)), hashed, Rank.MEMBER, hall.now())
        entry = self.moderate(
            f"made the account {nick}",
            account.fact(),
            effect=lambda: hall.registry.put(account),
            text=f"There is an account {nick} now.",
        )
        hall.accounts.pending.add(account.key)
        entry.afterwards(lambda: hall.accounts.pending.discard(account.key))
        return entry

    def remove_account(self, nick: str) -> Entry:
        """Remove an account; who is here from it is a guest then."""
        account, registry = self._account(nick), self.hall.registry
        entry = self.moderate(
            f"removed the account {account.nick}",
            *registry.removal(account),
            effect=lambda: registry.remove(account),
            text=f"There is no account {account.nick} any more.",
        )
        registry.revoke(account)
        return registry.queued(entry, account, None)

    def promote(self, nick: str) -> Entry:
        """Make an account an operator."""
        return self._rank(nick, Rank.OPERATOR)

    def demote(self, nick: str) -> Entry:
        """Make an operator an ordinary account again."""
        return self._rank(nick, Rank.MEMBER)

    @inlineCallbacks
    def set_password(self, nick: str, password: str) -> "Generator[Deferred[Any], Any, Entry]":
        """Give an account another password."""
        account = self._account(nick)
        hashed = yield self.hall.gate.hash(account.nick, password, self.screen)
        entry = self._change(
            account, f"set the password of {account.nick}", f"{account.nick} has this password now.", hash=hashed
        )
        self.hall.registry.revoke(account)
        return entry

    def make_invite(self) -> Entry:
        """Make a code with which one person can register, once."""
        hall = self.hall
        code = secrets.token_hex(5)
        days = hall.settings.invite_days
        invite = Invite(digest_of(code), self.person.nick, hall.now() + days * 86400)

        def made() -> None:
            hall.accounts.invites[invite.digest] = invite

        return self.moderate(
            "made an invitation",
            invite.fact(),
            *hall.accounts.ended(hall.now()),
            effect=made,
            text=f"{code} makes one account, within {days} days: /register NAME PASSWORD {code} instead of a nickname.",
        )

    def _rank(self, nick: str, rank: Rank) -> Entry:
        account = self.hall.registry.newest(self._account(nick))
        is_operator = rank is Rank.OPERATOR
        if account.rank is rank:
            raise BadArguments(f"{account.nick} is {'an' if is_operator else 'no'} operator already.")
        done = f"made {account.nick} {'an operator' if is_operator else 'an ordinary account'}"
        text = f"{account.nick} is {'an operator' if is_operator else 'no operator any more'}."
        return self._change(account, done, text, room=LOBBY, rank=rank)

    def _change(self, account: Account, done: str, text: str, room: str = "", **changes: Any) -> Entry:
        registry = self.hall.registry
        changed = replace(registry.newest(account), **changes)
        entry = self.moderate(done, changed.fact(), room=room, effect=lambda: registry.put(changed), text=text)
        return registry.queued(entry, account, changed)

    def _account(self, nick: str) -> Account:
        """:raises NoSuchAccount: there is none with this nickname."""
        account = self.hall.accounts.find(nick)
        if account is None:
            raise NoSuchAccount(f"There is no account {nick}; /accounts lists them.")
        return account

    def _check_free(self, nick: str) -> None:
        """:raises AccountExists, NickTaken: somebody has this nickname."""
        if self.hall.accounts.is_taken(names.key(nick)):
            raise AccountExists(f"There is an account {nick} already.")
        if self.hall.roster.find(names.key(nick)) is not None:
            raise NickTaken(f"{nick} is here as a guest; they can /register, or take another nickname first.")
