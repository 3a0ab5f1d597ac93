"""Change the facts that name somebody who is erased: a pseudonym stands for them, and their words are gone."""

from dataclasses import fields, replace
from typing import Any

from groupchat.facts.account_facts import (
    AccessToken,
    Account,
    AccountRooms,
    ErasedAuthor,
    Hook,
    Ignoring,
    KeptPreferences,
    ReadPosition,
)
from groupchat.facts.kinds import KINDS
from groupchat.facts.reading_places import talk
from groupchat.facts.room_facts import Granted, Motd
from groupchat.facts.sanctions import Sanction
from groupchat.facts.typed import TypedFact
from groupchat.model import names
from groupchat.model.events import AuthorId

NAMING: tuple[str, ...] = tuple(
    kind
    for kind, form in KINDS.items()
    if form not in (Account, AccountRooms, KeptPreferences, AccessToken, Hook, ErasedAuthor)
)
"""The kinds of facts that can name somebody whose own they are not."""


def forgetting(fact: TypedFact, key: str, alias: str, author: AuthorId | None) -> TypedFact | None:
    """Return the fact without a person; None: it is true no more, since it is nothing but their words.

    :param key: the nickname's key.  :param alias: the pseudonym.  :param author: who they are, if they had an account.
    """
    known: dict[str, Any] = {field.name: getattr(fact, field.name) for field in fields(fact)}  # type: ignore[arg-type]
    changed: dict[str, Any] = {}
    decided = names.key(known.get("by", "")) == key
    if decided:
        if isinstance(fact, Motd):
            return None
        changed["by"] = alias
    if isinstance(fact, ReadPosition):
        # What is private with them is erased; where it stood has no meaning then.
        return None if author is not None and fact.room == talk(author) else fact
    if isinstance(fact, Sanction):
        if fact.key == key or (author is not None and fact.author == author):
            # It holds on for the author: a guest may be here under another nickname.
            changed |= {"whom": alias, "key": alias, "why": names.hidden(fact.why, key, alias), "origin": ""}
        if decided:
            changed["why"] = ""
    elif isinstance(fact, Granted | Ignoring):
        whose = fact.other if isinstance(fact, Ignoring) else fact.author
        if names.key(fact.nick) == key or (author is not None and whose == author):
            changed["nick"] = alias
            if isinstance(fact, Ignoring):
                changed["origin"] = ""
    return replace(fact, **changed) if changed else fact  # type: ignore[type-var]


def named_in(fact: TypedFact) -> tuple[AuthorId, str] | None:
    """Return whom a fact names whose own it is not, as author and nickname; None: nobody, or no author."""
    if isinstance(fact, Sanction):
        return None if fact.author is None else (fact.author, fact.whom)
    if isinstance(fact, Ignoring):
        return fact.other, fact.nick
    return (fact.author, fact.nick) if isinstance(fact, Granted) else None
