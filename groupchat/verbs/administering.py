"""The verbs of operators about accounts: list, make, remove and promote them, and invite people."""

import secrets
from collections.abc import Generator
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Receipt
from groupchat.facts.account_facts import Account, RankGiven, RegistrationCode, digest_of
from groupchat.hall.hall import Hall
from groupchat.hall.registration import put_out, revoked
from groupchat.limits.pages import page
from groupchat.model import names
from groupchat.model.drafts import Consequence, Deed, Fact, FactChange
from groupchat.model.errors import AccountExists, BadArguments, NoSuchAccount
from groupchat.model.events import SERVER, Answer, AuthorId, Listed
from groupchat.model.ranks import Rank
from groupchat.model.times import iso, minute
from groupchat.model.wording import plural
from groupchat.state.rooms import LOBBY
from groupchat.verbs.actor import OPERATORS, Actor, Reply
from groupchat.verbs.grammar.arguments import After, Name, Nick
from groupchat.verbs.grammar.table import Table
from groupchat.verbs.grammar.text_arguments import ChosenPassphrase
from groupchat.verbs.grammar.word_arguments import Switch

ADMINISTERING = Table("accounts")


@ADMINISTERING.verb(needs=Rank.OPERATOR, cost=5)
def accounts(me: Actor, after: After = "") -> Answer:
    """List the accounts, by nickname.

    At most 200 at a time; "/accounts after NICK" lists those that follow.
    """
    every, roster, is_operator = list(me.hall.accounts), me.hall.roster, me.hall.moderation.is_operator
    shown = page(every, lambda account: account.key, names.key(after) if after else None)
    heading = f"{plural(len(every), 'account')}{':' if every else '.'}"
    lines = [
        f"{account.nick}: {'operator, ' if is_operator(account) else ''}since {minute(account.since, me.zone)}"
        + (", here now" if roster.of(account.author) is not None else "")
        for account in shown.items
    ]
    if shown.more:
        lines += shown.hint("/accounts", shown.items[-1].nick)
    items = tuple(
        {
            "nick": account.nick,
            "operator": is_operator(account),
            "since": iso(account.since),
            "here": roster.of(account.author) is not None,
        }
        for account in shown.items
    )
    return Listed("accounts", (heading, *lines), items, shown.more)


@ADMINISTERING.verb(needs=Rank.OPERATOR, secret=True, cost=5, personal=True)
@inlineCallbacks
def adduser(me: Actor, name: Name, password: ChosenPassphrase) -> "Generator[Deferred[Any], Any, Receipt]":
    """Make an account for somebody."""
    hall = me.hall
    nick = names.nick(name, hall.settings.name_rules)
    _check_free(me, nick)
    hashed = yield hall.admission.hash(nick, password, me.connection.screen)
    me.check_still(Rank.OPERATOR)
    _check_free(me, nick)
    account = Account(nick, names.key(nick), AuthorId(secrets.randbits(63)), hashed, hall.now())
    deed = Deed("adduser", f"made the account {nick}", nick)
    receipt = me.decree(deed, account.made(), needs=OPERATORS, text=f"There is an account {nick} now.")
    hall.registration.expect(nick, receipt)
    return receipt


@ADMINISTERING.verb(needs=Rank.OPERATOR, personal=True)
def removeuser(me: Actor, name: Nick) -> Receipt:
    """Remove somebody's account and put them out; what they said stays."""
    account = _account(me, name)
    deed = Deed("removeuser", f"removed the account {account.nick}", account.nick)
    told = f"There is no account {account.nick} any more."
    out = put_out(account, f"{me.person.nick} removed the account {account.nick}.", me.connection)
    return me.decree(deed, account.undone(), revoked(account), out, needs=OPERATORS, text=told)


@ADMINISTERING.verb(needs=Rank.OPERATOR, personal=True)
def promote(me: Actor, name: Nick) -> Receipt:
    """Make somebody an operator of the whole server; they need an account."""
    return _rank(me, "promote", name, Rank.OPERATOR)


@ADMINISTERING.verb(needs=Rank.OPERATOR, personal=True)
def demote(me: Actor, name: Nick, yes: Switch = False) -> Receipt:
    """Make an operator an ordinary member again; the last one has to be typed twice."""
    given = [one.author for one in me.hall.moderation.ranks.values() if one.rank is Rank.OPERATOR]
    account = _account(me, name)
    # The server's own word is that of its administrator, who can make operators at any time.
    if not yes and given == [account.author] and me.person.author != SERVER:
        warning = f"{account.nick} is the last operator: only the administrator of the server could make another."
        me.hall.confirmations.check(me.connection, f"demote {account.key}", warning, f"/demote {account.nick}")
    return _rank(me, "demote", name, Rank.MEMBER)


@ADMINISTERING.verb(needs=Rank.OPERATOR, secret=True, cost=5, personal=True)
@inlineCallbacks
def setpassword(me: Actor, name: Nick, password: ChosenPassphrase) -> "Generator[Deferred[Any], Any, Receipt]":
    """Give somebody's account another password, log it out everywhere, and end its access tokens and hooks."""
    account = _account(me, name)
    hashed = yield me.hall.admission.hash(account.nick, password, me.connection.screen)
    me.check_still(Rank.OPERATOR)
    deed = Deed("setpassword", f"set the password of {account.nick}", account.nick)
    changed = replace(account, hash=hashed).replacing(account)
    author, keys = account.author, me.hall.access_keys
    ended = [key.undone() for key in (*keys.tokens.of(author), *keys.hooks.of(author))]
    lost = f"; {plural(len(ended), 'access token or hook', 'access tokens and hooks')} of it ended" if ended else ""
    told = f"{account.nick} has this password now{lost}."
    out = put_out(account, f"{me.person.nick} set another password for {account.nick}; log in with it.", me.connection)
    receipt = me.decree(deed, changed, *ended, revoked(account), out, needs=OPERATORS, text=told)

    def settled() -> None:
        if receipt.refusal is None:
            _end_keys(me.hall, author)

    receipt.when_settled(settled)
    return receipt


@ADMINISTERING.verb(needs=Rank.OPERATOR, personal=True)
def invitecode(me: Actor) -> Reply:
    """Make a code with which one person can register, once."""
    hall = me.hall
    code = secrets.token_hex(5)
    days = hall.settings.invite_days
    made = RegistrationCode(digest_of(code), me.person.nick, hall.now() + days * 86400)
    ended: list[Consequence] = [one.undone() for one in hall.accounts.ended(hall.now())]
    told = f"{code} is a code for one account, for {plural(days, 'day')}. To use it: /register NAME PASSWORD {code}"
    deed = Deed("invitecode", "made an invitation", until=made.until)
    return me.decree(deed, made.made(), *ended, needs=OPERATORS, text=told)


def _rank(me: Actor, act: str, nick: str, rank: Rank) -> Receipt:
    account = _account(me, nick)
    given = me.hall.moderation.ranks.get(account.author)
    if rank is Rank.OPERATOR:
        if given is not None:
            raise BadArguments(f"{account.nick} is already an operator.")
        change = RankGiven(account.author, rank, me.person.nick, me.hall.now()).made()
        deed = Deed(act, f"made {account.nick} an operator", account.nick)
        return me.decree(deed, change, needs=OPERATORS, room=LOBBY, text=f"{account.nick} is an operator.")
    if given is None:
        raise BadArguments(f"{account.nick} is not an operator.")
    deed = Deed(act, f"made {account.nick} an ordinary account", account.nick)
    told = f"{account.nick} is not an operator any more."
    return me.decree(deed, given.undone(), needs=OPERATORS, room=LOBBY, text=told)


def _end_keys(hall: Hall, author: AuthorId) -> None:
    """End what an account was given for programs just before its new password: nobody makes more with the old one."""
    keys = hall.access_keys
    left = [Fact(key.KIND, key.name, None) for key in (*keys.tokens.of(author), *keys.hooks.of(author))]
    if left:
        hall.registration.amend(SERVER, *map(FactChange, left))


def _account(me: Actor, nick: str) -> Account:
    """:raises NoSuchAccount: there is none with this nickname."""
    account = me.hall.accounts.find(nick)
    if account is None:
        raise NoSuchAccount(f"There is no account {nick}; /accounts lists them.")
    return account


def _check_free(me: Actor, nick: str) -> None:
    """:raises AccountExists, NickTaken: somebody has this nickname."""
    key = names.key(nick)
    if me.hall.accounts.is_taken(key):
        raise AccountExists(f"There is an account {nick} already.")
    me.hall.roster.check_held(key)  # an operator may let a nickname look like another one
