"""Times in which nothing rings or pops up: hours of the day, and what the person says with ``/set dnd``."""

from collections.abc import Callable
from datetime import datetime, timedelta

from groupchat.destinations.quiet_hours import QuietHours
from groupchat.model.errors import BadArguments
from groupchat.model.times import FOREVER, parse, spoken


class QuietTimes:
    """Do not disturb: in quiet hours, and while the person wants it.

    :param now: the local time.
    """

    def __init__(self, hours: QuietHours | None = None, now: Callable[[], datetime] = datetime.now) -> None:
        self._hours = hours
        self._now = now
        self._is_on = False
        self._until: datetime | None = None
        """The end of what the person has set; None: it has none."""

    @property
    def is_quiet(self) -> bool:
        """Return whether nobody is to be disturbed now."""
        now = self._now()
        if self._until is not None and now >= self._until:
            self._is_on, self._until = False, None
        if self._is_on:
            return True
        return self._hours is not None and self._until is None and self._hours.contain(now)

    def set(self, word: str) -> str:
        """Carry out ``/set dnd``; return the answer.  ``off`` in quiet hours holds until they end."""
        now = self._now()
        if word == "on":
            self._is_on, self._until = True, None
        elif word == "off":
            self._is_on = False
            is_in_hours = self._hours is not None and self._hours.contain(now)
            self._until = self._hours.after(now) if self._hours is not None and is_in_hours else None
        else:
            try:
                seconds = parse(word)
            except BadArguments:
                return f"{self.state}; it can be on, off, or on for a time like 30m."
            self._is_on = True
            self._until = None if seconds == FOREVER else now + timedelta(seconds=min(seconds, 10 * 365 * 86400))
        return f"{self.state}."

    @property
    def state(self) -> str:
        """Return the present setting as a sentence, without its full stop."""
        if not self.is_quiet:
            return "dnd is off: mentions and private messages ring the bell and are notified as you have set it"
        if not self._is_on:
            return f"dnd is on, because of quiet_hours, until {self._hours.end:%H:%M}" if self._hours else "dnd is on"
        left = "" if self._until is None else f" for {spoken((self._until - self._now()).total_seconds())}"
        return f"dnd is on{left}: no bell and no notifications"
