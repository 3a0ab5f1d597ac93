"""What `say` and `send` do while somebody else has their nickname: often another run, which ends in a moment."""

from groupchat.client.address import Server, reason
from groupchat.client.core.client_errors import Refused
from groupchat.destinations.command_line import Destination

NAME_WAIT = 8.0
"""Seconds for which they ask again for the nickname that they were given."""


def wait_for(to: Destination) -> float:
    """Return the seconds for which to ask again for the nickname: none if another one will do."""
    return NAME_WAIT if to.nick and to.is_exact else 0.0


def is_taken(error: Exception | None) -> bool:
    """Return whether this is the refusal of a nickname that somebody has."""
    return isinstance(error, Refused) and error.code == "nick-taken"


def refusal(server: Server, error: Exception | None) -> str:
    """Return why there is no connection, and what helps when it was the nickname.

    :param error: None: nothing is known.
    """
    if error is None:
        return f"No connection to {server}"
    why = reason(server, error)
    if not is_taken(error):
        return why
    return f"{why.rstrip('.')}. Two runs at the same time need two nicknames, or an access token"
