"""What `say` and `send` do while somebody else has their nickname: often another run, which ends in a moment."""

from groupchat.client.address import Address, reason
from groupchat.client.core.client_errors import Refused

NAME_WAIT = 8.0
"""Seconds for which they ask again for the nickname that they were given."""


def is_taken(error: Exception | None) -> bool:
    """Return whether this is the refusal of a nickname that somebody has."""
    return isinstance(error, Refused) and error.code == "nick-taken"


def refusal(server: Address, error: Exception) -> str:
    """Return why there is no connection, and what helps when it was the nickname."""
    why = reason(server, error)
    if not is_taken(error):
        return why
    return f"{why.rstrip('.')}. Two runs at the same time need two nicknames, or an access token"
