"""The verbs about your own account: make it, log in to it, change its password, give it up."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Receipt
from groupchat.facts.account_facts import Account
from groupchat.hall.registration import ended, put_out, revoked
from groupchat.model import names
from groupchat.model.claims import Claim, Logout
from groupchat.model.drafts import Consequence
from groupchat.model.errors import AccountExists, BadArguments, NickTaken, NotAllowed
from groupchat.model.events import Answer, Done, Listed
from groupchat.model.networks import origin
from groupchat.model.ranks import Rank
from groupchat.model.times import iso, minute
from groupchat.verbs.actor import Actor, Reply
from groupchat.verbs.grammar.arguments import (
    OTHERS,
    Code,
    Ending,
    Name,
    NewPassword,
    OldPassword,
    Passphrase,
    Password,
)
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
    found = hall.admission.check_registration(code, screen)
    hashed = yield hall.admission.hash_first(
        nick, password, found, screen, lambda: hall.roster.check_free(nick, names.key(nick), person)
    )
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


@LOGGING_IN.verb(cost=2)
def whoami(me: Actor) -> Answer:
    """Show your account, your rank, the rooms you are in, and your connections, each with its number."""
    person, moderation = me.person, me.hall.moderation
    account, rank = person.account, moderation.rank(person.account, "")
    operates = sorted(moderation.operated(account.author)) if account is not None else []
    what = f"with an account since {minute(account.since, me.zone)}" if account is not None else "a guest"
    heading = f"You are {person.nick}, {what}{', an operator' if rank >= Rank.OPERATOR else ''}."
    lines = [heading, f"You are in {', '.join(person.rooms) or 'no room'}."]
    if operates:
        lines.append(f"You keep order in {', '.join(operates)}.")
    for one in person.connections:
        own = ", this one" if one is me.connection else ""
        secure = "encrypted" if one.screen.secure else "not encrypted"
        since = minute(one.since, me.zone)
        lines.append(
            f"Connection {one.number}{own}: {one.door}, since {since}, {secure}, from {origin(one.screen.address)}"
        )
    if len(person.connections) > 1:
        lines.append("/logout NUMBER ends one of them, /logout others all but this one.")
    item = {
        "nick": person.nick, "account": account.nick if account is not None else "", "rank": rank.name.lower(),
        "operates": operates, "rooms": list(person.rooms),
        "connections": [
            {
                "number": one.number, "own": one is me.connection, "since": iso(one.since), "door": one.door,
                "secure": one.screen.secure, "address": one.screen.address, "rooms": list(one.rooms),
            }
            for one in person.connections
        ],
    }  # fmt: skip
    return Listed("whoami", tuple(lines), (item,))


@LOGGING_IN.verb(needs=Rank.MEMBER)
def logout(me: Actor, connection: Ending | None = None) -> Reply:
    """Log out, and choose another nickname; or end other connections of yours.

    "/logout 2" ends the one with this number in /whoami, "/logout others" all but this one.
    A connection that ends so cannot come back without the password.
    """
    account, mine = _owned(me), me.connection
    if connection is None:
        return Logout()
    if connection == mine.number:
        raise BadArguments(f"{connection} is this connection; /logout alone logs it out.")
    told = "You were logged out on another connection."
    if connection == OTHERS:
        changes: tuple[Consequence, ...] = (put_out(account, told, mine), revoked(account, mine))
        answer = Done(text="Your other connections are logged out; this one stays.")
    else:
        found = next((one for one in me.person.connections if one.number == connection), None)
        if found is None:
            raise BadArguments(f"You have no connection {connection}; /whoami lists them.")
        changes, answer = ended(found, told), Done(text=f"Connection {connection} is logged out.")
    return me.hall.registration.amend(account.author, *changes, origin=mine, ref=me.ref, answer=answer)


@LOGGING_IN.verb(needs=Rank.MEMBER, secret=True, cost=5)
@inlineCallbacks
def password(me: Actor, old: OldPassword, new: NewPassword) -> "Generator[Deferred[Any], Any, Receipt]":
    """Change your password."""
    admission, connection = me.hall.admission, me.connection
    account = yield admission.check(_owned(me).nick, old, connection.screen)
    hashed = yield admission.hash(account.nick, new, me.connection.screen)
    _check_here(me)
    answer = Done(text="Your password is changed; your other connections are logged out.")
    told = f"The password of {account.nick} was changed; log in with the new one."
    me.hall.attendance.remember(connection)  # its own token goes on to work
    return me.hall.registration.change(
        account, replace(account, hash=hashed), revoked(account, connection), put_out(account, told, connection),
        origin=connection, ref=me.ref, answer=answer,
    )  # fmt: skip


@LOGGING_IN.verb(needs=Rank.MEMBER, secret=True, cost=5)
@inlineCallbacks
def unregister(me: Actor, password: Passphrase) -> "Generator[Deferred[Any], Any, Receipt]":
    """Give your account up; anybody can take the nickname when you leave."""
    account = _owned(me)
    yield me.hall.admission.check(account.nick, password, me.connection.screen)
    _check_here(me)
    answer = Done(text=f"{account.nick} is not an account any more; you are a guest now.")
    told = f"{account.nick} is not an account any more: it was given up on another connection."
    out = put_out(account, told, me.connection)
    return me.hall.registration.change(account, None, out, origin=me.connection, ref=me.ref, answer=answer)


def _check_here(me: Actor) -> None:
    """:raises NotAllowed: the caller was put out while a password was checked."""
    if me.connection.gone:
        raise NotAllowed("You are not logged in any more.")


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
