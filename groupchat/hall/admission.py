"""The gate: who may come in, and how they prove who they are."""

import hmac
import unicodedata
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from twisted.python.failure import Failure

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
from groupchat.state.accounts import Account, Invite

if TYPE_CHECKING:
    from groupchat.config.settings import Settings
    from groupchat.hall.hall import Hall

log = Logger()

LONGEST = 256
"""The most characters of a password."""

WRONG = "There is no such account, or this is not its password."

EVERYBODY = ""
"""What the hall's own password is counted by; no nickname's key."""


class Gate:
    """What a hall asks of those who come in.

    ``passwords``: None where nobody can have an account, as in a hall without a daemon round it.
    """

    def __init__(self, hall: "Hall", passwords: IPasswords | None) -> None:
        self._hall = hall
        self._passwords = passwords
        settings = hall.settings
        self.failures = Failures(settings.password_failures, settings.password_wait_s, settings.password_wait_max_s)

    def follow(self, settings: "Settings") -> None:
        """Go by these settings from now on."""
        self.failures.allowed = settings.password_failures
        self.failures.wait, self.failures.longest = settings.password_wait_s, settings.password_wait_max_s

    @property
    def _settings(self) -> "Settings":
        return self._hall.settings

    # Coming in

    def is_possible(self, nick: str) -> bool:
        """Whether it can be a nickname at all."""
        try:
            names.nick(nick, self._hall.name_rules)
        except Refusal:
            return self.belongs_to_account(nick)  # a reserved one may have been somebody's before
        return True

    def belongs_to_account(self, nick: str) -> bool:
        """Whether an account has the nickname."""
        return self._hall.accounts.is_taken(names.key(nick))

    def asks_for_password(self, nick: str) -> bool:
        """Whether who wants to be called so has to type a password: the account's, or for guests the hall's."""
        if self.belongs_to_account(nick):
            return True
        return self._settings.guests and bool(self._settings.password)

    def expects_account(self, nick: str, password: str | None) -> bool:
        """Whether only an account will do: it has the nickname, or nothing else here asks for this password."""
        if self.belongs_to_account(nick):
            return True
        return password is not None and not self._settings.password

    def check_guest(self, password: str | None, screen: IScreen) -> None:
        """Whether somebody without an account may come in with this password.

        :raises LoginNeeded: guests may not.
        :raises PasswordNeeded, PasswordWrong, NotEncrypted, TooManyFailures: the hall has a password.
        """
        settings = self._settings
        if not settings.guests:
            way = "/register NAME PASSWORD makes an account" if settings.registration == "open" else "ask who runs it"
            raise LoginNeeded(f"This hall is for those with an account: /login NAME PASSWORD. Without one, {way}.")
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
        """The account with this nickname and this password.  An unknown one takes as long, and is refused alike.

        :raises PasswordWrong, NotEncrypted, TooManyFailures: no.
        :raises Busy: too much is asked just now.
        """
        self.check_line(screen)
        key = names.key(nick)[:LONGEST]
        account = self._hall.accounts.find(nick)
        self._begin(key, screen)
        try:
            matches = yield self._pool().verify(account.hash if account is not None else None, prepared(password))
        except Refusal:
            self.failures.forgive(key, screen.address)
            raise
        now = self._hall.accounts.find(nick)
        if not matches or account is None or now is None or now.author != account.author:
            raise PasswordWrong(WRONG)
        self.failures.forgive(key, screen.address)
        if self._pool().is_outdated(now.hash):
            self._rehash(now, password)
        return now

    def _begin(self, key: str, screen: IScreen) -> None:
        """:raises TooManyFailures: not now."""
        wait = self.failures.begin(key, screen.address, self._hall.clock.seconds())
        if wait > 0:
            raise TooManyFailures(f"Too many wrong passwords; try again in {spoken(wait)}.")

    def _rehash(self, account: Account, password: str) -> None:
        """Store the password's hash as it is made today."""

        def keep(made: str) -> None:
            now = self._hall.accounts.of(account.author)
            if now is not None and now.hash == account.hash:
                self._hall.registry.change(now, hash=made)
                self._hall.commits.pump()

        def failed(failure: Failure) -> None:
            log.warn("A password was not hashed anew: {reason}", reason=failure.getErrorMessage())

        self._pool().hash(prepared(password)).addCallback(keep).addErrback(failed)

    # Making and changing accounts

    def check_registration(self, nick: str, code: str | None) -> Invite | None:
        """Whether an account with this nickname may be made now; gives the invitation that is used up by it.

        :raises AccountExists, RegistrationClosed, CodeInvalid: no.
        """
        settings, accounts = self._settings, self._hall.accounts
        if accounts.is_taken(names.key(nick)):
            raise AccountExists(
                f"There is an account called {nick}; /login {nick} PASSWORD, or choose another nickname."
            )
        if settings.registration == "closed":
            raise RegistrationClosed("Accounts are made by operators here.")
        invite = accounts.invite(code, self._hall.now()) if code is not None else None
        if settings.registration == "invite" and invite is None:
            raise CodeInvalid(
                "An account needs a code from an operator here: it is given after the password."
                if code is None
                else "This code is unknown, used or too old; ask for another one."
            )
        return invite

    def check_stranger(self, code: str | None, invite: Invite | None, screen: IScreen) -> None:
        """Whether somebody who is not in may register, where guests need a password.

        :raises PasswordNeeded, PasswordWrong, TooManyFailures: no.
        """
        if invite is not None or not self._settings.password:
            return
        if code is None:
            raise PasswordNeeded("This hall has a password, or you need a code: give it after your own password.")
        self._begin(EVERYBODY, screen)
        if not _same(self._settings.password, code):
            raise PasswordWrong("That is not the password of this hall.")
        self.failures.forgive(EVERYBODY, screen.address)

    @inlineCallbacks
    def hash(self, nick: str, password: str, screen: IScreen) -> "Generator[Deferred[Any], Any, str]":
        """The hash of a new password.

        :raises PasswordWeak, NotEncrypted, Busy: no.
        """
        self.check_line(screen)
        password = prepared(password)
        least = self._settings.password_min
        if not least <= len(password) <= LONGEST:
            raise PasswordWeak(f"A password has {least} to {LONGEST} characters; this one has {len(password)}.")
        if names.key(password) == names.key(nick):
            raise PasswordWeak("The nickname is no password.")
        hashed: str = yield self._pool().hash(password)
        return hashed

    def _pool(self) -> IPasswords:
        if self._passwords is None:
            raise RegistrationClosed("There are no accounts here.")
        return self._passwords


def prepared(password: str) -> str:
    """A password in the one form it is hashed in, whichever keyboard it was typed at (RFC 8265, section 4.2.2)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "replace").decode()


def _same(one: str, other: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(prepared(one).encode(), prepared(other).encode())
