"""Hours of each day."""

from datetime import datetime, time

from twisted.trial.unittest import SynchronousTestCase

from groupchat.destinations.quiet_hours import QuietHours


class QuietHoursTest(SynchronousTestCase):
    def test_read(self) -> None:
        """Hours are written with or without blanks and leading zeros."""
        for written in ("22:00-07:00", "22:00 - 7:00"):
            self.assertEqual(QuietHours.read(written), QuietHours(time(22), time(7)))
        for written in ("", "22-7", "24:00-07:00", "22:60-07:00", "22:00", "22:00-07:00x", "07:00-07:00", "a:b-c:d"):
            self.assertRaises(ValueError, QuietHours.read, written)

    def test_after(self) -> None:
        """Their next end is today or tomorrow."""
        hours = QuietHours.read("22:00-07:00")
        self.assertEqual(hours.after(datetime(2026, 11, 21, 23)), datetime(2026, 11, 22, 7))
        self.assertEqual(hours.after(datetime(2026, 11, 22, 3)), datetime(2026, 11, 22, 7))
        self.assertEqual(hours.after(datetime(2026, 11, 22, 7)), datetime(2026, 11, 23, 7))
