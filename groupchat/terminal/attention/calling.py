"""Call for the person: ring the bell, and notify them if they look elsewhere."""

from collections.abc import Callable, Sequence
from typing import Protocol

from groupchat.client.core.protocol import Message
from groupchat.terminal.attention.notifying import Notifying, Processes
from groupchat.terminal.attention.quiet_times import QuietTimes

RING_S = 1.0
"""Seconds between two bells."""

HERE_S = 20.0
"""Seconds after a key for which the person counts as looking at the chat: they need no notification."""


class Wishes(Protocol):
    """What the person wants: ``bell``, off, mentions or all; ``dnd``, when not to be disturbed."""

    bell: str
    dnd: QuietTimes


class Calling:
    """Rings and notifies.

    :param template: the program for notifications, and its arguments; empty: none.
    :param ring: rings the bell.  :param tell: tells the person something.
    """

    def __init__(
        self, processes: Processes, wishes: Wishes, template: Sequence[str], ring: Callable[[], object],
        tell: Callable[[str], object],
    ) -> None:  # fmt: skip
        self._clock = processes
        self._wishes = wishes
        self._ring = ring
        self._notifying = Notifying(processes, template, tell)
        self._rang_at = self._touched_at = float("-inf")

    def touched(self) -> None:
        """Note that a key was pressed."""
        self._touched_at = self._clock.seconds()

    def heard(self, event: Message, calls: bool) -> None:
        """Take a message of somebody else.  ``calls``: it is a mention, or private."""
        bell, now = self._wishes.bell, self._clock.seconds()
        if not (calls or bell == "all") or self._wishes.dnd.is_quiet:
            return
        if (bell == "all" or (calls and bell == "mentions")) and now - self._rang_at >= RING_S:
            self._rang_at = now
            self._ring()
        if calls and now - self._touched_at >= HERE_S:
            text = f"shared {event.get('name', '')}" if event.get("event") == "shared" else str(event.get("text", ""))
            self._notifying.notify(str(event.get("nick", "")), str(event.get("room", "")), text)

    def finish(self) -> None:
        """Call no more."""
        self._notifying.finish()
