"""Who comes in, and what proves it: a password, the token of an earlier connection, an access token; or it is a guest.

What was proved is looked at again by ``check_again`` whenever other things may have happened meanwhile.
"""

import secrets
from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.facts.account_facts import AccessToken, Account, digest_of
from groupchat.hall.ejections import refusal_of
from groupchat.hall.hall import Hall
from groupchat.hall.proofs import WRONG
from groupchat.interfaces.screens import IScreen
from groupchat.model import names
from groupchat.model.claims import Claim
from groupchat.model.drafts import PutOut, Revoke, StoredSession
from groupchat.model.errors import AccessInvalid, BadArguments, Outdated, PasswordWrong, TokenInvalid
from groupchat.model.events import SERVER, AuthorId
from groupchat.state.access_keys import is_token
from groupchat.state.people import Connection, Person

BINDINGS = 3
"""How often what was decided about a guest's nickname is bound to the guest, if operators change it at that moment."""

UNKNOWN = "This token is unknown or too old; join without it."


class Newcomer:
    """Somebody who comes in, as far as it is proved who they are.

    ``leaving``: the connection that is given up for it, when somebody logs in who is here already.
    ``token``: what they can come back by; None: nothing.
    ``stored``: what is known of the last connection with the token that they gave; None: they gave none.
    ``access``: the access token that let them in.
    ``account``: None, if they are a guest.
    ``is_registering``: whether the account is being made just now.
    """

    def __init__(self, hall: Hall, screen: IScreen, claim: Claim, leaving: Connection | None) -> None:
        self.hall = hall
        self.screen = screen
        self.claim = claim
        self.leaving = leaving
        self._secret = _access_in(claim)
        self._overtaken: list[Revoke | PutOut] = []
        self.token = claim.token
        self.stored: StoredSession | None = None
        self.access: AccessToken | None = None
        self.account: Account | None = None
        self.is_registering = False

    @inlineCallbacks
    def prove(self) -> Generator["Deferred[Any]", Any, None]:
        """Find out who it is, and make the account of somebody who registers.

        :raises NickInvalid, NickReserved, NickTaken, AccountExists: choose another nickname.
        :raises TokenInvalid, AccessInvalid: the token is unknown.
        :raises Refusal: admission does not let the person in.
        """
        hall = self.hall
        if self._secret is not None:
            self._prove_by_access(self._secret)
        if self.token is not None:
            yield self._prove_by_token()
        else:
            if self.access is None:
                yield self._prove_by_password()
            self._overtaken.clear()  # what was proved is true now
            if self.screen.style.resumes:
                self.token = secrets.token_urlsafe(16)
        if self.account is None:
            names.nick(self.claim.nick, hall.settings.name_rules)
            if self.stored is not None:
                hall.admission.check_guest(self.claim.password, self.screen)

    @property
    def digest(self) -> str:
        """Return the digest of the token; empty: there is none.

        That of a connection with an access token is of both: it leads nobody back when the access token is revoked.
        """
        return digest_of(self.token + (self._secret or "")) if self.token is not None else ""

    @property
    def is_program(self) -> bool:
        """Say whether a program comes in, and nobody reads what it is shown."""
        return self.claim.is_program or (self.leaving is not None and self.leaving.program)

    @property
    def nickname(self) -> str:
        """Return the nickname that they come in with: the account's, or the one they ask for.

        :raises NickInvalid, NickReserved: nobody can have it.
        """
        if self.account is not None:
            return self.account.nick
        return names.nick(self.claim.nick, self.hall.settings.name_rules)

    def author(self) -> AuthorId:
        """Return the author of what they say; a new one for a guest who was not here before."""
        if self.account is not None:
            return self.account.author
        return self.stored.author if self.stored is not None else AuthorId(secrets.randbits(63))

    def overtaken(self, change: Revoke | PutOut) -> None:
        """Note that tokens work no longer, or that somebody was put out of the hall: it may be this one."""
        self._overtaken.append(change)

    def look_up_account(self) -> None:
        """Find the account of somebody with a token again: it may have been made or removed meanwhile."""
        if self.stored is not None:
            self.account = self.hall.accounts.of(self.stored.author)

    def check_again(self, person: Person) -> None:
        """See that nothing was decided meanwhile by which they may not come in.

        :raises TokenInvalid, AccessInvalid, PasswordWrong: what let them in is worth nothing any more.
        :raises LoggedOut, Kicked, Banned: they were put out.
        """
        self._check_overtaken(person.author)
        if self.access is not None and not self.hall.access_keys.is_valid(self.access):
            raise AccessInvalid("This access token was revoked just now.")
        self.check_bans(person.author, person.key)
        if self.account is not None and self.hall.accounts.of(person.author) is None:
            raise PasswordWrong(WRONG)

    def check_bans(self, author: AuthorId, key: str) -> None:
        """See that nobody has banned them, whichever of their nicknames was meant, or their address.

        :raises Banned: somebody has.
        """
        moderation, now = self.hall.moderation, self.hall.now()
        moderation.check_address(self.screen.address, now)
        keys = [key]
        if self.account is None:
            keys.append(names.key(self.claim.nick))
            if self.stored is not None:
                keys.append(names.key(self.stored.nick))  # no token leads round the ban of a nickname
        for one in dict.fromkeys(keys):
            moderation.check_coming(author, one, now)

    @inlineCallbacks
    def bind(self) -> Generator["Deferred[Any]", Any, None]:
        """Let what was decided about the nickname of a guest with a token hold for the guest, whatever they are called.

        :raises JournalUnavailable: it could not be stored.
        :raises Outdated: operators changed it BINDINGS times meanwhile.
        """
        if self.stored is None:
            return
        hall, author, key = self.hall, self.stored.author, names.key(self.stored.nick)
        tries = 0
        while hall.accounts.of(author) is None and (changes := hall.moderation.binding(key, author)):
            try:
                yield hall.registration.amend(SERVER, *changes).result()
            except Outdated:
                tries += 1
                if tries == BINDINGS:
                    raise

    def _prove_by_access(self, secret: str) -> None:
        """Find the account that somebody with an access token is let in with.

        :raises AccessInvalid, NotEncrypted, TooManyFailures: there is none.
        :raises BadArguments: they ask for something else, too.
        """
        claim = self.claim
        is_twice = claim.access is not None and claim.password is not None
        if is_twice or claim.code is not None or claim.register:
            raise BadArguments("access is enough: leave out password, register and code.")
        self.access, account = self.hall.admission.check_access(secret, self.screen)
        if claim.nick and names.key(claim.nick) != account.key:
            told = f"This access token is that of {account.nick}, and not of {claim.nick}; leave nick out."
            raise BadArguments(told)
        self.account = account

    @inlineCallbacks
    def _prove_by_token(self) -> Generator["Deferred[Any]", Any, None]:
        """Find out who was connected with the token.

        :raises TokenInvalid: the token is unknown, or a guest's who asks for an account.
        """
        stored = self.stored = yield self._recall(self.digest)
        self._check_overtaken(stored.author)
        yield self.bind()
        self.look_up_account()
        if self.account is not None:
            self.hall.admission.check_line(self.screen)  # it is as good as the password
        elif self.claim.login:
            raise TokenInvalid(UNKNOWN)  # it is a guest's

    @inlineCallbacks
    def _recall(self, digest: str) -> Generator["Deferred[Any]", Any, StoredSession]:
        """:raises TokenInvalid: the token is unknown."""
        journal = self.hall.stream.journal
        if self.hall.neighbours is not None:
            yield self.hall.passed()  # they may just have been told at another node where they are now
        stored = yield journal.recall(digest)
        if stored is None:
            yield self.hall.passed()  # a token just given out may still be on its way to the disk
            stored = yield journal.recall(digest)
        if stored is None:
            raise TokenInvalid(UNKNOWN)
        return self.hall.persistence.unwritten(stored.author, digest) or stored

    @inlineCallbacks
    def _prove_by_password(self) -> Generator["Deferred[Any]", Any, None]:
        """Find the account somebody is let in with, or make it; guests have none."""
        admission, claim, screen = self.hall.admission, self.claim, self.screen
        if claim.register:
            roster = self.hall.roster
            nick = names.nick(claim.nick, self.hall.settings.name_rules)
            code = admission.check_registration(claim.code, screen, is_in=False)
            hashed = yield admission.hash_first(
                nick, claim.password or "", code, screen, lambda: roster.check_free(nick, names.key(nick))
            )
            author = AuthorId(secrets.randbits(63))
            created = self.hall.registration.create(nick, names.key(nick), author, hashed, code).result()
            self.is_registering = True
            yield created
            self.is_registering = False
            self.account = self.hall.accounts.of(author)
        else:
            if not claim.login and not admission.is_possible(claim.nick):
                names.nick(claim.nick, self.hall.settings.name_rules)  # no password is asked for one nobody can have
            self.account = yield admission.prove(claim.nick, claim.password, claim.login, screen)

    def _check_overtaken(self, author: AuthorId) -> None:
        """See that what let them in is still worth something.

        :raises TokenInvalid: the token works no longer.
        :raises LoggedOut, Kicked: they were put out.
        """
        digest = self.digest if self.claim.token is not None else ""
        access = self.access.digest if self.access is not None else ""
        for change in self._overtaken:
            if isinstance(change, PutOut) and change.concerns(author, digest, access):
                raise refusal_of(change)
        if digest and any(isinstance(one, Revoke) and one.concerns(author, digest) for one in self._overtaken):
            raise TokenInvalid(UNKNOWN)


def _access_in(claim: Claim) -> str | None:
    """Return the access token of a claim; in place of the password, too, for clients that know nothing else."""
    if claim.access is not None or claim.password is None or claim.register or not is_token(claim.password):
        return claim.access  # of somebody who registers it is a new password, which cannot be one
    return claim.password
