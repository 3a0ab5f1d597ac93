"""Where people are, as a node says that did not know yet what others had said of it: the same rules for every journal.

Rules:

1. The rooms of an account are as they were changed first, if two nodes change them and neither knew of the other: what
   comes later was on its way for long, and its node tells once more what holds by then (``delivery/commits.py``).
2. Whoever is put out of a room is out of it from that entry on: what a node wants to keep of a session without knowing
   that, is kept without the room, and the rooms of an account are not changed so that it is there.
3. This is remembered as long as which tokens have ended (``ended_tokens.py``), and by a journal that is alone never.
"""

from collections.abc import Collection, Iterable
from typing import Protocol

from groupchat.facts.whereabouts import Places
from groupchat.journals.nodes.log_marks import GRACE_S, Entry, Mark
from groupchat.model.drafts import StoredSession
from groupchat.model.events import AuthorId

LATE_MOVES = 2
"""The rules from which on it is remembered in which entry the rooms of people were changed."""

ACCOUNT = ""
"""Stands for all rooms of an account, where the name of a room stands of which somebody was put out."""


class Moves(Entry, Protocol):
    """The place where a journal keeps in which entries people were moved, inside its transaction."""

    def keep_move(self, author: AuthorId, room: str, mark: Mark) -> None:
        """Write where an author was put out of a room, or their account was moved, instead of where it was before."""

    def moves_behind(self, author: AuthorId, known: int) -> Collection[str]:
        """Return the rooms an author was put out of in entries behind this one; and ACCOUNT, if it was moved there."""

    def moves_after(self, after: tuple[int, str], most: int) -> Iterable[tuple[AuthorId, str, Mark]]:
        """Return so many moves at most behind an author and a room, in this order."""

    def forget_moves(self, before: float) -> None:
        """Remember no longer what was asked for before this, in seconds since 1970 UTC."""


def note_move(store: Moves, author: AuthorId, room: str, at: float) -> None:
    """Remember that somebody is put out of a room, or (ACCOUNT) an account is moved, in the entry that is carried out.

    :param at: as in ``Mark``.
    """
    if store.number and store.rules >= LATE_MOVES:
        store.keep_move(author, room, Mark(store.number, at))


def is_overtaken(store: Moves, author: AuthorId, places: Places) -> bool:
    """Say whether an account cannot be moved to these places, since its node did not know of another move."""
    if not store.number or store.rules < LATE_MOVES:
        return False
    behind = store.moves_behind(author, store.known)
    return ACCOUNT in behind or any(room in behind for room in places.rooms)


def without_lost(store: Moves, session: StoredSession) -> StoredSession:
    """Return a session as it is kept: without the rooms of which its node did not know yet that they are lost."""
    if store.rules < LATE_MOVES:
        return session
    places = Places.of(session)
    for room in store.moves_behind(session.author, store.known):
        if room != ACCOUNT:
            places = places.put_out(room)
    return places.session(session)


def forget_moves(store: Moves, forgotten: float) -> None:
    """Remember no longer what no session can be about that still counts.

    :param forgotten: sessions last seen before this are void, in seconds since 1970 UTC.
    """
    if store.number and store.rules >= LATE_MOVES:
        store.forget_moves(forgotten - GRACE_S)
