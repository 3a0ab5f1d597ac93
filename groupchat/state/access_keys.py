"""Access keys: the tokens by which programs act for an account, and the hooks by which services post to a room.

The journal keeps a digest of each secret; the secret itself is shown once, to whoever makes it.
They change in memory only by ``learn``, which is given a fact when it is on disk.
"""

import secrets
from collections.abc import Iterator
from typing import Generic, TypeVar

from groupchat.facts.account_facts import AccessToken, Hook, digest_of
from groupchat.facts.kinds import owner, read
from groupchat.lazy.expressions import expression
from groupchat.model.drafts import Fact, FactChange
from groupchat.model.errors import BadArguments
from groupchat.model.events import AuthorId
from groupchat.model.text import HOOK_BEGINNING, KEY_NAME, TOKEN_BEGINNING

MOST = 32
"""The most tokens of an account, and the most hooks."""

NOTED_S = 86400.0
"""Seconds after which the use of a token is noted again: not every use is to be written."""

TOKEN_PREFIX, HOOK_PREFIX = TOKEN_BEGINNING, HOOK_BEGINNING
"""How secrets begin, so that a scanner finds those that were published by mistake."""

_SECRET = expression("gc[th]_[0-9a-f]{40}")
_LABEL = expression(r"[a-z0-9][a-z0-9_.-]*")

K = TypeVar("K", bound=AccessToken | Hook)


def new_secret(prefix: str) -> str:
    """Return a new secret: the prefix and 160 random bits in hexadecimal digits."""
    return prefix + secrets.token_hex(20)


def is_token(secret: str) -> bool:
    """Say whether this has the form of an access token; what is too long to be one costs nothing."""
    return len(secret) == len(TOKEN_PREFIX) + 40 and secret.startswith(TOKEN_PREFIX) and bool(_SECRET.fullmatch(secret))


def checked_label(given: str) -> str:
    """Return the name of a token or hook as it is kept.

    :raises BadArguments: it cannot be one.
    """
    label = KEY_NAME.check(given).lower()
    if not _LABEL.fullmatch(label):
        raise BadArguments("The name of a token or hook is made of a-z 0-9 _ . - and begins with a letter or digit.")
    return label


class Ring(Generic[K]):
    """Keys of one kind: found by their secret, by their owner, and by their name."""

    def __init__(self, form: type[K]) -> None:
        self._form = form
        self._by_digest: dict[str, K] = {}
        self._owned: dict[AuthorId, dict[str, K]] = {}

    def learn(self, fact: Fact) -> None:
        """Apply a fact that is on disk."""
        author, key = owner(fact.kind, fact.name), read(fact)
        if author is None:
            return
        owned = self._owned.setdefault(author, {})
        before = owned.pop(fact.name, None)
        if before is not None:
            self._by_digest.pop(before.digest, None)
        if isinstance(key, self._form):
            owned[fact.name] = self._by_digest[key.digest] = key
        elif not owned:
            del self._owned[author]

    def forget(self, author: AuthorId) -> None:
        """Forget the keys of an account that is removed."""
        for key in self._owned.pop(author, {}).values():
            self._by_digest.pop(key.digest, None)

    def find(self, secret: str) -> K | None:
        """Return the key with this secret; what cannot be one costs nothing."""
        if len(secret) > len(TOKEN_PREFIX) + 40 or not _SECRET.fullmatch(secret):
            return None
        return self._by_digest.get(digest_of(secret))

    def of(self, author: AuthorId) -> list[K]:
        """Return the keys of an account, by name."""
        return sorted(self._owned.get(author, {}).values(), key=lambda key: key.label)

    def named(self, author: AuthorId, label: str) -> K | None:
        """Return a key of an account by its name."""
        return next((key for key in self._owned.get(author, {}).values() if key.label == label.lower()), None)

    def free_label(self, author: AuthorId, wished: str, otherwise: str) -> str:
        """Return a name for a new key of an account: the one wished for, or else one that is free.

        :raises BadArguments: it cannot be a name, is taken, or the account has as many as it can.
        """
        taken = {key.label for key in self._owned.get(author, {}).values()}
        if len(taken) >= MOST:
            raise BadArguments(f"You have {MOST} of these, the most there can be; remove one first.")
        if not wished:
            names = [otherwise, *(f"{otherwise}-{number}" for number in range(2, MOST + 2))]
            return next(name for name in names if name not in taken)
        label = checked_label(wished)
        if label in taken:
            raise BadArguments(f"You have one called {label} already; remove it first, or choose another name.")
        return label

    def __iter__(self) -> Iterator[K]:
        """Iterate over all keys, by owner and name."""
        for author in self._owned:
            yield from self.of(author)


class AccessKeys:
    """The access tokens and hooks of all accounts."""

    KINDS = (AccessToken.KIND, Hook.KIND)
    """The kinds of facts it learns."""

    def __init__(self) -> None:
        self.tokens: Ring[AccessToken] = Ring(AccessToken)
        self.hooks: Ring[Hook] = Ring(Hook)

    def learn(self, fact: Fact) -> None:
        """Apply a fact about a token or a hook that is on disk."""
        if fact.kind == AccessToken.KIND:
            self.tokens.learn(fact)
        else:
            self.hooks.learn(fact)

    def forget(self, author: AuthorId) -> None:
        """Forget an account that is removed."""
        self.tokens.forget(author)
        self.hooks.forget(author)

    def is_valid(self, token: AccessToken) -> bool:
        """Say whether an access token that was found before still works."""
        known = self.tokens.named(token.author, token.label)
        return known is not None and known.digest == token.digest

    def note_use(self, token: AccessToken, now: float) -> list[FactChange]:
        """Return the change to be made when a token is used: none if a use was noted within a day.

        :param now: seconds since 1970 UTC.
        """
        if token.used is not None and now - token.used < NOTED_S:
            return []
        used = AccessToken(token.author, token.label, token.digest, token.at, now)
        return [used.replacing(token)]
