"""Tokens that have ended, in a cluster: the same rules for every journal.

A node goes on keeping the sessions of its connections until it has carried out the entry that ends their tokens, and
what it has proposed by then stands behind that entry.  So each entry says what its node had carried out when it made
that, and here it is remembered which entry has ended which tokens.

Rules:

1. A session is void if its token has ended in an entry that its node had not carried out when it made the session.  One
   that was made later is the session of a token that goes on to work, or of a new one: the node knew what had ended.
2. An end is remembered for longer than such a session can count: what was last seen before the sessions that are
   forgotten is void by itself.  GRACE_S stands for what clocks differ, and for how long something can be on its way.
3. A journal that is alone remembers none: it carries out one thing after the other, and nothing is on its way.
"""

from typing import Protocol

from groupchat.journals.nodes.log_marks import GRACE_S, Entry, Mark
from groupchat.model.drafts import Revoke, StoredSession

LATE_TOKENS = 2
"""The rules from which on it is remembered which entry has ended which tokens."""


class EndedTokens(Entry, Protocol):
    """The place where a journal keeps which tokens have ended, inside its transaction."""

    def keep_end(self, change: Revoke, mark: Mark) -> None:
        """Write where these tokens have ended, instead of where they had before."""

    def has_ended(self, session: StoredSession, known: int) -> bool:
        """Say whether the token of a session has ended in an entry behind this one."""

    def forget_ends(self, before: float) -> None:
        """Remember no longer what was asked for before this, in seconds since 1970 UTC."""


def note_end(store: EndedTokens, change: Revoke, at: float) -> None:
    """Remember that tokens end in the entry that is carried out.  :param at: as in ``Mark``."""
    if store.number and store.rules >= LATE_TOKENS:
        store.keep_end(change, Mark(store.number, at))


def has_ended(store: EndedTokens, session: StoredSession) -> bool:
    """Say whether the node that made a session did not know yet that its token had ended."""
    return store.rules >= LATE_TOKENS and store.has_ended(session, store.known)


def forget_ends(store: EndedTokens, forgotten: float) -> None:
    """Remember no longer what no session can be about that still counts.

    :param forgotten: sessions last seen before this are void, in seconds since 1970 UTC.
    """
    if store.number and store.rules >= LATE_TOKENS:
        store.forget_ends(forgotten - GRACE_S)
