"""Hours of each day, such as those in which nobody is to be disturbed."""

from datetime import datetime, time, timedelta
from typing import NamedTuple

from groupchat.lazy.expressions import expression

_HOURS = expression(r"([01]?[0-9]|2[0-3]):([0-5][0-9])-([01]?[0-9]|2[0-3]):([0-5][0-9])")


class QuietHours(NamedTuple):
    """The hours of each day from ``start`` to ``end``, which may be after midnight."""

    start: time
    end: time

    @classmethod
    def read(cls, written: str) -> "QuietHours":
        """Return hours such as ``22:00-07:00``.

        :raises ValueError: they are not written so, or end as they begin.
        """
        found = _HOURS.fullmatch(written.replace(" ", ""))
        if found is None:
            raise ValueError('must be hours like "22:00-07:00"')
        hours = cls(time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4])))
        if hours.start == hours.end:
            raise ValueError("must not end when they begin")
        return hours

    def contain(self, moment: datetime) -> bool:
        """Return whether this moment is in them."""
        now = moment.time()
        if self.start < self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end

    def after(self, moment: datetime) -> datetime:
        """Return when they end next."""
        end = datetime.combine(moment.date(), self.end, moment.tzinfo)
        return end if end > moment else end + timedelta(days=1)
