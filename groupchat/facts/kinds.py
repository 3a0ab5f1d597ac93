"""The table of all kinds of facts."""

from groupchat.facts.account_facts import (
    AccessToken,
    Account,
    AccountRooms,
    ErasedAuthor,
    Hook,
    Ignoring,
    KeptPreferences,
    KnownAddress,
    RankGiven,
    ReadPosition,
    RegistrationCode,
)
from groupchat.facts.room_facts import Closed, Invitation, Lock, Motd, RoomOperator, RoomSettings, Slow
from groupchat.facts.sanctions import Ban, Mute, NetworkBan, NetworkMute
from groupchat.facts.typed import TypedFact, owner_of
from groupchat.model.drafts import Fact
from groupchat.model.events import AuthorId

KINDS: dict[str, type[TypedFact]] = {
    form.KIND: form
    for form in (
        Account, RankGiven, RegistrationCode, KeptPreferences, Ignoring, ReadPosition, KnownAddress, AccountRooms,
        AccessToken, Hook, ErasedAuthor,
        Ban, Mute, NetworkBan, NetworkMute, Lock, Slow, RoomSettings, Closed, Invitation, RoomOperator, Motd,
    )
}  # fmt: skip
"""The record of each kind, in the order in which they are learned at the start: accounts before what is theirs."""


def read(fact: Fact) -> TypedFact | None:
    """Read a fact by its kind; None: it is true no more.

    :raises KeyError: there is no such kind, or a field is missing.
    """
    form = KINDS[fact.kind]
    return None if fact.value is None else form.read(fact.name, fact.value)


def owner(kind: str, name: str) -> AuthorId | None:
    """Return the author with whose account a fact goes; None: it stays."""
    return owner_of(KINDS[kind], name)
