"""Admission: decide who may come in, and check how they prove who they are."""

import hmac
import unicodedata
from collections.abc import Callable, Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.config.settings import Settings
from groupchat.interfaces.clock import Clock
from groupchat.interfaces.identity import IPasswords
from groupchat.interfaces.screens import IScreen
from groupchat.limits.failures import Failures
from groupchat.model import names
from groupchat.model.errors import (
    AccountExists,
    CodeInvalid,
    LoginNeeded,
    NotEncrypted,
    PasswordNeeded,
    PasswordWeak,
    PasswordWrong,
    Refusal,
    RegistrationClosed,
    TooManyFailures,
)
from groupchat.model.times import spoken
from groupchat.state.accounts import Account, Accounts, Invite

log = Logger()

LONGEST = 256
"""The most characters of a password."""

WRONG = "There is no such account, or this is not its password."

EVERYBODY = ""
"""The key under which wrong passwords of the hall itself are counted; no nickname has it."""


class Admission:
    """Decides who may come in, and checks their proofs.

    ``passwords``: None where nobody can have an account, as in a hall without a daemon round it.
    ``rehashed(account, hash)`` persists a password's hash as it is made today.
    """

    def __init__(
        self,
        accounts: Accounts,
        passwords: IPasswords | None,
        settings: Settings,
        clock: Clock,
        now: Callable[[], float],
        rehashed: Callable[[Account, str], object],
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._settings = settings
        self._clock = clock
        self._now = now
        self._rehashed = rehashed
        self.failures = Failures(settings.password_failures, settings.password_wait_s, settings.password_wait_max_s)

    @property
    def settings(self) -> Settings:
        """The settings followed now."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings
        self.failures.allowed = settings.password_failures
        self.failures.wait, self.failures.longest = settings.password_wait_s, settings.password_wait_max_s

    # Coming in

    def is_possible(self, nick: str) -> bool:
        """Say whether it can be a nickname at all."""
        try:
            names.nick(nick, self._settings.name_rules)
        except Refusal:
            return self.belongs_to_account(nick)  # a reserved one may have been somebody's before
        return True

    def belongs_to_account(self, nick: str) -> bool:
        """Say whether an account has the nickname."""
        return self._accounts.is_taken(names.key(nick))

    def asks_for_password(self, nick: str) -> bool:
        """Say whether this nickname needs a password: the account's, or for guests the hall's."""
        if self.belongs_to_account(nick):
            return True
        return self._settings.guests and bool(self._settings.password)

    def expects_account(self, nick: str, password: str | None) -> bool:
        """Say whether only an account will do: it has the nickname, or nothing else here asks for this password."""
        if self.belongs_to_account(nick):
            return True
        return password is not None and not self._settings.password

    def check_guest(self, password: str | None, screen: IScreen) -> None:
        """Raise unless somebody without an account may come in with this password.

        :raises LoginNeeded: guests may not.
        :raises PasswordNeeded, PasswordWrong, NotEncrypted, TooManyFailures: the hall has a password.
        """
        settings = self._settings
        if not settings.guests:
            way = (
                "/register NAME PASSWORD makes one"
                if settings.registration == "open"
                else "the administrator makes one"
            )
            raise LoginNeeded(f"You need an account here: /login NAME PASSWORD. If you have none, {way}.")
        if not settings.password:
            return
        if password is None:
            raise PasswordNeeded("This hall has a password.")
        self.check_line(screen)
        self._begin(EVERYBODY, screen)
        if not _same(settings.password, password):
            raise PasswordWrong("That is not the password of this hall.")
        self.failures.forgive(EVERYBODY, screen.address)

    def check_line(self, screen: IScreen) -> None:
        """:raises NotEncrypted: passwords are not taken on this connection."""
        if not screen.secure and not self._settings.plain_passwords:
            raise NotEncrypted("Passwords are taken on encrypted connections only; connect with TLS.")

    @inlineCallbacks
    def check(self, nick: str, password: str, screen: IScreen) -> "Generator[Deferred[Any], Any, Account]":
        """Return the account with this nickname and password.  An unknown one takes as long, and is refused alike.

        :raises PasswordWrong, NotEncrypted, TooManyFailures: it is not given out.
        :raises Busy: too many passwords wait to be checked.
        """
        self.check_line(screen)
        key = names.key(nick)[:LONGEST]
        account = self._accounts.find(nick)
        self._begin(key, screen)
        try:
            matches = yield self._pool().verify(account.hash if account is not None else None, prepared(password))
        except Refusal:
            self.failures.forgive(key, screen.address)
            raise
        now = self._accounts.find(nick)
        if not matches or account is None or now is None or now.author != account.author:
            raise PasswordWrong(WRONG)
        self.failures.forgive(key, screen.address)
        if self._pool().is_outdated(now.hash):
            self._rehash(now, password)
        return now

    def _begin(self, key: str, screen: IScreen) -> None:
        """:raises TooManyFailures: no password is tried now."""
        wait = self.failures.begin(key, screen.address, self._clock.seconds())
        if wait > 0:
            raise TooManyFailures(f"Too many wrong passwords; try again in {spoken(wait)}.")

    def _rehash(self, account: Account, password: str) -> None:
        """Persist the password's hash as it is made today."""

        def keep(made: str) -> None:
            now = self._accounts.of(account.author)
            if now is not None and now.hash == account.hash:
                self._rehashed(now, made)

        def failed(failure: Failure) -> None:
            log.warn("A password was not hashed anew: {reason}", reason=failure.getErrorMessage())

        self._pool().hash(prepared(password)).addCallback(keep).addErrback(failed)

    # Making and changing accounts

    def check_registration(self, nick: str, code: str | None) -> Invite | None:
        """Raise unless an account with this nickname may be made now; return the invitation that is used up by it.

        :raises AccountExists, RegistrationClosed, CodeInvalid: it may not.
        """
        settings, accounts = self._settings, self._accounts
        if accounts.is_taken(names.key(nick)):
            raise AccountExists(
                f"There is an account called {nick}; /login {nick} PASSWORD, or choose another nickname."
            )
        if settings.registration == "closed":
            raise RegistrationClosed("Only operators make accounts here.")
        invite = accounts.invite(code, self._now()) if code is not None else None
        if settings.registration == "invite" and invite is None:
            raise CodeInvalid(
                "You need a code from an operator to register here; it follows the password."
                if code is None
                else "This code is unknown, used or too old; ask for another one."
            )
        return invite

    def check_stranger(self, code: str | None, invite: Invite | None, screen: IScreen) -> None:
        """Raise unless somebody who is not in may register, where guests need a password.

        :raises PasswordNeeded, PasswordWrong, TooManyFailures: they may not.
        """
        if invite is not None or not self._settings.password:
            return
        if code is None:
            raise PasswordNeeded("This hall has a password, or you need a code: type it after your own password.")
        self._begin(EVERYBODY, screen)
        if not _same(self._settings.password, code):
            raise PasswordWrong("That is not the password of this hall.")
        self.failures.forgive(EVERYBODY, screen.address)

    @inlineCallbacks
    def hash(self, nick: str, password: str, screen: IScreen) -> "Generator[Deferred[Any], Any, str]":
        """Return the hash of a new password.

        :raises PasswordWeak, NotEncrypted, Busy: there is none.
        """
        self.check_line(screen)
        password = prepared(password)
        least = self._settings.password_min
        if not least <= len(password) <= LONGEST:
            raise PasswordWeak(f"A password has {least} to {LONGEST} characters; this one has {len(password)}.")
        if names.key(password) == names.key(nick):
            raise PasswordWeak("The nickname cannot be the password.")
        hashed: str = yield self._pool().hash(password)
        return hashed

    def _pool(self) -> IPasswords:
        if self._passwords is None:
            raise RegistrationClosed("There are no accounts here.")
        return self._passwords


def prepared(password: str) -> str:
    """Return a password in the one form that is hashed, from whichever keyboard it came (RFC 8265, section 4.2.2)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "replace").decode()


def _same(one: str, other: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(prepared(one).encode(), prepared(other).encode())
