"""The times of events."""

from datetime import UTC, date, datetime

from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.display.timestamps import Timestamps, spelt

AT = "2026-11-21T09:42:07.123Z"


class TimestampsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.timestamps = Timestamps()
        self.timestamps.use_zone("UTC")

    def stamp(self, at: object) -> str:
        return self.timestamps.stamp(self.timestamps.moment(at))

    def test_forms(self) -> None:
        """Each value of /set time has its form; one of the future is shown in full."""
        for form, shown in ("seconds", "09:42:07 "), ("minutes", "09:42 "), ("off", ""), ("week", "09:42:07 "):
            self.timestamps.form = form
            self.assertEqual(self.stamp(AT), shown)

    def test_zones(self) -> None:
        """Times are those of the zone; an unknown zone, or the server's, is this computer's."""
        self.timestamps.use_zone("Asia/Tokyo")
        self.assertEqual(self.stamp(AT), "18:42:07 ")
        here = datetime(2026, 11, 21, 9, 42, 7, tzinfo=UTC).astimezone().strftime("%H:%M:%S ")
        for zone in ("server", "No/Where", "../etc/passwd", "\0", ""):
            self.timestamps.use_zone("Asia/Tokyo")
            self.timestamps.use_zone(zone)
            self.assertEqual(self.stamp(AT), here, zone)

    def test_no_time(self) -> None:
        """A value that is not a time leaves a gap as wide as one, and none when times are off."""
        for at in (None, 5, "yesterday", "", "0001-01-01T00:00:00+23:59"):
            self.assertEqual(self.stamp(at), "--:-- ", at)
        self.timestamps.form = "off"
        self.assertEqual(self.stamp(None), "")

    def test_spelt(self) -> None:
        """A day is spelt in English, whatever the locale is."""
        self.assertEqual(spelt(date(2026, 11, 21)), "Saturday 21 November 2026")
        self.assertEqual(spelt(date(2027, 3, 1)), "Monday 1 March 2027")
