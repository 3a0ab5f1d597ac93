"""Accounts and invitations: nicknames that belong to somebody, kept as facts in the journal and in memory.

They change in memory only by ``learn``, which is given a fact when it is on disk.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from groupchat.model import names
from groupchat.model.drafts import Fact
from groupchat.model.events import AuthorId
from groupchat.model.ranks import Rank

ACCOUNT = "account"
"""The kind of fact of an account; its name is the nickname's key."""

INVITE = "invitecode"
"""The kind of fact of an invitation; its name is the code's digest."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account.

    ``author``: identifies all posts made from it; ``hash``: the password's hash, never the password.
    ``rank``: MEMBER or OPERATOR; ``since``: when it was made, in seconds since 1970 UTC.
    ``preferences``: for each door's name, the preferences changed with /set there, as a person types them.
    """

    nick: str
    author: AuthorId
    hash: str = field(repr=False)
    rank: Rank
    since: float
    preferences: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Return the nickname's key."""
        return names.key(self.nick)

    @property
    def is_operator(self) -> bool:
        """Say whether its owner is an operator of the whole server."""
        return self.rank >= Rank.OPERATOR

    def fact(self) -> Fact:
        """Return the fact the journal keeps."""
        return Fact(
            ACCOUNT,
            self.key,
            {
                "nick": self.nick,
                "author": self.author,
                "hash": self.hash,
                "rank": self.rank.name.lower(),
                "since": self.since,
                "preferences": {door: dict(changed) for door, changed in self.preferences.items()},
            },
        )

    def removal(self) -> Fact:
        """Return the fact that it exists no more."""
        return Fact(ACCOUNT, self.key, None)

    @classmethod
    def read(cls, fact: Fact) -> "Account":
        """Read an account from its fact."""
        value = fact.value or {}
        return cls(
            value["nick"],
            AuthorId(value["author"]),
            value["hash"],
            Rank[value["rank"].upper()],
            value["since"],
            value["preferences"],
        )


@dataclass(frozen=True, slots=True)
class Invite:
    """A code that lets one person register.

    ``digest``: hex SHA-256 of the code; ``by``: the operator who made it;
    ``until``: when it ends, in seconds since 1970 UTC.
    """

    digest: str
    by: str
    until: float

    def fact(self) -> Fact:
        """Return the fact the journal keeps."""
        return Fact(INVITE, self.digest, {"by": self.by, "until": self.until})

    def removal(self) -> Fact:
        """Return the fact that it exists no more."""
        return Fact(INVITE, self.digest, None)

    @classmethod
    def read(cls, fact: Fact) -> "Invite":
        """Read an invitation from its fact."""
        value = fact.value or {}
        return cls(fact.name, value["by"], value["until"])


class Accounts:
    """Every account, by nickname and by author, and every invitation.

    ``pending``: keys of nicknames, and digests of codes, that a change on its way to the disk is about:
    nobody else can have these meanwhile.
    ``queued``: by key, the accounts as they will be when the changes on their way to the disk are there (None: gone).
    """

    def __init__(self) -> None:
        self._by_key: dict[str, Account] = {}
        self._by_author: dict[AuthorId, Account] = {}
        self._by_skeleton: dict[str, set[str]] = {}
        """The keys of the accounts that look so."""
        self.invites: dict[str, Invite] = {}
        self.pending: set[str] = set()
        self.queued: dict[str, Account | None] = {}

    def learn(self, fact: Fact) -> None:
        """Apply a fact about an account or an invitation that is on disk."""
        if fact.kind == INVITE:
            if fact.value is None:
                self.invites.pop(fact.name, None)
            else:
                self.invites[fact.name] = Invite.read(fact)
        elif fact.value is not None:
            account = Account.read(fact)
            self._forget_looks(fact.name)
            self._by_key[fact.name] = self._by_author[account.author] = account
            for skeleton in names.skeletons(account.nick):
                self._by_skeleton.setdefault(skeleton, set()).add(fact.name)
        else:
            self._forget_looks(fact.name)
            if (gone := self._by_key.pop(fact.name, None)) is not None:
                self._by_author.pop(gone.author, None)

    def find(self, nick: str) -> Account | None:
        """Return the account with this nickname, or one that counts as the same."""
        return self._by_key.get(names.key(nick))

    def of(self, author: AuthorId) -> Account | None:
        """Return the account of this author."""
        return self._by_author.get(author)

    def is_taken(self, key: str) -> bool:
        """Say whether the nickname with this key belongs to an account, or is about to."""
        return key in self._by_key or key in self.pending

    def resembled(self, nick: str) -> str:
        """Return the nickname of an account that this one looks like, or the key of one that is about to be made.

        Empty: there is none.
        """
        looks = names.skeletons(nick)
        for skeleton in looks:
            for key in self._by_skeleton.get(skeleton, ()):
                return self._by_key[key].nick
        return next((key for key in self.pending if not {*looks}.isdisjoint(names.skeletons(key))), "")

    def is_coming(self, author: AuthorId) -> bool:
        """Say whether this author, who has no account, has one that is on its way to the disk."""
        queued = (account for account in self.queued.values() if account is not None)
        return author not in self._by_author and any(account.author == author for account in queued)

    def invite(self, code: str, now: float) -> Invite | None:
        """Return the invitation with this code, if it was not used and has not ended."""
        found = self.invites.get(digest_of(code))
        if found is None or found.digest in self.pending or found.until < now:
            return None
        return found

    def ended(self, now: float) -> list[Fact]:
        """Return the facts that remove the invitations that ended unused."""
        old = [invite for invite in self.invites.values() if invite.until < now and invite.digest not in self.pending]
        return [invite.removal() for invite in old]

    def _forget_looks(self, key: str) -> None:
        """Take an account that changes or goes out of those that are found by what they look like."""
        known = self._by_key.get(key)
        for skeleton in names.skeletons(known.nick) if known is not None else ():
            alike = self._by_skeleton.get(skeleton, set())
            alike.discard(key)
            if not alike:
                self._by_skeleton.pop(skeleton, None)

    def __iter__(self) -> Iterator[Account]:
        """Iterate by nickname."""
        return iter(sorted(self._by_key.values(), key=lambda account: account.key))

    def __len__(self) -> int:
        return len(self._by_key)


def digest_of(secret: str) -> str:
    """Return what is stored of a token or a code: its hex SHA-256, which does not lead back to its 128 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
