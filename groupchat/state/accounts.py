"""Accounts: nicknames that are somebody's own, kept as facts in the journal and in memory.

They change in memory only when the journal has the change on disk.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from groupchat.model import names
from groupchat.model.drafts import Fact
from groupchat.model.events import AuthorId
from groupchat.model.ranks import Rank

ACCOUNT = "account"
"""The kind of fact an account is; its name is the nickname's key."""

INVITE = "invitecode"
"""The kind of fact an invitation is; its name is the code's digest."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account.

    ``author``: whose everything is that was said from it; ``hash``: the password's, never the password.
    ``rank``: MEMBER or OPERATOR; ``since``: when it was made, in seconds since 1970 UTC.
    ``preferences``: for each door's name, what was changed with /set there, as a person types it.
    """

    nick: str
    author: AuthorId
    hash: str = field(repr=False)
    rank: Rank
    since: float
    preferences: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The nickname's key."""
        return names.key(self.nick)

    @property
    def is_operator(self) -> bool:
        """Whether it keeps order in the whole hall."""
        return self.rank >= Rank.OPERATOR

    def fact(self) -> Fact:
        """As the journal keeps it."""
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
        """What the journal is told when it is no more."""
        return Fact(ACCOUNT, self.key, None)

    @classmethod
    def read(cls, fact: Fact) -> "Account":
        """The account a fact is."""
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

    ``digest``: hex SHA-256 of the code; ``by``: who made it; ``until``: when it ends, in seconds since 1970 UTC.
    """

    digest: str
    by: str
    until: float

    def fact(self) -> Fact:
        """As the journal keeps it."""
        return Fact(INVITE, self.digest, {"by": self.by, "until": self.until})

    def removal(self) -> Fact:
        """What the journal is told when it is used."""
        return Fact(INVITE, self.digest, None)

    @classmethod
    def read(cls, fact: Fact) -> "Invite":
        """The invitation a fact is."""
        value = fact.value or {}
        return cls(fact.name, value["by"], value["until"])


class Accounts:
    """Every account, by nickname and by author, and every invitation.

    ``pending``: keys of nicknames, and digests of codes, that a change on its way to the disk is about:
    nobody else can have these meanwhile.
    ``queued``: by key, what accounts will be when the changes on their way to the disk are there (None: no more).
    """

    def __init__(self) -> None:
        self._by_key: dict[str, Account] = {}
        self._by_author: dict[AuthorId, Account] = {}
        self.invites: dict[str, Invite] = {}
        self.pending: set[str] = set()
        self.queued: dict[str, Account | None] = {}

    def load(self, accounts: Iterable[Fact], invites: Iterable[Fact]) -> None:
        """Learn them from the journal."""
        for fact in accounts:
            self.put(Account.read(fact))
        for fact in invites:
            self.invites[fact.name] = Invite.read(fact)

    def find(self, nick: str) -> Account | None:
        """The account with this nickname, or one that counts as the same."""
        return self._by_key.get(names.key(nick))

    def of(self, author: AuthorId) -> Account | None:
        """The account whose this author is."""
        return self._by_author.get(author)

    def is_taken(self, key: str) -> bool:
        """Whether the nickname with this key belongs to an account, or is about to."""
        return key in self._by_key or key in self.pending

    def put(self, account: Account) -> None:
        """Add an account, or change it; called when that is on disk."""
        self._by_key[account.key] = account
        self._by_author[account.author] = account

    def remove(self, account: Account) -> None:
        """Forget an account; called when that is on disk."""
        self._by_key.pop(account.key, None)
        self._by_author.pop(account.author, None)

    def invite(self, code: str, now: float) -> Invite | None:
        """The invitation this code is, if it was not used and has not ended."""
        found = self.invites.get(digest_of(code))
        if found is None or found.digest in self.pending or found.until < now:
            return None
        return found

    def ended(self, now: float) -> list[Fact]:
        """What is written of invitations that ended unused; they are forgotten."""
        old = [invite for invite in self.invites.values() if invite.until < now and invite.digest not in self.pending]
        for invite in old:
            del self.invites[invite.digest]
        return [invite.removal() for invite in old]

    def __iter__(self) -> Iterator[Account]:
        """By nickname."""
        return iter(sorted(self._by_key.values(), key=lambda account: account.key))

    def __len__(self) -> int:
        return len(self._by_key)


def digest_of(secret: str) -> str:
    """What is stored of a token or a code: its hex SHA-256, from which nobody finds it (it has 128 random bits)."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
