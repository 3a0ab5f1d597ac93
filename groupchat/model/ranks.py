"""Ranks: what a person may do, from least to most."""

from enum import IntEnum


class Rank(IntEnum):
    """A rank includes the rights of all lower ranks.

    A room operator has this rank in some rooms only; other ranks are the same everywhere.
    """

    GUEST = 0
    """A person with a nickname."""
    MEMBER = 1
    """A person who is logged in to an account."""
    ROOM_OPERATOR = 2
    """An account that moderates this room."""
    OPERATOR = 3
    """An account that moderates the whole server, or anyone who can use its control socket."""

    @property
    def title(self) -> str:
        """Return what a sentence calls the people who have this rank."""
        return ("everybody", "people with an account", "operators of the room or the server", "operators")[self]
