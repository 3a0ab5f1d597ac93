"""Who is here: nicknames claimed in one place, with one winner, and released exactly once."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from zope.interface import implementer

from groupchat.interfaces.identity import IRoster
from groupchat.model.errors import NickTaken

if TYPE_CHECKING:
    from groupchat.state.people import Person


@implementer(IRoster)
class Roster:
    """The roster in memory: one dictionary from key to person.

    Everything happens in the reactor's thread, so a claim is atomic by itself.
    """

    def __init__(self) -> None:
        self._people: dict[str, Person] = {}

    def claim(self, key: str, person: "Person") -> None:
        """Give the nickname to the person.

        :raises NickTaken: somebody else holds it.
        """
        holder = self._people.setdefault(key, person)
        if holder is not person:
            raise NickTaken(f"{holder.nick} is already here; choose another nickname.")

    def release(self, key: str, person: "Person") -> None:
        """Take the nickname back, if this very person holds it."""
        if self._people.get(key) is person:
            del self._people[key]

    def find(self, key: str) -> "Person | None":
        """Who holds the nickname, if anybody."""
        return self._people.get(key)

    def __iter__(self) -> Iterator["Person"]:
        return iter(self._people.values())

    def __len__(self) -> int:
        return len(self._people)
