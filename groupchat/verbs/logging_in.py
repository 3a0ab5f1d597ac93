"""The verbs about your own account: make it, log in to it, give it up; its password, access tokens and hooks."""

from collections import Counter
from collections.abc import Generator
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Receipt
from groupchat.facts.account_facts import AccessToken, Account, Hook, digest_of
from groupchat.hall.registration import ended, put_out, revoked
from groupchat.limits.pages import page
from groupchat.model import names
from groupchat.model.claims import Claim, Logout
from groupchat.model.drafts import Consequence, Deed
from groupchat.model.errors import AccountExists, BadArguments, NickTaken, NotAllowed, NothingToUndo
from groupchat.model.events import Answer, Done, Listed
from groupchat.model.networks import origin
from groupchat.model.ranks import Rank
from groupchat.model.times import iso, minute
from groupchat.model.wording import plural, size_words
from groupchat.state.access_keys import HOOK_PREFIX, TOKEN_PREFIX, new_secret
from groupchat.verbs.actor import Actor, Reply, keepers
from groupchat.verbs.grammar.arguments import Name, Nick, Room
from groupchat.verbs.grammar.number_arguments import OTHERS, Ending
from groupchat.verbs.grammar.table import Table
from groupchat.verbs.grammar.text_arguments import Code, NewPassword, OldPassword, Passphrase, Password

LOGGING_IN = Table("account", "your account")


@LOGGING_IN.verb(secret=True, cost=5)
@inlineCallbacks
def register(me: Actor, password: Password, code: Code | None = None) -> "Generator[Deferred[Any], Any, Receipt]":
    """Make your nickname your own: from then on it asks for this password.

    Without a password, it is asked for, twice. What you said stays yours.
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
@inlineCallbacks
def whoami(me: Actor) -> "Generator[Deferred[Any], Any, Answer]":
    """Show your account, your rank, the rooms you are in, and your connections, each with its number."""
    person, moderation = me.person, me.hall.moderation
    account, rank = person.account, moderation.rank(person.account, "")
    operates = sorted(moderation.operated(account.author)) if account is not None else []
    what = f"with an account since {minute(account.since, me.zone)}" if account is not None else "a guest"
    heading = f"You are {person.nick}, {what}{', an operator' if rank >= Rank.OPERATOR else ''}."
    lines = [heading, f"You are in {', '.join(person.rooms) or 'no room'}."]
    if operates:
        lines.append(f"You keep order in {', '.join(operates)}.")
    settings = me.hall.settings
    shared, quota = 0, settings.files_per_account_bytes
    if me.hall.sharing.files.shelf is not None:
        shared = yield me.hall.sharing.used(person.author)
    if shared:
        lines.append(f"You share {size_words(shared)} of files, and may share {size_words(quota)}. /files lists them.")
    elif me.hall.sharing.files.shelf is not None and settings.web and (account is not None or settings.guest_files):
        most = size_words(settings.file_max_bytes)
        lines.append(f"You may share {size_words(quota)} of files, each of at most {most}. /send NAME shares one.")
    tokens = {} if account is None else {key.digest: key.label for key in me.hall.access_keys.tokens.of(account.author)}
    for one in person.connections:
        own = ", this one" if one is me.connection else ""
        secure = "encrypted" if one.screen.secure else "not encrypted"
        since = minute(one.since, me.zone)
        kind = f" ({one.screen.terminal})" if one.screen.terminal else ""
        whence = f"{secure}, " + (f"at the node {one.node}" if one.node else f"from {origin(one.screen.address)}")
        lines.append(
            f"Connection {one.number}{own}: {one.door}{kind}, since {since}, {whence}"
            + (f", by the access token {tokens[one.access]}" if one.access in tokens else "")
        )
    if len(person.connections) > 1:
        lines.append("/logout NUMBER ends one of them, /logout others all but this one.")
    item = {
        "nick": person.nick, "account": account.nick if account is not None else "", "rank": rank.name.lower(),
        "operates": operates, "rooms": list(person.rooms), "files": {"used": shared, "most": quota},
        "connections": [
            {
                "number": one.number, "own": one is me.connection, "since": iso(one.since), "door": one.door,
                "secure": one.screen.secure, "address": one.screen.address, "rooms": list(one.rooms),
                "access": tokens.get(one.access, ""), "terminal": one.screen.terminal,
                **({"node": one.node} if one.node else {}),
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
    if mine.access:
        raise NotAllowed("With an access token you can log out this connection only.")
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


@LOGGING_IN.verb(needs=Rank.MEMBER, secret=True, cost=5, personal=True)
@inlineCallbacks
def password(me: Actor, old: OldPassword, new: NewPassword) -> "Generator[Deferred[Any], Any, Receipt]":
    """Change your password."""
    admission, connection = me.hall.admission, me.connection
    account = yield admission.check(_owned(me).nick, old, connection.screen)
    hashed = yield admission.hash(account.nick, new, me.connection.screen)
    _check_here(me)
    told = "Your password is changed; your other connections are logged out."
    if keys := _keys_left(me, account):
        told += f" What you made for programs goes on to work: {keys}."
    answer = Done(text=told)
    others = f"The password of {account.nick} was changed; log in with the new one."
    me.hall.persistence.remember(connection)  # its own token goes on to work
    return me.hall.registration.change(
        account, replace(account, hash=hashed), revoked(account, connection),
        put_out(account, others, connection, sparing=True),
        origin=connection, ref=me.ref, answer=answer,
    )  # fmt: skip


@LOGGING_IN.verb(needs=Rank.MEMBER, secret=True, cost=5, personal=True)
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


@LOGGING_IN.verb(needs=Rank.MEMBER, cost=5, personal=True)
def token(me: Actor, name: Name = "") -> Receipt:
    """Make an access token, by which a program comes in as you without your password; it is shown only once.

    "/token deploy", put it into a file that only you can read, then: groupchat say HOST --token-file FILE 'build ok'
    or: curl -H 'Authorization: Bearer TOKEN' -d 'build ok' http://HOST:PORT/rooms/lobby
    It works until /revoke, whatever becomes of your password.
    """
    account, keys = _for_programs(me), me.hall.access_keys
    label, secret = keys.tokens.free_label(account.author, name, "token"), new_secret(TOKEN_PREFIX)
    made = AccessToken(account.author, label, digest_of(secret), me.hall.now())
    told = f"{secret} is your access token {label}. It is not shown again; /revoke {label} ends it.{_exposed(me)}"
    return _make(me, account, made, Done(0, told, {"name": label, "token": secret}))


@LOGGING_IN.verb(needs=Rank.MEMBER, cost=2)
def tokens(me: Actor) -> Answer:
    """List your access tokens: when each was made, and used last."""
    every, zone = me.hall.access_keys.tokens.of(_owned(me).author), me.zone
    here = Counter(connection.access for connection in me.person.connections)

    def use(one: AccessToken) -> str:
        if here[one.digest]:
            return f"used now by {plural(here[one.digest], 'connection')}"
        return "not used yet" if one.used is None else f"used {minute(one.used, zone)} or within a day after"

    lines = [f"{one.label}: made {minute(one.at, zone)}, {use(one)}" for one in every]
    heading = f"{plural(len(every), 'access token')}:" if every else "You have no access tokens; /token makes one."
    items = (
        {"name": one.label, "at": iso(one.at), "used": one.used and iso(one.used), "connections": here[one.digest]}
        for one in every
    )
    return Listed("tokens", (heading, *lines), tuple(items))


@LOGGING_IN.verb(needs=Rank.MEMBER, personal=True)
def revoke(me: Actor, name: Name) -> Receipt:
    """End an access token of yours, and the connections that it let in."""
    account = _owned(me)
    known = me.hall.access_keys.tokens.named(account.author, name)
    if known is None:
        raise NothingToUndo(f"You have no access token {name}. /tokens lists yours.")
    answer = Done(text=f"The access token {known.label} works no longer.")
    return me.hall.registration.amend(account.author, known.undone(), origin=me.connection, ref=me.ref, answer=answer)


@LOGGING_IN.verb(needs=Rank.MEMBER, cost=5, personal=True)
def hook(me: Actor, room: Room = "", name: Name = "") -> Receipt:
    """Make a hook: an address by which another service posts to this room, or to another, in your name.

    "/hook ops grafana". The address is shown only once; whoever knows it can post there, and nothing else.
    It works until /unhook, as long as you could post there yourself.
    """
    account, hall = _for_programs(me), me.hall
    place = me.known_place(room)
    hall.attendance.check_room(me.person, place)
    label, secret = hall.access_keys.hooks.free_label(account.author, name, place), new_secret(HOOK_PREFIX)
    made = Hook(account.author, label, place, digest_of(secret), hall.now())
    path = f"/hooks/{secret}"
    told = (
        f"Services post to {place} at http://HOST:PORT{path}, with the address of this server. "
        f"It is not shown again; /unhook {label} ends it.{_exposed(me)}"
    )
    return _make(me, account, made, Done(0, told, {"name": label, "hooked": place, "path": path}))


@LOGGING_IN.verb(needs=Rank.MEMBER, cost=2)
def hooks(me: Actor, room: Room = "") -> Answer:
    """List your hooks; with a room in which you keep order, everybody's hooks of that room."""
    hall, author, zone = me.hall, me.person.author, me.zone
    place = names.room(room) if room else ""
    keeps = bool(place) and me.rank_in(place) >= Rank.ROOM_OPERATOR
    found = list(hall.access_keys.hooks) if keeps else hall.access_keys.hooks.of(author)
    shown = page([one for one in found if place in ("", one.room)], lambda one: (_nick(me, one), one.label))
    where = f" of {place}" if place else ""
    heading = f"{plural(len(shown.items) + shown.more, 'hook')}{where}:" if shown.items else f"No hooks{where}."
    lines = [f"{one.label} to {one.room}, of {_nick(me, one)}, since {minute(one.at, zone)}" for one in shown.items]
    more = (f"… and {shown.more:,} more.",) if shown.more else ()
    items = ({"name": one.label, "room": one.room, "nick": _nick(me, one), "at": iso(one.at)} for one in shown.items)
    return Listed("hooks", (heading, *lines, *more), tuple(items), shown.more)


@LOGGING_IN.verb(needs=Rank.MEMBER, personal=True)
def unhook(me: Actor, name: Name, nick: Nick = "") -> Receipt:
    """Remove a hook of yours; who keeps order in its room can remove anybody's, by its owner's nickname."""
    hall = me.hall
    owner = me.person.account if not nick else hall.accounts.find(nick)
    known = None if owner is None else hall.access_keys.hooks.named(owner.author, name)
    if owner is not None and known is not None and owner.author != me.person.author:
        if me.rank_in(known.room) >= Rank.ROOM_OPERATOR:
            deed = Deed("unhook", f"removed the hook {known.label} of {owner.nick} to {known.room}", owner.nick)
            return me.decree(deed, known.undone(), needs=keepers(known.room), room=known.room)
        known = None  # others are not told which hooks there are
    if known is None:
        whose = f"{nick} has" if nick else "You have"
        raise NothingToUndo(f"{whose} no hook {name} that you could remove. /hooks lists them.")
    answer = Done(text=f"The hook {known.label} to {known.room} works no longer.")
    return hall.registration.amend(known.author, known.undone(), origin=me.connection, ref=me.ref, answer=answer)


def _make(me: Actor, account: Account, key: AccessToken | Hook, answer: Done) -> Receipt:
    """Make a secret for programs, unless the account is given another password before that is on disk.

    Whoever is logged out by that makes none any more: it would outlast the password that was taken from them.
    """
    changes = (account.replacing(account), key.made())
    return me.hall.registration.amend(account.author, *changes, origin=me.connection, ref=me.ref, answer=answer)


def _for_programs(me: Actor) -> Account:
    """Return the caller's own account, if it may be given keys on this connection.

    :raises NotAllowed: there is none.  NotEncrypted: no secret is shown on this connection.
    """
    account = _owned(me)
    me.hall.admission.check_line(me.connection.screen)
    return account


def _exposed(me: Actor) -> str:
    return "" if me.connection.screen.secure else " It was sent to you unencrypted."


def _keys_left(me: Actor, account: Account) -> str:
    """Return how many keys of an account go on to work when its password is changed; empty: it has none."""
    keys = me.hall.access_keys
    counts = (("access token", "/tokens", keys.tokens), ("hook", "/hooks", keys.hooks))
    return ", ".join(
        f"{plural(len(ring.of(account.author)), what)} ({command})" for what, command, ring in counts
        if ring.of(account.author)
    )  # fmt: skip


def _nick(me: Actor, one: Hook) -> str:
    account = me.hall.accounts.of(one.author)
    return account.nick if account is not None else ""


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
