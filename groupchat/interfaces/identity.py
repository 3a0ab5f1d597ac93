"""Identity: nicknames, and the passwords that prove them."""

from typing import Any

from twisted.internet.defer import Deferred
from zope.interface import Interface

from groupchat.model.events import AuthorId


class IPasswords(Interface):
    """Makes and checks the hashes of passwords, outside the reactor's thread: that takes long on purpose.

    Methods that return a Deferred fail with Busy when too many wait already.
    Checks come before new hashes, and households (``networks.household``) take turns.
    """

    def hash(password: str, household: str) -> "Deferred[str]":
        """Return the hash to be stored.

        :param household: who asks; empty: nobody in particular.
        """

    def verify(hashed: str | None, password: str, household: str) -> "Deferred[bool]":
        """Say whether this is the password.  None takes as long, and the answer is no."""

    def is_outdated(hashed: str) -> bool:
        """Say whether a hash would be made otherwise today."""


class IRoster(Interface):
    """Knows everybody who is here, and alone decides whether a nickname is free."""

    def claim(person: Any) -> None:
        """Give a new person the nickname they ask for.  Raises NickTaken or PasswordNeeded when it is not free."""

    def rename(person: Any, nick: str, key: str) -> None:
        """Give a person another nickname and free the old one.  Raises as ``claim`` does; nothing changes then."""

    def release(person: Any) -> None:
        """Free the nickname; nothing happens unless this very person holds it."""

    def find(key: str) -> Any:
        """Return the person who holds the nickname with this key; None: nobody."""

    def of(author: AuthorId) -> Any:
        """Return the person who is here as this author; None: nobody."""

    def is_free(nick: str, key: str) -> bool:
        """Say whether a guest who is not here could take the nickname."""
