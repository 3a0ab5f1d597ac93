"""The verbs about your own account: make it, log in to it, change its password, give it up."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Receipt
from groupchat.facts.account_facts import Account
from groupchat.hall.registration import revoked
from groupchat.model.claims import Claim, Logout
from groupchat.model.errors import AccountExists, NickTaken, NotAllowed
from groupchat.model.events import Done
from groupchat.model.ranks import Rank
from groupchat.verbs.actor import Actor, Reply
from groupchat.verbs.grammar.arguments import Code, Name, NewPassword, OldPassword, Passphrase, Password
from groupchat.verbs.grammar.table import Table

LOGGING_IN = Table("account", "your account")


@LOGGING_IN.verb(secret=True, cost=5)
@inlineCallbacks
def register(me: Actor, password: Password, code: Code | None = None) -> "Generator[Deferred[Any], Any, Receipt]":
    """Make your nickname your own: from then on it asks for this password.

    What you said stays yours.
    Where accounts need an invitation, its code follows the password.
    Before you have a nickname: "/register NAME PASSWORD".
    """
    hall, person, screen = me.hall, me.person, me.connection.screen
    if person.account is not None:
        raise AccountExists(f"{person.nick} is your own already; /password changes its password.")
    nick = person.nick
    found = hall.admission.check_registration(nick, code, screen)
    hall.roster.check_free(nick, person.key, person)
    hashed = yield hall.admission.hash_first(nick, password, found, screen)
    if me.connection.gone or person.nick != nick or person.account is not None:
        raise NickTaken("That came too late; try again.")
    told = f"{nick} is yours from now on: anybody who takes it is asked for your password."
    if not screen.secure:
        told += " It was sent unencrypted: set a new one with /password over TLS."
    answer = Done(text=told)
    receipt = hall.registration.create(nick, person.key, person.author, hashed, found, me.connection, me.ref, answer)

    def settled() -> None:
        if person.account is not None:
            hall.admission.welcome(person.account, screen)

    receipt.when_settled(settled)
    return receipt


@LOGGING_IN.verb(secret=True, cost=5)
def login(me: Actor, name: Name, password: Passphrase) -> Reply:
    """Log in to an account, in the rooms you are in."""
    if me.person.account is not None:
        raise NotAllowed(f"You are logged in as {me.person.nick}; /logout first.")
    connection = me.connection
    return Claim(
        name, password=password, login=True, since="head", attended=connection.attended, quiet=connection.quiet
    )


@LOGGING_IN.verb(needs=Rank.MEMBER)
def logout(me: Actor) -> Reply:
    """Log out, and choose another nickname."""
    _owned(me)
    return Logout()


@LOGGING_IN.verb(needs=Rank.MEMBER, secret=True, cost=5)
@inlineCallbacks
def password(me: Actor, old: OldPassword, new: NewPassword) -> "Generator[Deferred[Any], Any, Receipt]":
    """Change your password."""
    admission, connection = me.hall.admission, me.connection
    account = yield admission.check(_owned(me).nick, old, connection.screen)
    hashed = yield admission.hash(account.nick, new, me.connection.screen)
    answer = Done(text="Your password is changed; tokens of other connections work no longer.")
    me.hall.attendance.remember(connection)  # its own token goes on to work
    return me.hall.registration.change(
        account, replace(account, hash=hashed), revoked(account, connection),
        origin=connection, ref=me.ref, answer=answer,
    )  # fmt: skip


@LOGGING_IN.verb(needs=Rank.MEMBER, secret=True, cost=5)
@inlineCallbacks
def unregister(me: Actor, password: Passphrase) -> "Generator[Deferred[Any], Any, Receipt]":
    """Give your account up; anybody can take the nickname when you leave."""
    account = _owned(me)
    yield me.hall.admission.check(account.nick, password, me.connection.screen)
    answer = Done(text=f"{account.nick} is not an account any more; you are a guest now.")
    return me.hall.registration.change(account, None, origin=me.connection, ref=me.ref, answer=answer)


def _owned(me: Actor) -> Account:
    """Return the caller's own account.

    :raises NotAllowed: they are a guest, or the server itself.
    """
    account = me.person.account
    if account is None:
        raise NotAllowed("You are a guest; /register PASSWORD makes the nickname your own.")
    if me.hall.accounts.of(account.author) is None:
        raise NotAllowed("The server has no password; it cannot log out.")
    return account
