"""How long something lasts."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.errors import BadArguments
from groupchat.model.times import FOREVER, LONGEST, parse, spoken


class DurationTest(SynchronousTestCase):
    def test_written(self) -> None:
        """Weeks, days, hours, minutes and seconds, alone and together, in either case; and for ever."""
        for written, seconds in [
            ("30s", 30), ("10m", 600), ("2h", 7200), ("7d", 604800), ("1w", 604800), ("1h30m", 5400), ("2H", 7200),
            ("forever", FOREVER), ("FOREVER", FOREVER), ("36500d", LONGEST),
        ]:  # fmt: skip
            self.assertEqual(parse(written), seconds, written)

    def test_refused(self) -> None:
        """What is no duration, lasts no time, or ends after a hundred years is refused by name."""
        for written in ["", "10", "m", "10x", "-1m", "0m", "36501d", "999999999w", "ever", "1 h", "١m"]:
            self.assertRaises(BadArguments, parse, written)

    def test_spoken(self) -> None:
        """People read its two largest units; the second is left out when there is none of it."""
        for seconds, words in [
            (1, "1 second"), (0.2, "1 second"), (59.1, "1 minute"), (90, "1 minute 30 seconds"), (7200, "2 hours"),
            (86400 + 3600, "1 day 1 hour"), (86400 + 60, "1 day 1 hour"),
            (7199, "2 hours"), (599, "10 minutes"), (3541, "1 hour"), (299, "4 minutes 59 seconds"),
            (86399.5, "1 day"),
            (14 * 86400, "2 weeks"), (FOREVER, "ever"),
        ]:  # fmt: skip
            self.assertEqual(spoken(seconds), words)

    @given(st.integers(1, LONGEST))
    def test_both_ways(self, seconds: int) -> None:
        """What is said of any whole number of seconds never begins with zero, and has at most two units."""
        words = spoken(parse(f"{seconds}s")).split()
        self.assertIn(len(words), (2, 4))
        self.assertTrue(all(int(count) > 0 for count in words[::2]))
