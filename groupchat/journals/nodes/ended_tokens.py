"""Tokens that have ended, in a cluster: the same rules for every journal.

A node goes on keeping the sessions of its connections until it has carried out the entry that ends their tokens, and
what it has proposed by then stands behind that entry.  So each entry says what its node had carried out when it made
that, and here it is remembered which entry has ended which tokens.

Rules:

1. A session is void if its token has ended in an entry that its node had not carried out when it made the session.  One
   that was made later is the session of a token that goes on to work, or of a new one: the node knew what had ended.
2. An end is remembered for longer than such a session can count: what was last seen before the sessions that are
   forgotten is void by itself.  GRACE_S stands for what clocks differ, and for how long something can be on its way.
3. Of one author no more is remembered than what decides: of the ends of all tokens but one the newest two, since one of
   them is about any token, and of those of single tokens the ones behind these, or that these spare.
4. When more than SINGLE_ENDS single ones are left, the oldest counts as an end of all tokens of its author.  A session
   that is void by this alone was made before its node knew of SINGLE_ENDS later ends; it is kept with its next change.
5. A journal that is alone remembers none: it carries out one thing after the other, and nothing is on its way.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from groupchat.journals.nodes.log_marks import GRACE_S, Entry, Mark
from groupchat.model.drafts import Revoke, StoredSession
from groupchat.model.events import AuthorId

LATE_TOKENS = 2
"""The rules from which on it is remembered which entry has ended which tokens."""

SINGLE_ENDS = 100
"""Ends of single tokens that are remembered of one author."""


class EndedTokens(Entry, Protocol):
    """The place where a journal keeps which tokens have ended, inside its transaction."""

    def keep_end(self, change: Revoke, mark: Mark) -> None:
        """Write where these tokens have ended, instead of where they had before."""

    def remove_end(self, change: Revoke) -> None:
        """Remember no longer where these tokens have ended."""

    def ends_of(self, author: AuthorId) -> Mapping[Revoke, Mark]:
        """Return where tokens of an author have ended."""

    def ends_behind(self, after: tuple[int, str, str], most: int) -> Iterable[tuple[Revoke, Mark]]:
        """Return so many at most behind an author and the digests ``keep`` and ``only``, in this order."""

    def has_ended(self, session: StoredSession, known: int) -> bool:
        """Say whether the token of a session has ended in an entry behind this one."""

    def forget_ends(self, before: float) -> None:
        """Remember no longer what was asked for before this, in seconds since 1970 UTC."""


def note_end(store: EndedTokens, change: Revoke, at: float) -> None:
    """Remember that tokens end in the entry that is carried out.  :param at: as in ``Mark``."""
    if not store.number or store.rules < LATE_TOKENS:
        return
    store.keep_end(change, Mark(store.number, at))
    known = store.ends_of(change.author)
    wanted = deciding(known)
    for end in known:
        if end not in wanted:
            store.remove_end(end)
    for end, mark in wanted.items():
        if known.get(end) != mark:
            store.keep_end(end, mark)


def deciding(known: Mapping[Revoke, Mark]) -> dict[Revoke, Mark]:
    """Return what is to be remembered of the ends of tokens of one author: no token works again that has ended."""
    wanted = _undecided(known)
    single = sorted((mark.number, end.only) for end, mark in wanted.items() if end.only)
    if len(single) > SINGLE_ENDS:
        (number, only) = single[-SINGLE_ENDS - 1]
        oldest = next(end for end in wanted if end.only == only)
        # An end of all tokens that was further behind would have decided about this one.
        wanted = _undecided({**wanted, Revoke(oldest.author): Mark(number, wanted[oldest].at)})
    return wanted


def _undecided(known: Mapping[Revoke, Mark]) -> dict[Revoke, Mark]:
    """Return the newest two ends of all tokens but one, and the ends of single ones about which these do not decide."""
    every = sorted((mark.number, end.keep) for end, mark in known.items() if not end.only)[-2:]
    return {end: mark for end, mark in known.items() if _is_undecided(end, mark, every)}


def _is_undecided(end: Revoke, mark: Mark, every: Sequence[tuple[int, str]]) -> bool:
    if not end.only:
        return (mark.number, end.keep) in every
    return all(end.only == keep or mark.number > number for number, keep in every)


def has_ended(store: EndedTokens, session: StoredSession) -> bool:
    """Say whether the node that made a session did not know yet that its token had ended."""
    return store.rules >= LATE_TOKENS and store.has_ended(session, store.known)


def forget_ends(store: EndedTokens, forgotten: float) -> None:
    """Remember no longer what no session can be about that still counts.

    :param forgotten: sessions last seen before this are void, in seconds since 1970 UTC.
    """
    if store.number and store.rules >= LATE_TOKENS:
        store.forget_ends(forgotten - GRACE_S)
