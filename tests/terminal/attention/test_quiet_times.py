"""Do not disturb."""

from datetime import datetime, timedelta

from twisted.trial.unittest import SynchronousTestCase

from groupchat.destinations.quiet_hours import QuietHours
from groupchat.terminal.attention.quiet_times import QuietTimes


class QuietTimesTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.now = datetime(2026, 11, 21, 12)

    def times(self, hours: str = "") -> QuietTimes:
        return QuietTimes(QuietHours.read(hours) if hours else None, lambda: self.now)

    def at(self, hour: int, minute: int = 0, day: int = 21) -> None:
        self.now = datetime(2026, 11, day, hour, minute)

    def test_hours(self) -> None:
        """In quiet hours nobody is disturbed, over midnight too; they end with their last minute."""
        times = self.times("22:00-07:00")
        for hour, minute, expected in (12, 0, 0), (21, 59, 0), (22, 0, 1), (0, 0, 1), (6, 59, 1), (7, 0, 0):
            self.at(hour, minute)
            self.assertEqual(times.is_quiet, bool(expected), (hour, minute))
        self.at(23)
        self.assertEqual(times.state, "dnd is on, because of quiet_hours, until 07:00")
        lunch = self.times("12:00-13:30")
        self.at(13)
        self.assertTrue(lunch.is_quiet)
        self.at(11)
        self.assertFalse(lunch.is_quiet)

    def test_said(self) -> None:
        """The person can have it, for a time or until they say otherwise."""
        times = self.times()
        self.assertFalse(times.is_quiet)
        self.assertEqual(times.set("on"), "dnd is on: no bell and no notifications.")
        self.now += timedelta(days=400)
        self.assertTrue(times.is_quiet)
        self.assertIn("dnd is off", times.set("off"))
        self.assertFalse(times.is_quiet)
        self.assertEqual(times.set("30m"), "dnd is on for 30 minutes: no bell and no notifications.")
        self.now += timedelta(minutes=29)
        self.assertTrue(times.is_quiet)
        self.now += timedelta(minutes=1)
        self.assertFalse(times.is_quiet)
        times.set("forever")
        self.now += timedelta(days=4000)
        self.assertTrue(times.is_quiet)

    def test_off_in_quiet_hours(self) -> None:
        """``off`` in quiet hours holds until they end; the next ones are kept."""
        times = self.times("22:00-07:00")
        self.at(23)
        times.set("off")
        self.assertFalse(times.is_quiet)
        self.at(6, day=22)
        self.assertFalse(times.is_quiet)
        self.at(23, day=22)
        self.assertTrue(times.is_quiet)

    def test_off_outside(self) -> None:
        """``off`` outside of quiet hours does not take the next ones away."""
        times = self.times("22:00-07:00")
        times.set("off")
        self.at(23)
        self.assertTrue(times.is_quiet)

    def test_wrong(self) -> None:
        """What is no time changes nothing."""
        times = self.times()
        for word in ("soon", "10 minutes", "-5m", "0s", "9" * 99):
            self.assertIn("it can be on, off, or on for a time like 30m.", times.set(word))
            self.assertFalse(times.is_quiet)
