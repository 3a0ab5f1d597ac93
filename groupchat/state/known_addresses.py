"""Known addresses: where people have logged in from, so that they still can while somebody guesses their passwords.

One fact an address and account is kept in the journal; it has a digest in place of the address.
They change in memory only by ``learn``, which is given a fact when it is on disk.
"""

import hashlib
import math

from groupchat.model.drafts import Fact
from groupchat.model.events import AuthorId
from groupchat.model.networks import household

KNOWN_ADDRESS = "known-address"
"""The kind of fact of a known address; its name is ``AUTHOR/DIGEST``."""

MOST = 16
"""The most addresses that are kept of an account; of more, those not used for longest are forgotten."""

RENEWED_S = 7 * 86400.0
"""How old a known address becomes before its use is noted again, in seconds: not every login is to be written."""


class KnownAddresses:
    """The addresses (IPv6: the /64) from which each account was logged in to, and when."""

    def __init__(self) -> None:
        self._used: dict[AuthorId, dict[str, float]] = {}

    def learn(self, fact: Fact) -> None:
        """Apply a fact about a known address that is on disk."""
        written, _, digest = fact.name.partition("/")
        author = AuthorId(int(written))
        if fact.value is not None:
            self._used.setdefault(author, {})[digest] = fact.value["at"]
        elif (used := self._used.get(author)) is not None:
            used.pop(digest, None)
            if not used:
                del self._used[author]

    def knows(self, author: AuthorId, address: str) -> bool:
        """Say whether the account was logged in to from this address."""
        return bool(address) and _digest(author, address) in self._used.get(author, ())

    def note(self, author: AuthorId, address: str, now: float) -> list[Fact]:
        """Return the facts to be written when somebody has logged in: none if the address was noted lately.

        :param now: seconds since 1970 UTC.
        """
        used, digest = self._used.get(author, {}), _digest(author, address)
        if not address or now - used.get(digest, -math.inf) < RENEWED_S:
            return []
        others = sorted((at, other) for other, at in used.items() if other != digest)
        surplus = others[: max(len(others) + 1 - MOST, 0)]
        return [
            Fact(KNOWN_ADDRESS, f"{author}/{digest}", {"at": now}),
            *(Fact(KNOWN_ADDRESS, f"{author}/{other}", None) for _, other in surplus),
        ]

    def forget(self, author: AuthorId) -> list[Fact]:
        """Return the facts to be written when an account is removed."""
        return [Fact(KNOWN_ADDRESS, f"{author}/{digest}", None) for digest in self._used.get(author, {})]


def _digest(author: AuthorId, address: str) -> str:
    """Return what stands for an address in the facts of an account: another digest in those of each."""
    return hashlib.sha256(f"{author} {household(address)}".encode()).hexdigest()[:32]
