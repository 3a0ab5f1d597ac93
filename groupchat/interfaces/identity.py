"""Who somebody is: nicknames and passwords."""

from typing import Any

from twisted.internet.defer import Deferred
from zope.interface import Interface


class IPasswords(Interface):
    """What makes and checks the hashes of passwords, elsewhere than in the reactor's thread: it takes long on purpose.

    Methods that return a Deferred fail with Busy when too many wait already.
    """

    def hash(password: str) -> "Deferred[str]":
        """The hash to be stored."""

    def verify(hashed: str | None, password: str) -> "Deferred[bool]":
        """Whether this is the password; None takes as long, and is no."""

    def is_outdated(hashed: str) -> bool:
        """Whether a hash would be made otherwise today."""


class IRoster(Interface):
    """Who is here: which nickname is whose."""

    def claim(key: str, person: Any) -> None:
        """Give the nickname with this key to the person.  Raises NickTaken while somebody else has it."""

    def release(key: str, person: Any) -> None:
        """Take it back; nothing happens unless this very person holds it."""

    def find(key: str) -> Any:
        """Who holds the nickname with this key."""
