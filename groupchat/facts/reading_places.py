"""Reading positions: the places in which somebody reads, and how many of them are kept.

Rules:

1. The private messages with one person have a position of their own, beside the one of all that is private:
   what is below either of the two has been read.
2. Nobody has more than ROOMS_KEPT positions of rooms and TALKS_KEPT of private conversations.
   The room that was read longest ago is forgotten; nothing counts as new there until somebody comes in again.
   Of the conversations the one with the lowest number is forgotten, and everything private up to there counts as read.
"""

from collections.abc import Mapping

from groupchat.facts.account_facts import ReadPosition
from groupchat.model.events import AuthorId

PRIVATE = ""
"""The place of everything that is private."""

TALK = "@"
"""The beginning of the place of what is private with one person; no room's name begins so."""

ROOMS_KEPT = 100
"""Rooms whose positions are kept; far more than somebody can be in."""
TALKS_KEPT = 100
"""Private conversations whose positions are kept."""


def talk(other: AuthorId) -> str:
    """Return the place of what is private with one person."""
    return f"{TALK}{other}"


def partner(place: str) -> AuthorId | None:
    """Return whose private messages a place is about; None: it is about a room, or everything private."""
    return AuthorId(int(place.removeprefix(TALK))) if place.startswith(TALK) else None


def surplus(known: Mapping[str, ReadPosition]) -> tuple[list[ReadPosition], ReadPosition | None]:
    """Return which of somebody's positions are to be forgotten, and the one that all that is private has instead.

    :param known: the positions by their places.
    """
    private = known.get(PRIVATE)
    rooms = [one for one in known.values() if one.room and not one.room.startswith(TALK)]
    talks = sorted((one for one in known.values() if one.room.startswith(TALK)), key=lambda one: (one.upto, one.room))
    dropped = sorted(rooms, key=lambda one: (one.at, one.room))[: max(0, len(rooms) - ROOMS_KEPT)]
    covered = [one for one in talks if private is not None and one.upto <= private.upto]
    excess = talks[len(covered) : max(len(covered), len(talks) - TALKS_KEPT)]
    raised = None
    if excess:
        highest = excess[-1]
        raised = ReadPosition(highest.author, PRIVATE, highest.upto, highest.at)
    return [*dropped, *covered, *excess], raised
