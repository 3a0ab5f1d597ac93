"""Times and durations: how they are read and written."""

import math
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.errors import BadArguments
from groupchat.model.times import FOREVER, LONGEST, day, each, iso, lasting, local, minute, parse, spoken


class Durations(SynchronousTestCase):
    def test_written(self) -> None:
        """Weeks, days, hours, minutes and seconds are read alone and together, in either case, and so is forever."""
        for written, seconds in [
            ("30s", 30), ("10m", 600), ("2h", 7200), ("7d", 604800), ("1w", 604800), ("1h30m", 5400), ("2H", 7200),
            ("forever", FOREVER), ("FOREVER", FOREVER), ("36500d", LONGEST),
        ]:  # fmt: skip
            self.assertEqual(parse(written), seconds, written)

    @given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("wdhms")), min_size=1, max_size=6))
    def test_sum(self, parts: list[tuple[int, str]]) -> None:
        """The parts of a duration are added, in any order and however often."""
        sizes = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
        seconds = sum(count * sizes[unit] for count, unit in parts)
        written = "".join(f"{count}{unit}" for count, unit in parts)
        if seconds:
            self.assertEqual(parse(written), seconds)
        else:
            self.assertRaises(BadArguments, parse, written)

    @given(st.text(max_size=30))
    def test_never_fails_otherwise(self, text: str) -> None:
        """Any text is a duration from a second to a hundred years, forever, or refused."""
        try:
            seconds = parse(text)
        except BadArguments:
            return
        self.assertTrue(1 <= seconds <= LONGEST or seconds == FOREVER)

    def test_refused(self) -> None:
        """Anything else, no time at all, and more than a hundred years are refused."""
        for written in ["", "10", "m", "10x", "-1m", "0m", "36501d", "999999999w", "ever", "1 h", "١m"]:
            self.assertRaises(BadArguments, parse, written)

    def test_refusals(self) -> None:
        """A refusal repeats what was written and gives examples, or names the limits."""
        self.assertEqual(
            str(self.assertRaises(BadArguments, parse, "10x")),
            "10x is not a duration; write it like 10m, 2h, 1h30m or forever.",
        )
        self.assertEqual(
            str(self.assertRaises(BadArguments, parse, "0s")),
            "A duration is from one second to a hundred years, or forever.",
        )

    def test_spoken(self) -> None:
        """People read the two largest units, without the second one if it is zero."""
        for seconds, words in [
            (1, "1 second"), (0.2, "1 second"), (59.1, "1 minute"), (90, "1 minute 30 seconds"), (7200, "2 hours"),
            (86400 + 3600, "1 day 1 hour"), (86400 + 60, "1 day 1 hour"),
            (7199, "2 hours"), (599, "10 minutes"), (3541, "1 hour"), (299, "4 minutes 59 seconds"),
            (86399.5, "1 day"),
            (14 * 86400, "2 weeks"), (LONGEST, "5,214 weeks 2 days"), (FOREVER, "forever"),
        ]:  # fmt: skip
            self.assertEqual(spoken(seconds), words)

    def test_each(self) -> None:
        """After "every" and "another" nobody says "1"."""
        for seconds, words in [
            (1, "second"),
            (30, "30 seconds"),
            (60, "minute"),
            (90, "1 minute 30 seconds"),
            (3600, "hour"),
        ]:
            self.assertEqual(each(seconds), words)

    @given(st.integers(1, LONGEST))
    def test_both_ways(self, seconds: int) -> None:
        """Any whole number of seconds is told in one or two units, none of them zero."""
        words = spoken(parse(f"{seconds}s")).split()
        self.assertIn(len(words), (2, 4))
        self.assertTrue(all(int(count.replace(",", "")) > 0 for count in words[::2]))

    @given(st.floats(0, LONGEST))
    def test_rounded_up(self, seconds: float) -> None:
        """Nobody who waits for as long as they were told waits too short."""
        words = spoken(seconds).replace(",", "").split()
        short = "".join(f"{count}{unit[0]}" for count, unit in zip(words[::2], words[1::2], strict=True))
        self.assertGreaterEqual(parse(short), seconds)

    def test_lasting(self) -> None:
        """A duration becomes a part of a sentence, which is empty if it has no end."""
        self.assertEqual([lasting(7200), lasting(1), lasting(FOREVER)], ["for 2 hours", "for 1 second", ""])


class Times(SynchronousTestCase):
    def test_iso(self) -> None:
        """Programs read RFC 3339 in UTC, always to the millisecond."""
        self.assertEqual(iso(1_795_683_660), "2026-11-26T09:01:00.000Z")
        self.assertEqual(iso(0.0625), "1970-01-01T00:00:00.062Z")

    @given(st.floats(0, 4e9))
    def test_iso_is_that_of_datetime(self, at: float) -> None:
        """It is as datetime writes it, to the same millisecond, also just before the next second."""
        for moment in (at, round(at) - 0.0004, round(at) - 0.0000005, round(at) + 0.0005, round(at, 3)):
            written = local(moment, UTC).isoformat(timespec="milliseconds")
            self.assertEqual(iso(moment), written.replace("+00:00", "Z"))

    @given(st.floats(0, 4e9))
    def test_iso_is_read_back(self, at: float) -> None:
        """A time that was written is read back to the millisecond."""
        self.assertLess(abs(datetime.fromisoformat(iso(at)).timestamp() - at), 0.001_001)

    def test_day(self) -> None:
        """A date names a day of the calendar that is whole in every time zone."""
        self.assertEqual(day("2026-11-21"), date(2026, 11, 21))
        for written, refusal in (
            ("2026-02-30", "There is no day 2026-02-30; write it like 2026-11-21."),
            ("1969-12-31", "A day is from 1970-01-01 to 9998-12-31, not 1969-12-31."),
        ):
            self.assertEqual(str(self.assertRaises(BadArguments, day, written)), refusal)

    def test_minute(self) -> None:
        """People read a time to the minute in their own time zone."""
        self.assertEqual(minute(1_795_683_660, UTC), "2026-11-26 09:01")
        self.assertEqual(minute(1_795_683_660, ZoneInfo("Asia/Tokyo")), "2026-11-26 18:01")

    def test_minute_in_summer(self) -> None:
        """The hour follows the time zone's summer time, and is the same twice when that ends."""
        paris = ZoneInfo("Europe/Paris")
        end = datetime(2026, 10, 25, 1, 0, tzinfo=UTC).timestamp()
        self.assertEqual(
            [minute(end + seconds, paris) for seconds in (-1800, 1800, 5400)],
            ["2026-10-25 02:30", "2026-10-25 02:30", "2026-10-25 03:30"],
        )

    def test_minute_at_the_server(self) -> None:
        """Without a time zone it is the server's."""
        here = datetime(2026, 7, 1, 12, 30).astimezone()
        self.assertEqual(minute(here.timestamp(), None), "2026-07-01 12:30")

    def test_impossible(self) -> None:
        """A time that no calendar has is shown as the nearest that all time zones have; nothing raises."""
        for zone in (None, UTC, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")):
            for at in (1e12, -1e12, 253402300799.9, -62135596800.0, math.inf, -math.inf):
                with self.subTest(zone=zone, at=at):
                    self.assertIn(minute(at, zone)[-14:-6], "9999-12-29 9999-12-28 1-01-04 01-01-04 1-01-03 01-01-03")
                    day = local(at, zone).date()
                    self.assertTrue(day - timedelta(days=1) < day < day + timedelta(days=1))
        self.assertEqual(iso(1e12), "9999-12-29T00:00:00.000Z")
        self.assertEqual(iso(-1e12), "0001-01-04T00:00:00.000Z")

    @given(st.floats(allow_nan=False))
    def test_any(self, at: float) -> None:
        """Every number is shown as some time."""
        self.assertRegex(iso(at), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
