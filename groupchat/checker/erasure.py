"""Delete what a check has posted, at the rate that the server allows."""

from collections import deque
from collections.abc import Callable, Iterable

HELD_BACK_S = 0.2
"""Seconds after which an answer counts as held back by the server: deletions came too fast."""
REST_S = 0.15
"""Seconds to wait then, so that the server sees a pause: whoever sends too fast without one is cut off in the end."""
GONE = frozenset({"already-deleted", "no-such-message"})
"""Refusals after which a message is gone all the same."""


class Erasure:
    """The deletions of one client, one at a time.

    ``left``: the numbers of the messages that are not deleted yet.
    ``refused``: those that the server does not let the client delete.

    :param send: asks for the deletion of the message with this number; the answer must be handed to ``answered``.
    """

    def __init__(self, ids: Iterable[int], send: Callable[[int], object]) -> None:
        self.left = deque(ids)
        self.refused: list[int] = []
        self._send = send
        self._asked_at: float | None = None
        self._rest_until = float("-inf")

    def go_on(self, now: float) -> None:
        """Ask for the next deletion, if none is under way.

        :param now: in seconds on a clock that never jumps.
        """
        if self.left and self._asked_at is None and now >= self._rest_until:
            self._asked_at = now
            self._send(self.left[0])

    def answered(self, id: int, code: str, now: float) -> None:
        """Note that the deletion of a message was answered.

        :param code: why it was refused; empty: it was done.
        """
        if self._asked_at is None or not self.left or self.left[0] != id:
            return
        if now - self._asked_at > HELD_BACK_S:
            self._rest_until = now + REST_S
        self._asked_at = None
        self.left.popleft()
        if code and code not in GONE:
            self.refused.append(id)

    def interrupted(self) -> None:
        """Ask again on the next connection: whether the message was deleted is not known."""
        self._asked_at = None
