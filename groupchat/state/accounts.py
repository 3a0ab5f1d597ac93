"""Accounts and registration codes, as the journal has them.

They change in memory only by ``learn``, which is given a fact when it is on disk; but an account's places change
first, and are stored after that.
"""

from collections.abc import Iterator
from typing import Any

from groupchat.facts.account_facts import (
    Account,
    AccountRooms,
    Ignoring,
    KeptPreferences,
    RegistrationCode,
    digest_of,
)
from groupchat.facts.kinds import owner, read
from groupchat.facts.whereabouts import Places
from groupchat.model import names
from groupchat.model.drafts import Fact
from groupchat.model.events import AuthorId


class Accounts:
    """Every account, by nickname and by author, with what it prefers and ignores; and every registration code."""

    KINDS = (Account.KIND, RegistrationCode.KIND, KeptPreferences.KIND, Ignoring.KIND, AccountRooms.KIND)
    """The kinds of facts it learns."""

    def __init__(self) -> None:
        self._by_key: dict[str, Account] = {}
        self._by_author: dict[AuthorId, Account] = {}
        self._by_skeleton: dict[str, set[str]] = {}
        """The keys of the accounts that look so."""
        self._preferences: dict[AuthorId, dict[str, KeptPreferences]] = {}
        self._ignoring: dict[AuthorId, dict[str, Ignoring]] = {}
        self._places: dict[AuthorId, Places] = {}
        self.codes: dict[str, RegistrationCode] = {}

    def learn(self, fact: Fact) -> None:
        """Apply a fact that is on disk.  With an account goes what it preferred and ignored."""
        record, kind, name = read(fact), fact.kind, fact.name
        if kind == Account.KIND:
            self._forget_looks(name)
            gone = self._by_key.pop(name, None)
            if gone is not None:
                self._by_author.pop(gone.author, None)
            if isinstance(record, Account):
                self._by_key[name] = self._by_author[record.author] = record
                for skeleton in names.skeletons(record.nick):
                    self._by_skeleton.setdefault(skeleton, set()).add(name)
            elif gone is not None:
                self._preferences.pop(gone.author, None)
                self._ignoring.pop(gone.author, None)
                self._places.pop(gone.author, None)
        elif kind == RegistrationCode.KIND:
            self.codes.pop(name, None)
            if isinstance(record, RegistrationCode):
                self.codes[name] = record
        elif isinstance(record, AccountRooms):
            self._places[record.author] = record.places
        elif (author := owner(kind, name)) is not None and kind != AccountRooms.KIND:
            known: dict[AuthorId, dict[str, Any]] = (
                self._preferences if kind == KeptPreferences.KIND else self._ignoring
            )
            theirs = known.setdefault(author, {})
            theirs.pop(name, None)
            if record is not None:
                theirs[name] = record

    def find(self, nick: str) -> Account | None:
        """Return the account with this nickname, or one that counts as the same."""
        return self._by_key.get(names.key(nick))

    def of(self, author: AuthorId) -> Account | None:
        """Return the account of this author."""
        return self._by_author.get(author)

    def is_taken(self, key: str) -> bool:
        """Say whether the nickname with this key belongs to an account."""
        return key in self._by_key

    def resembled(self, nick: str) -> str:
        """Return the nickname of an account that this one looks like; empty: there is none."""
        for skeleton in names.skeletons(nick):
            for key in self._by_skeleton.get(skeleton, ()):
                return self._by_key[key].nick
        return ""

    def preferences(self, author: AuthorId, door: str) -> KeptPreferences | None:
        """Return what an account prefers at such a door; None: it has changed nothing there."""
        return self._preferences.get(author, {}).get(KeptPreferences(author, door, {}).name)

    def ignoring(self, author: AuthorId) -> list[Ignoring]:
        """Return whom an account ignores."""
        return list(self._ignoring.get(author, {}).values())

    def places(self, author: AuthorId) -> Places | None:
        """Return where an account was last; None: that is not known."""
        return self._places.get(author)

    def move(self, author: AuthorId, places: Places) -> None:
        """Note where an account is now; whoever calls this has it stored with the next batch."""
        self._places[author] = places

    def put_out(self, author: AuthorId, room: str) -> None:
        """Take an account out of a room, as it is on disk."""
        places = self._places.get(author)
        if places is not None:
            self._places[author] = places.put_out(room)

    def code(self, code: str, now: float) -> RegistrationCode | None:
        """Return the registration code, if it was not used and has not ended."""
        found = self.codes.get(digest_of(code))
        return None if found is None or found.until < now else found

    def ended(self, now: float) -> list[RegistrationCode]:
        """Return the registration codes that ended unused."""
        return [code for code in self.codes.values() if code.until < now]

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
