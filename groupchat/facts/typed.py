"""The base of all records of facts, and how a change of one is asked for.

The journal keeps facts as JSON objects under a kind and a name; only these records compose and read them.
Kinds and names stand in the database: never change one without an upgrade of the schema.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from groupchat.model.drafts import ABSENT, ANY, Fact, FactChange, fingerprint
from groupchat.model.events import AuthorId


class TypedFact(ABC):
    """One fact of a kind.

    ``KIND``: its kind.  ``OWNER``: which part of its name is the author it belongs to, and with whose account it goes:
    ``first``, ``last`` or ``whole``; empty: it belongs to nobody.  The parts of a name have a slash between them.
    ``GUESTS_TOO``: it may belong to an author without an account.
    """

    __slots__ = ()
    KIND: ClassVar[str]
    OWNER: ClassVar[str] = ""
    GUESTS_TOO: ClassVar[bool] = False

    @property
    @abstractmethod
    def name(self) -> str:
        """Return its name, which no other fact of its kind has."""

    @abstractmethod
    def value(self) -> dict[str, Any]:
        """Return the JSON object the journal keeps."""

    @classmethod
    @abstractmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read it from what the journal keeps."""

    @property
    def fact(self) -> Fact:
        """Return the fact the journal keeps."""
        return Fact(self.KIND, self.name, self.value())

    def made(self) -> FactChange:
        """Return the change by which it becomes true, if there is none of its name."""
        return FactChange(self.fact, ABSENT)

    def put(self) -> FactChange:
        """Return the change by which it becomes true, whatever was there."""
        return FactChange(self.fact, ANY)

    def replacing(self, before: "Self | None") -> FactChange:
        """Return the change by which it becomes true instead of the one it was made from (None: there was none)."""
        return FactChange(self.fact, ABSENT if before is None else fingerprint(before.value()))

    def undone(self) -> FactChange:
        """Return the change by which it is true no more, if it still is as it stands here."""
        return FactChange(Fact(self.KIND, self.name, None), fingerprint(self.value()))


def owner_of(form: type[TypedFact], name: str) -> AuthorId | None:
    """Return the author to whom a fact of this form and name belongs; None: to nobody."""
    if not form.OWNER:
        return None
    part = {"whole": name, "first": name.partition("/")[0], "last": name.rpartition("/")[2]}[form.OWNER]
    return AuthorId(int(part))
