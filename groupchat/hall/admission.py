"""Admission: decide who may come in, and check how they prove who they are."""

from collections.abc import Callable, Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.config.settings import Settings
from groupchat.facts.account_facts import AccessToken, Account, RegistrationCode
from groupchat.hall.proofs import Proofs, prepared
from groupchat.interfaces.clock import Clock
from groupchat.interfaces.screens import IScreen
from groupchat.limits.failures import WIDER
from groupchat.limits.quotas import Quota
from groupchat.model import names
from groupchat.model.errors import (
    AccountExists,
    CodeInvalid,
    LoginNeeded,
    NickReserved,
    PasswordNeeded,
    PasswordWeak,
    Refusal,
    RegistrationClosed,
    TooManyRegistrations,
)
from groupchat.model.networks import household, site
from groupchat.model.text import PASSWORD, TOKEN_BEGINNING
from groupchat.model.times import spoken
from groupchat.model.wording import plural
from groupchat.state.accounts import Accounts

HOUR_S = 3600.0
"""The time within which registrations are counted, in seconds."""


class Admission:
    """Decides who may come in, and checks their proofs.

    ``proofs`` checks the passwords they give.

    Rules:

    1. Where everybody needs a password, what is answered to somebody who has none, and how long it takes, does not
       depend on whether there is an account with the nickname.
       Elsewhere a nickname that has one must be refused to guests, so it can be found out, but by nothing else.
    2. Nothing secret is compared on a line on which no passwords are taken.
    """

    def __init__(self, accounts: Accounts, proofs: Proofs, clock: Clock, now: Callable[[], float]) -> None:
        self._accounts = accounts
        self._clock = clock
        self._now = now
        self.proofs = proofs
        self.registrations = Quota(proofs.settings.registrations_hour, HOUR_S)

    @property
    def settings(self) -> Settings:
        """The settings followed now."""
        return self.proofs.settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self.proofs.settings = settings
        self.registrations.most = settings.registrations_hour

    # Coming in

    @property
    def is_closed(self) -> bool:
        """Say whether everybody needs a password here, whatever their nickname."""
        return bool(self.settings.password) or not self.settings.guests

    def is_possible(self, nick: str) -> bool:
        """Say whether it can be a nickname at all."""
        try:
            names.nick(nick, self.settings.name_rules)
        except NickReserved:  # it may have been somebody's before
            return self.is_closed or self.belongs_to_account(nick)
        except Refusal:
            return self.belongs_to_account(nick)
        return True

    def belongs_to_account(self, nick: str) -> bool:
        """Say whether an account has the nickname."""
        return self._accounts.is_taken(names.key(nick))

    def asks_for_password(self, nick: str) -> bool:
        """Say whether this nickname needs a password."""
        return self.is_closed or self.belongs_to_account(nick)

    def why_password(self, nick: str) -> str:
        """Return the sentence that says whose password a nickname needs."""
        if not self.settings.guests:
            return f"You need an account here: give the password of {nick}. {self.way_in()}"
        if self.settings.password:
            return f"{nick} needs a password: its own if it is somebody's account, else that of this server."
        return f"{nick} belongs to an account: give its password, or choose another nickname."

    @property
    def needs_code(self) -> bool:
        """Say whether an account is made with a code only, or with the password of the hall."""
        return self.settings.registration == "invite" or bool(self.settings.password)

    def check_open(self) -> None:
        """:raises RegistrationClosed: only operators make accounts."""
        if self.settings.registration == "closed":
            raise RegistrationClosed("Only operators make accounts here.")

    def way_in(self) -> str:
        """Say how one gets an account."""
        if self.settings.registration == "open":
            return "If you have none, /register NAME PASSWORD makes one."
        if self.settings.registration == "invite":
            return "If you have none, /register NAME PASSWORD CODE makes one, with a code from an operator."
        return "If you have none, the administrator makes one."

    @inlineCallbacks
    def prove(
        self, nick: str, password: str | None, only_account: bool, screen: IScreen
    ) -> "Generator[Deferred[Any], Any, Account | None]":
        """Return the account that somebody proves to own; None: they may come in as a guest.

        :param only_account: whether nothing but an account will do.
        :raises PasswordNeeded, PasswordWrong, NotEncrypted, TooManyFailures: they may not come in.
        :raises Busy: too many passwords wait to be checked.
        """
        if password is None:
            if only_account or self.asks_for_password(nick):
                raise PasswordNeeded(self.why_password(nick))
            return None
        may_be_guest = bool(self.settings.password) and self.settings.guests and not only_account
        account: Account | None = yield self.proofs.check(nick, password, screen, may_be_guest)
        return account

    def remembered(self, nick: str, password: str, screen: IScreen) -> Account | None:
        """Return the account with this nickname if its password was right just before, and is still the same.

        :raises NotEncrypted: passwords are not taken on this connection.  BadArguments: it is too long to be one.
        """
        return self.proofs.remembered(nick, password, screen)

    def remember(self, account: Account, password: str) -> None:
        """Take the password of an account as right for a minute, without hashing it again."""
        self.proofs.remember(account, password)

    def check_guest(self, password: str | None, screen: IScreen) -> None:
        """Raise unless somebody who was a guest before may come in again with this password.

        :raises LoginNeeded: guests may not.
        :raises PasswordNeeded, PasswordWrong, NotEncrypted, TooManyFailures: the hall has a password.
        """
        if not self.settings.guests:
            raise LoginNeeded(f"You need an account here: /login NAME PASSWORD. {self.way_in()}")
        if not self.settings.password:
            return
        if password is None:
            raise PasswordNeeded("This server has a password.")
        self.proofs.check_halls(password, screen)

    def check_line(self, screen: IScreen) -> None:
        """:raises NotEncrypted: passwords are not taken on this connection."""
        self.proofs.check_line(screen)

    def check_access(self, secret: str, screen: IScreen) -> tuple[AccessToken, Account]:
        """Return the access token with this secret, and its account.

        :raises AccessInvalid, NotEncrypted, TooManyFailures: it does not let anybody in.
        """
        return self.proofs.check_access(secret, screen)

    def welcome(self, account: Account, screen: IScreen) -> None:
        """Remember that somebody has come in from this account at this address."""
        self.proofs.welcome(account, screen)

    @inlineCallbacks
    def check(self, nick: str, password: str, screen: IScreen) -> "Generator[Deferred[Any], Any, Account]":
        """Return the account with this nickname and password.  An unknown one takes as long, and is refused alike.

        :raises PasswordWrong, NotEncrypted, TooManyFailures: it is not given out.
        :raises Busy: too many passwords wait to be checked.
        """
        account: Account = yield self.proofs.check(nick, password, screen, may_be_guest=False)
        return account

    # Making and changing accounts

    def check_registration(self, code: str | None, screen: IScreen, is_in: bool = True) -> RegistrationCode | None:
        """Raise unless an account may be made now; return the code that is used up by it.

        Nothing here depends on which accounts there are.

        :param is_in: whether they are in the hall already.
        :raises NotEncrypted, RegistrationClosed, CodeInvalid: it may not be made.
        :raises PasswordNeeded, PasswordWrong, TooManyFailures: it needs the password of the hall.
        """
        self.proofs.check_line(screen)
        settings = self.settings
        self.check_open()
        found = self._accounts.code(code, self._now()) if code is not None else None
        if settings.registration == "invite" and found is None:
            raise CodeInvalid(
                "You need a code from an operator to register here; it follows the password."
                if code is None
                else "This code is unknown, used or too old; ask for another one."
            )
        if not is_in and found is None and settings.password:
            if code is None:
                raise PasswordNeeded("This server has a password, or you need a code: type it after your own password.")
            self.proofs.check_halls(code, screen)
        elif code is not None and found is None:
            raise CodeInvalid(
                "No code is needed here, and what follows the password is none that is known; nothing was made. "
                + ("/register PASSWORD makes the nickname you have now your own" if is_in else "Leave it out")
                + "; in a line, the password is one word."
            )
        return found

    @inlineCallbacks
    def hash_first(
        self, nick: str, password: str, found: RegistrationCode | None, screen: IScreen, check_free: Callable[[], None]
    ) -> "Generator[Deferred[Any], Any, str]":
        """Return the hash of the password of an account that is to be made, and count it.

        Where everybody needs a password, trying a nickname is counted too, before it is told whether it is free.
        It is counted for the address; if they were invited, for the code: the operator has seen to how many there are.

        :param check_free: raises when the nickname is not free; called before and after the password is hashed.
        :raises TooManyRegistrations: too many were made from this address, or tried with this code, within an hour.
        :raises PasswordWeak, NotEncrypted, Busy: there is none.
        :raises AccountExists, NickTaken, PasswordNeeded: the nickname is not free.
        """
        self.check_new(nick, password, screen)
        is_told_freely = not self.is_closed
        if is_told_freely:
            self._check_no_account(nick, check_free)
        limits = () if screen.exempt else self._registrants(screen.address, found)
        now = self._clock.seconds()
        wait = max((self.registrations.wait(name, now, times) for name, times in limits), default=0.0)
        if wait > 0:
            raise TooManyRegistrations(self._too_many(found, wait), wait)
        for name, _ in limits:
            self.registrations.use(name, now)
        if not is_told_freely:
            self._check_no_account(nick, check_free)
        try:
            hashed: str = yield self.hash(nick, password, screen)
        except Refusal:
            for name, _ in limits:
                self.registrations.give_back(name, now)
            raise
        self._check_no_account(nick, check_free)
        return hashed

    def _check_no_account(self, nick: str, check_free: Callable[[], None]) -> None:
        """:raises AccountExists, NickTaken, PasswordNeeded: the nickname is not free."""
        if self.belongs_to_account(nick):
            raise AccountExists(
                f"There is an account called {nick}; /login {nick} PASSWORD, or choose another nickname."
            )
        check_free()

    def _too_many(self, found: RegistrationCode | None, wait: float) -> str:
        """Return the sentence about somebody who has to wait so many seconds before they can register."""
        most, later = self.registrations.most, f"Try again in {spoken(wait)}"
        if found is not None:
            return f"With one code, {plural(most, 'nickname')} can be tried in an hour. {later}."
        made = plural(most, "account")
        whence = "From your address, or by others who share it"
        return f"{whence}, {made} can be made in an hour. {later}, or ask an operator for an invitation."

    @inlineCallbacks
    def hash(self, nick: str, password: str, screen: IScreen) -> "Generator[Deferred[Any], Any, str]":
        """Return the hash of a new password.

        :raises PasswordWeak, NotEncrypted, Busy: there is none.
        """
        password = self.check_new(nick, password, screen)
        hashed: str = yield self.proofs.hash(password, screen)
        return hashed

    def check_new(self, nick: str, password: str, screen: IScreen) -> str:
        """Return a new password as it is hashed.

        :raises PasswordWeak, NotEncrypted: it cannot be one.
        """
        self.proofs.check_line(screen)
        least, most = self.settings.password_min, PASSWORD.most
        if not least <= len(password) <= most or len(password := prepared(password)) < least:
            raise PasswordWeak(f"A password has {least} to {most} characters; this one has {len(password):,}.")
        if names.key(password) == names.key(nick):
            raise PasswordWeak("The nickname cannot be the password.")
        if password.strip().startswith(TOKEN_BEGINNING):
            raise PasswordWeak(f"A password does not begin with {TOKEN_BEGINNING}: it would be taken for a token.")
        return password

    def _registrants(self, address: str, found: RegistrationCode | None) -> tuple[tuple[str, int], ...]:
        """Return what a registration is counted for, and how many times the setting is allowed."""
        if found is not None:
            return ((found.digest, 1),)
        if not address:
            return ()
        return ((household(address), 1), *(((network, WIDER),) if (network := site(address)) else ()))
