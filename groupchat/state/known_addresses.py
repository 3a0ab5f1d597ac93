"""Known addresses: where people have logged in from, so that they still can while somebody guesses their passwords.

One fact an address and account is kept in the journal; it has a digest in place of the address.
They change in memory only by ``learn``, which is given a fact when it is on disk.
"""

import hashlib

from groupchat.facts.account_facts import KnownAddress
from groupchat.facts.kinds import owner, read
from groupchat.model.drafts import Fact, FactChange
from groupchat.model.events import AuthorId
from groupchat.model.networks import household

MOST = 16
"""The most addresses that are kept of an account; of more, those not used for longest are forgotten."""

RENEWED_S = 7 * 86400.0
"""Seconds after which the use of a known address is noted again: not every login is to be written."""


class KnownAddresses:
    """The addresses (IPv6: the /64) from which each account was logged in to, and when."""

    KINDS = (KnownAddress.KIND,)
    """The kinds of facts it learns."""

    def __init__(self) -> None:
        self._used: dict[AuthorId, dict[str, KnownAddress]] = {}

    def learn(self, fact: Fact) -> None:
        """Apply a fact about a known address that is on disk."""
        known, author = read(fact), owner(fact.kind, fact.name)
        if author is None:
            return
        if isinstance(known, KnownAddress):
            self._used.setdefault(author, {})[known.name] = known
        elif (used := self._used.get(author)) is not None:
            used.pop(fact.name, None)
            if not used:
                del self._used[author]

    def knows(self, author: AuthorId, address: str) -> bool:
        """Say whether the account was logged in to from this address."""
        return bool(address) and _known(author, address, 0.0).name in self._used.get(author, ())

    def note(self, author: AuthorId, address: str, now: float) -> list[FactChange]:
        """Return the changes to be made when somebody has logged in: none if the address was noted lately.

        :param now: seconds since 1970 UTC.
        """
        if not address:
            return []
        used, new = self._used.get(author, {}), _known(author, address, now)
        before = used.get(new.name)
        if before is not None and now - before.at < RENEWED_S:
            return []
        others = sorted((one for one in used.values() if one.name != new.name), key=lambda one: one.at)
        surplus = others[: max(len(others) + 1 - MOST, 0)]
        return [new.replacing(before), *(one.undone() for one in surplus)]

    def forget(self, author: AuthorId) -> None:
        """Forget an account that is removed."""
        self._used.pop(author, None)


def _known(author: AuthorId, address: str, at: float) -> KnownAddress:
    digest = hashlib.sha256(f"{author} {household(address)}".encode()).hexdigest()[:32]
    return KnownAddress(author, digest, at)
