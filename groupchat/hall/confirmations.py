"""Confirmations: what cannot be undone, or concerns very many, is done when the same is asked for twice."""

from groupchat.interfaces.clock import Clock
from groupchat.model.errors import ConfirmationNeeded
from groupchat.state.people import Connection

CONFIRM_S = 60
"""Seconds within which such a request is confirmed by asking for the same again."""


class Confirmations:
    """The requests that wait to be asked for once more: at most one for each connection."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked: dict[Connection, tuple[str, float]] = {}
        """For each connection what it asked for last, and until when that can be confirmed."""

    def check(self, connection: Connection, request: str, warning: str, line: str) -> None:
        """Return if this connection asked for the same before, within CONFIRM_S seconds; if not, remember it.

        :param request: what is asked for, with everything that makes a difference.
        :param warning: what would come of it, in sentences.
        :param line: what a person types to confirm it.
        :raises ConfirmationNeeded: they did not.
        """
        now = self._clock.seconds()
        self._asked = {asker: asked for asker, asked in self._asked.items() if asked[1] >= now}
        if self._asked.pop(connection, ("", now))[0] == request:
            return
        self._asked[connection] = request, now + CONFIRM_S
        raise ConfirmationNeeded(f"{warning} Type {line} again within {CONFIRM_S} s to do it.")
