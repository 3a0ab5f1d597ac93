"""Visitors: what a request says of who asks, and how that is proved."""

import hashlib
import secrets
from collections.abc import Callable, Generator
from dataclasses import field
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.facts.account_facts import AccessToken, Account, Hook
from groupchat.hall.hall import Hall
from groupchat.interfaces.screens import IScreen
from groupchat.lazy.records import record
from groupchat.model import names, text
from groupchat.model.errors import AccessInvalid, NickTaken, NoSuchHook, PasswordNeeded
from groupchat.model.events import AuthorId
from groupchat.model.networks import household
from groupchat.state.people import Person

PASSWORD_COST = 5.0
"""What a password costs that has to be hashed, as /login does."""

NO_HOOK = "There is no such hook; it may have been removed."


@record
class Credentials:
    """What a request says of who asks.

    ``nick``: a nickname, with the ``password`` of its account, or of the server; empty: there is none.
    ``token``: the secret of an access token.  ``hook``: that of a hook.
    """

    nick: str = ""
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    hook: str | None = field(default=None, repr=False)


class Visitor:
    """Somebody who asks, until and after it is known who.

    ``who``: what their requests are counted for: the account, or the household of everybody else.
    ``token``, ``hook``: what let them in, if one of these did.
    ``charge(cost)`` returns a Deferred that fires when it is their turn.
    """

    def __init__(self, hall: Hall, screen: IScreen, charge: "Callable[[float], Deferred[Any]]") -> None:
        self.who: object = household(screen.address)
        self.token: AccessToken | None = None
        self.hook: Hook | None = None
        self._hall = hall
        self._screen = screen
        self._charge = charge

    @inlineCallbacks
    def prove(self, given: Credentials) -> "Generator[Deferred[Any], Any, Person]":
        """Return the person who asks; without a nickname if they do not say who they are.

        :raises Refusal: they may not come in.
        """
        hall, screen = self._hall, self._screen
        admission, account = hall.admission, None
        if given.hook is not None:
            admission.check_line(screen)
            self.hook = hall.access_keys.hooks.find(given.hook)
            account = None if self.hook is None else hall.accounts.of(self.hook.author)
            if account is None:
                yield self._charge(1.0)
                raise NoSuchHook(NO_HOOK)
        elif given.token is not None:
            try:
                self.token, account = admission.check_access(given.token, screen)
            except AccessInvalid:
                yield self._charge(1.0)
                raise
        elif given.password is not None:
            text.NICK.check(given.nick)
            account = admission.remembered(given.nick, given.password, screen)
            if account is None:
                yield self._charge(PASSWORD_COST)
                account = yield admission.prove(given.nick, given.password, False, screen)
                if account is not None:
                    admission.remember(account, given.password)
                    admission.welcome(account, screen)
        if account is not None:
            self.who = account.author
            return Person(account.nick, account.key, account.author, hall.now(), account)
        if given.nick:
            return self._guest(given)
        if admission.is_closed:
            raise PasswordNeeded("Nobody reads here without a password, or an access token of an account.")
        return Person("", "", AuthorId(secrets.randbits(63)), hall.now())

    def check_still(self, account: Account | None) -> None:
        """See that what let them in is still true.

        :raises AccessInvalid, NoSuchHook: the token or hook was ended, or the account removed.
        """
        keys, hook, token = self._hall.access_keys, self.hook, self.token
        if hook is not None and keys.hooks.named(hook.author, hook.label) != hook:
            raise NoSuchHook(NO_HOOK)
        is_ended = token is not None and not keys.is_valid(token)
        if is_ended or (account is not None and self._hall.accounts.of(account.author) is None):
            raise AccessInvalid("The account or access token was ended just now.")

    def _guest(self, given: Credentials) -> Person:
        """Return a guest with this nickname, unless it belongs to somebody.

        :raises NickInvalid, NickReserved, NickTaken, PasswordNeeded: it cannot be had.
        """
        hall = self._hall
        text.NICK.check(given.nick)
        if given.password is None and hall.admission.asks_for_password(given.nick):
            raise PasswordNeeded(hall.admission.why_password(given.nick))
        nick = names.nick(given.nick, hall.settings.name_rules)
        key = names.key(nick)
        hall.roster.check_free(nick, key)
        author = guest_author(key)
        if hall.accounts.of(author) is not None:
            raise NickTaken(f"{nick} cannot be taken here.")
        return Person(nick, key, author, hall.now())


def guest_author(key: str) -> AuthorId:
    """Return the author that every guest is who visits under a nickname: the same again after a restart.

    So the key of a request that is repeated is known, and slow mode holds for whoever comes anew for each message.

    :param key: the nickname's key.
    """
    digest = hashlib.sha256(f"guest who visits\0{key}".encode("utf-8", "surrogatepass")).digest()
    return AuthorId(int.from_bytes(digest[:8]) >> 1)
