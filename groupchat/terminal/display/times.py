"""The times of events, in the person's zone, as they wish to see them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""As the server writes them everywhere, whatever the locale."""

FORMATS = {"seconds": "%H:%M:%S ", "minutes": "%H:%M ", "off": ""}


class Times:
    """Reads and writes times.  ``form`` is a value of ``/set time``, ``zone`` one of ``/set zone``."""

    def __init__(self) -> None:
        self.form = "seconds"
        self._zone: ZoneInfo | None = None

    def use_zone(self, name: str) -> None:
        """Show times as they are there; a zone that is unknown here, or the server's, is this computer's."""
        try:
            self._zone = None if name == "server" else ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            self._zone = None

    def moment(self, at: object) -> datetime | None:
        """An event's ``at`` in the person's zone; None when it is none."""
        try:
            return datetime.fromisoformat(str(at)).astimezone(self._zone)
        except (ValueError, OverflowError):
            return None

    def stamp(self, moment: datetime | None) -> str:
        """What stands before a line, with its space."""
        form = FORMATS.get(self.form, FORMATS["seconds"])
        return moment.strftime(form) if moment is not None else form and "--:-- "


def spelt(day: date) -> str:
    """``Saturday 21 November 2026``"""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"
