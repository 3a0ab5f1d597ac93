"""The facts about people with accounts: account, rank and keys; what they prefer, whom they ignore, what they read."""

import hashlib
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Self

from groupchat.facts.typed import TypedFact
from groupchat.facts.whereabouts import Places
from groupchat.lazy.records import record
from groupchat.model.events import AuthorId
from groupchat.model.ranks import Rank


@record
class Account(TypedFact):
    """One account.

    ``key``: the nickname's key, as it was computed when the account was made; no other account has it.
    ``author``: identifies all posts made from it; ``hash``: the password's hash, never the password.
    ``since``: when it was made, in seconds since 1970 UTC.
    """

    KIND = "account"

    nick: str
    key: str
    author: AuthorId
    hash: str = field(repr=False)
    since: float

    @property
    def name(self) -> str:
        """Return the nickname's key."""
        return self.key

    def value(self) -> dict[str, Any]:
        """Return everything but the key."""
        return {"nick": self.nick, "author": self.author, "hash": self.hash, "since": self.since}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read an account."""
        return cls(value["nick"], name, AuthorId(value["author"]), value["hash"], value["since"])


@record
class RankGiven(TypedFact):
    """An account has a rank on the whole server, other than MEMBER, which every account has.

    ``by``: the nickname of the operator who gave it; ``at``: when, in seconds since 1970 UTC.
    """

    KIND = "rank"
    OWNER = "whole"

    author: AuthorId
    rank: Rank
    by: str
    at: float

    @property
    def name(self) -> str:
        """Return the author in decimal digits."""
        return str(self.author)

    def value(self) -> dict[str, Any]:
        """Return the rank in small letters, and who gave it when."""
        return {"rank": self.rank.name.lower(), "by": self.by, "at": self.at}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read a rank."""
        return cls(AuthorId(int(name)), Rank[value["rank"].upper()], value["by"], value["at"])


@record
class RegistrationCode(TypedFact):
    """A code that lets one person register.

    ``digest``: hex SHA-256 of the code; ``by``: the operator who made it;
    ``until``: when it ends, in seconds since 1970 UTC.
    """

    KIND = "invitecode"

    digest: str
    by: str
    until: float

    @property
    def name(self) -> str:
        """Return the code's digest."""
        return self.digest

    def value(self) -> dict[str, Any]:
        """Return who made it and when it ends."""
        return {"by": self.by, "until": self.until}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read a code."""
        return cls(name, value["by"], value["until"])


@record
class KeptPreferences(TypedFact):
    """The preferences changed from an account with /set at one kind of door, as a person types them."""

    KIND = "preferences"
    OWNER = "first"

    author: AuthorId
    door: str
    changed: Mapping[str, str]

    @property
    def name(self) -> str:
        """Return ``AUTHOR/DOOR``."""
        return f"{self.author}/{self.door}"

    def value(self) -> dict[str, Any]:
        """Return the value of each preference by its name."""
        return dict(self.changed)

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read preferences."""
        author, _, door = name.partition("/")
        return cls(AuthorId(int(author)), door, dict(value))


@record
class Ignoring(TypedFact):
    """An account wants to read nothing of another author, whose nickname then was ``nick``.

    ``origin``: where a guest came from; a guest with the nickname who comes from there is meant, too.
    """

    KIND = "ignoring"
    OWNER = "first"

    author: AuthorId
    other: AuthorId
    nick: str
    origin: str = ""

    @property
    def name(self) -> str:
        """Return ``AUTHOR/OTHER``."""
        return f"{self.author}/{self.other}"

    def value(self) -> dict[str, Any]:
        """Return the nickname, and the origin if there is one."""
        return {"nick": self.nick, **({"origin": self.origin} if self.origin else {})}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read one entry of somebody's list."""
        author, _, other = name.partition("/")
        return cls(AuthorId(int(author)), AuthorId(int(other)), value["nick"], value.get("origin", ""))


@record
class ReadPosition(TypedFact):
    """An account has read a place up to a number; ``at`` in seconds since 1970 UTC.

    ``room``: the name of a room, or a place of private messages (``facts/reading_places.py``).
    It is changed by the operation ReadUpTo only, which never lowers it.
    """

    KIND = "position"
    OWNER = "first"

    author: AuthorId
    room: str
    upto: int
    at: float

    @property
    def name(self) -> str:
        """Return ``AUTHOR/ROOM``."""
        return f"{self.author}/{self.room}"

    def value(self) -> dict[str, Any]:
        """Return the number and the time."""
        return {"upto": self.upto, "at": self.at}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read a position."""
        author, _, room = name.partition("/")
        return cls(AuthorId(int(author)), room, value["upto"], value["at"])


@record
class AccountRooms(TypedFact):
    """The rooms in which an account was last, on whichever connection."""

    KIND = "rooms"
    OWNER = "whole"

    author: AuthorId
    places: Places

    @property
    def name(self) -> str:
        """Return the author in decimal digits."""
        return str(self.author)

    def value(self) -> dict[str, Any]:
        """Return the rooms, and which of them is or was the current one."""
        places = self.places
        return {"rooms": list(places.rooms), "current": places.current, "lost": places.lost}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read the rooms of an account."""
        return cls(AuthorId(int(name)), Places(tuple(value["rooms"]), value["current"], value["lost"]))


@record
class KnownAddress(TypedFact):
    """An account was logged in to from an address, last at this time, in seconds since 1970 UTC.

    ``digest`` stands for the address: another one in the facts of each account.
    """

    KIND = "known-address"
    OWNER = "first"

    author: AuthorId
    digest: str
    at: float

    @property
    def name(self) -> str:
        """Return ``AUTHOR/DIGEST``."""
        return f"{self.author}/{self.digest}"

    def value(self) -> dict[str, Any]:
        """Return the time."""
        return {"at": self.at}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read a known address."""
        author, _, digest = name.partition("/")
        return cls(AuthorId(int(author)), digest, value["at"])


@record
class AccessToken(TypedFact):
    """A secret by which programs act for an account, over HTTP.

    ``label``: what its owner calls it; ``digest``: hex SHA-256 of the secret, which is stored nowhere.
    ``at``: when it was made; ``used``: a time of use, noted once a day at most (None: it was not used yet).
    Times are seconds since 1970 UTC.
    """

    KIND = "access-token"
    OWNER = "first"

    author: AuthorId
    label: str
    digest: str
    at: float
    used: float | None = None

    @property
    def name(self) -> str:
        """Return ``AUTHOR/LABEL``."""
        return f"{self.author}/{self.label}"

    def value(self) -> dict[str, Any]:
        """Return everything but the author and the label."""
        return {"digest": self.digest, "at": self.at, "used": self.used}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read a token."""
        author, _, label = name.partition("/")
        return cls(AuthorId(int(author)), label, value["digest"], value["at"], value["used"])


@record
class Hook(TypedFact):
    """An address by which another service posts to one room, for an account.

    ``label``: what its owner calls it; ``digest``: hex SHA-256 of the secret in the address, which is stored nowhere.
    ``at``: when it was made, in seconds since 1970 UTC.
    """

    KIND = "hook"
    OWNER = "first"

    author: AuthorId
    label: str
    room: str
    digest: str
    at: float

    @property
    def name(self) -> str:
        """Return ``AUTHOR/LABEL``."""
        return f"{self.author}/{self.label}"

    def value(self) -> dict[str, Any]:
        """Return everything but the author and the label."""
        return {"room": self.room, "digest": self.digest, "at": self.at}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read a hook."""
        author, _, label = name.partition("/")
        return cls(AuthorId(int(author)), label, value["room"], value["digest"], value["at"])


@record
class ErasedAuthor(TypedFact):
    """Somebody in a cluster was erased, and ``alias`` is the pseudonym that stands for them.

    It outlives the account: nodes that have not carried out the erasure yet may still let the author talk.
    """

    KIND = "erased"

    author: AuthorId
    alias: str

    @property
    def name(self) -> str:
        """Return the author in decimal digits."""
        return str(self.author)

    def value(self) -> dict[str, Any]:
        """Return the pseudonym."""
        return {"alias": self.alias}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read whom a pseudonym stands for."""
        return cls(AuthorId(int(name)), value["alias"])


def digest_of(secret: str) -> str:
    """Return what is stored of a token or a code: its hex SHA-256, which does not lead back to its 128 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
