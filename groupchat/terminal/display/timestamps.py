"""The times of events, in the person's zone and the form they chose."""

from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""Names of days and months as the server writes them, whatever the locale is."""

FORMATS = {"seconds": "%H:%M:%S ", "minutes": "%H:%M ", "off": ""}


class Timestamps:
    """Read and write times.  ``form`` is a value of ``/set time``."""

    def __init__(self) -> None:
        self.form = "seconds"
        self._zone: ZoneInfo | None = None

    def use_zone(self, name: str) -> None:
        """Show times in this zone, a value of ``/set zone``.

        ``server``, and a zone that this computer does not know, mean the zone of this computer.
        """
        try:
            self._zone = None if name == "server" else ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._zone = None

    def moment(self, at: object) -> datetime | None:
        """Return an event's ``at`` in the person's zone; None if it is not a time."""
        try:
            return datetime.fromisoformat(str(at)).astimezone(self._zone)
        except (ValueError, OverflowError):
            return None

    def stamp(self, moment: datetime | None) -> str:
        """Return what precedes a line, with the space after it."""
        form = FORMATS.get(self.form, FORMATS["seconds"])
        return moment.strftime(form) if moment is not None else form and "--:-- "


def spelt(day: date) -> str:
    """Return a day such as ``Saturday 21 November 2026``."""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"
