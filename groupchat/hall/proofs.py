"""Proofs: check the passwords that people give, and count the wrong ones."""

import hmac
import secrets
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.config.settings import Settings
from groupchat.facts.account_facts import AccessToken, Account, digest_of
from groupchat.interfaces.clock import Clock
from groupchat.interfaces.identity import IPasswords
from groupchat.interfaces.screens import IScreen
from groupchat.limits.failures import REMEMBERED, Attempt, Failures
from groupchat.model import names
from groupchat.model.errors import (
    AccessInvalid,
    JournalUnavailable,
    NotEncrypted,
    PasswordWrong,
    Refusal,
    RegistrationClosed,
    TooManyFailures,
)
from groupchat.model.networks import household
from groupchat.model.text import PASSWORD, TOKEN
from groupchat.model.times import spoken
from groupchat.state.access_keys import AccessKeys
from groupchat.state.accounts import Accounts
from groupchat.state.known_addresses import KnownAddresses

log = Logger()

WRONG = "There is no such account, or this is not its password."

WRONG_HERE = "This is not the password of the account with this nickname, nor, if there is none, that of this server."

REMEMBERED_S = 60.0
"""Seconds within which a password that was right need not be hashed again, for programs that give it each time."""

EVERYBODY = ""
"""Stands for the account where the password is the hall's alone."""


class Proofs:
    """Checks passwords, of accounts and of the hall.

    ``passwords``: None where nobody can have an account, as in a hall without a daemon round it.
    ``rehashed(account, hash)`` persists a password's hash as it is made today.
    ``amend(author, *changes)`` persists changes of somebody's own.

    1. A try counts as a failure until it is known that it is none.
    2. Wrong access tokens are counted like wrong passwords, but apart from them: a program whose token was revoked
       must not keep the people at its address from logging in.
       Nor does it keep out the tokens that were right at the same address before.
    """

    def __init__(
        self,
        accounts: Accounts,
        passwords: IPasswords | None,
        settings: Settings,
        clock: Clock,
        now: Callable[[], float],
        rehashed: Callable[[Account, str], object],
        known: KnownAddresses,
        amend: Callable[..., object],
        access_keys: AccessKeys,
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._settings = settings
        self._clock = clock
        self._now = now
        self._rehashed = rehashed
        self._known = known
        self._amend = amend
        self._access_keys = access_keys
        self._accustomed: OrderedDict[tuple[str, str], None] = OrderedDict()
        """The access tokens that were right, each by its digest and the household; the one used last at the end."""
        self._key = secrets.token_bytes(32)
        self._right: dict[bytes, float] = {}
        """What stands for passwords that were right, and until when; in the order of these times."""
        self.failures, self.access_failures = (
            Failures(settings.password_failures, settings.password_wait_s, settings.password_wait_max_s)
            for _ in range(2)
        )

    @property
    def settings(self) -> Settings:
        """The settings followed now."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings
        for failures in (self.failures, self.access_failures):
            failures.allowed = settings.password_failures
            failures.wait, failures.longest = settings.password_wait_s, settings.password_wait_max_s

    def check_line(self, screen: IScreen) -> None:
        """:raises NotEncrypted: passwords are not taken on this connection."""
        if not screen.secure and not self._settings.plain_passwords:
            raise NotEncrypted("Passwords and tokens are taken on encrypted connections only; connect with TLS.")

    @inlineCallbacks
    def check(
        self, nick: str, password: str, screen: IScreen, may_be_guest: bool = False
    ) -> "Generator[Deferred[Any], Any, Account | None]":
        """Return the account with this nickname and password.  An unknown one takes as long, and is refused alike.

        :param may_be_guest: whether the hall's password will do where there is no account; it returns None then.
        :raises PasswordWrong, NotEncrypted, TooManyFailures: it is not given out.
        :raises BadArguments: the password is too long to be one, which counts as no try.
        :raises Busy: too many passwords wait to be checked.
        """
        self.check_line(screen)
        PASSWORD.check(password)
        account = self._accounts.find(nick)
        attempt = self._begin(names.key(nick), account, screen)
        if may_be_guest and _same(self._settings.password, password) and not self._accounts.is_taken(names.key(nick)):
            attempt.forgive()
            return None
        now = account
        while True:
            # An account that was imported has no password, and takes as long as one that does not exist.
            hashed = (now.hash or None) if now is not None else None
            try:
                matches = yield self._pool().verify(hashed, prepared(password), household(screen.address))
            except Refusal:
                attempt.forgive()
                raise
            now = self._accounts.find(nick)
            if not matches or account is None or now is None or now.author != account.author:
                raise PasswordWrong(WRONG_HERE if may_be_guest else WRONG)
            if now.hash == hashed:
                break
            # The password was changed meanwhile, or only hashed anew: it is checked as it is now.
        attempt.forgive()
        if self._pool().is_outdated(now.hash):
            self._rehash(now, password)
        return now

    def check_halls(self, password: str, screen: IScreen) -> None:
        """Raise unless this is the hall's password.

        :raises PasswordWrong, NotEncrypted, TooManyFailures: it is not, or is not looked at now.
        :raises BadArguments: it is too long to be one, which counts as no try.
        """
        self.check_line(screen)
        PASSWORD.check(password)
        attempt = self._begin(EVERYBODY, None, screen)
        if not _same(self._settings.password, password):
            raise PasswordWrong("That is not the password of this server.")
        attempt.forgive()

    def check_access(self, secret: str, screen: IScreen) -> tuple[AccessToken, Account]:
        """Return the access token with this secret, and its account; note that it is used.

        :raises AccessInvalid, NotEncrypted, TooManyFailures: it does not let anybody in.
        """
        self.check_line(screen)
        token = self._access_keys.tokens.find(secret)
        account = None if token is None else self._accounts.of(token.author)
        digest = digest_of(secret[: TOKEN.most])
        here = digest, household(screen.address)
        if token is None or here not in self._accustomed:
            now = self._clock.seconds()
            attempt = self.access_failures.begin(digest, screen.address, now, exempt=screen.exempt, known=True)
            if attempt.wait > 0:
                told = f"Too many wrong access tokens came from your address; try again in {spoken(attempt.wait)}."
                raise TooManyFailures(told, attempt.wait)
            if token is None or account is None:
                raise AccessInvalid("This access token is unknown, or was revoked.")
            attempt.forgive()
        if account is None:
            raise AccessInvalid("The account of this access token was removed.")
        self._accustom(here)
        self._note_use(token)
        return token, account

    def _accustom(self, here: tuple[str, str]) -> None:
        self._accustomed[here] = None
        self._accustomed.move_to_end(here)
        if len(self._accustomed) > REMEMBERED:
            self._accustomed.popitem(last=False)

    def _note_use(self, token: AccessToken) -> None:
        if changes := self._access_keys.note_use(token, self._now()):
            try:
                self._amend(token.author, *changes)
            except JournalUnavailable:
                log.debug("The use of an access token was not noted; the journal takes nothing now")

    def remembered(self, nick: str, password: str, screen: IScreen) -> Account | None:
        """Return the account with this nickname, if its password was right within a minute and is still the same.

        :raises NotEncrypted: passwords are not taken on this connection.  BadArguments: it is too long to be one.
        """
        self.check_line(screen)
        PASSWORD.check(password)
        account = self._accounts.find(nick)
        if account is None or self._right.get(self._mark(account, password), 0.0) <= self._clock.seconds():
            return None
        return account

    def remember(self, account: Account, password: str) -> None:
        """Take the password of an account as right for a minute."""
        now = self._clock.seconds()
        while self._right and (oldest := next(iter(self._right))) and self._right[oldest] <= now:
            del self._right[oldest]
        current = self._accounts.of(account.author)
        if current is not None and current.hash == account.hash:
            mark = self._mark(current, password)
            self._right.pop(mark, None)
            self._right[mark] = now + REMEMBERED_S

    def _mark(self, account: Account, password: str) -> bytes:
        """Return what stands for a password of an account as long as the account has this one."""
        given = f"{account.author}\0{account.hash}\0{prepared(password)}"
        return hmac.digest(self._key, given.encode("utf-8", "surrogatepass"), "sha256")

    @inlineCallbacks
    def hash(self, password: str, screen: IScreen) -> "Generator[Deferred[Any], Any, str]":
        """Return the hash of a new password.  Fails with Busy."""
        hashed: str = yield self._pool().hash(password, household(screen.address))
        return hashed

    def welcome(self, account: Account, screen: IScreen) -> None:
        """Remember that somebody has come in from this account at this address."""
        if screen.address and (changes := self._known.note(account.author, screen.address, self._now())):
            try:
                self._amend(account.author, *changes)
            except JournalUnavailable:
                log.debug("The address of {nick} was not noted; the journal takes nothing now", nick=account.nick)

    def _begin(self, key: str, account: Account | None, screen: IScreen) -> Attempt:
        """:raises TooManyFailures: no password is tried now."""
        known = account is not None and self._known.knows(account.author, screen.address)
        attempt = self.failures.begin(key, screen.address, self._clock.seconds(), exempt=screen.exempt, known=known)
        if attempt.wait > 0:
            raise TooManyFailures(f"Too many wrong passwords; try again in {spoken(attempt.wait)}.", attempt.wait)
        return attempt

    def _rehash(self, account: Account, password: str) -> None:
        """Persist the password's hash as it is made today."""

        def keep(made: str) -> None:
            now = self._accounts.of(account.author)
            if now is not None and now.hash == account.hash:
                self._rehashed(now, made)

        def failed(failure: Failure) -> None:
            log.warn("A password was not hashed anew: {reason}", reason=failure.getErrorMessage())

        self._pool().hash(prepared(password), "").addCallback(keep).addErrback(failed)

    def _pool(self) -> IPasswords:
        if self._passwords is None:
            raise RegistrationClosed("There are no accounts here.")
        return self._passwords


def prepared(password: str) -> str:
    """Return a password in the one form that is hashed, from whichever keyboard it came (RFC 8265, section 4.2.2).

    :raises BadArguments: it is too long to be one; it costs nothing then.
    """
    return unicodedata.normalize("NFC", PASSWORD.check(password)).encode("utf-8", "replace").decode()


def _same(one: str, other: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(prepared(one).encode(), prepared(other).encode())
