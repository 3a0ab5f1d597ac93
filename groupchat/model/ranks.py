"""What somebody may do, from least to most."""

from enum import IntEnum


class Rank(IntEnum):
    """A rank has every right of the ranks below it.

    A room operator is one in some rooms only; everybody else has the same rank everywhere.
    """

    GUEST = 0
    """Anybody with a nickname."""
    MEMBER = 1
    """Somebody logged in to an account."""
    ROOM_OPERATOR = 2
    """An account that keeps order in this room."""
    OPERATOR = 3
    """An account that keeps order in the whole hall; who has the server's control socket, too."""

    @property
    def title(self) -> str:
        """How a sentence names who has it."""
        return ("everybody", "those with an account", "operators of the room", "operators")[self]
