"""Arguments that are numbers: typed, as JSON, and completed."""

from datetime import date

from groupchat.model.errors import BadArguments
from groupchat.model.times import FOREVER
from groupchat.verbs.grammar.arguments import Argument
from groupchat.verbs.grammar.number_arguments import (
    LARGEST,
    BeforeArgument,
    CountArgument,
    DayArgument,
    DurationArgument,
    PauseArgument,
    PostIdArgument,
    SinceArgument,
)
from tests.verbs.grammar.argument_cases import ArgumentCase


class NumberTests(ArgumentCase):
    def test_numbers(self) -> None:
        """Counts and numbers of messages are digits; words are left for the next argument."""
        self.takes(CountArgument, "7 x", 7, "x")
        self.takes(PauseArgument, "0", 0)
        self.takes(PostIdArgument, "#41 x", 41, "x")
        self.takes(PostIdArgument, "41", 41)
        self.takes(SinceArgument, "since  #41", 41)
        self.takes(BeforeArgument, "before 41 x", 41, "x")
        for line in ("x", "41st", "-1", "4.5", "#", "9" * 16):
            self.assertIsNone(CountArgument().take(line), line)
        for kind in (PostIdArgument, SinceArgument, BeforeArgument):
            for line in ("x", "#", "#python", "", "# 5", "since", "before"):
                self.assertIsNone(kind().take(line), (kind, line))
        self.assertRaises(BadArguments, CountArgument().take, "0")

    def test_mistaken_numbers(self) -> None:
        """What looks like the number of a message and is none is refused in few words, and never taken for text."""
        for word in ("41st", "-1", "4.5", "9" * 16, "#12x", "#-3", "#999999999999999999999", "１２", "5" * 50_000):
            for kind, line in (
                (PostIdArgument, f"{word} x"),
                (SinceArgument, f"since {word}"),
                (BeforeArgument, f"before  {word} x"),
            ):
                self.assert_mistaken(kind, line, word)
        self.assert_mistaken(SinceArgument, "since yesterday", "yesterday")

    def assert_mistaken(self, kind: type[PostIdArgument], line: str, word: str) -> None:
        """Check that a line is refused because of a word."""
        refusal = self.assertRaises(BadArguments, kind().take, line)
        self.assertIn(f"{word[:24]}{'…' * (len(word) > 24)} is not the number of a message", str(refusal))
        self.assertLess(len(str(refusal)), 200)

    def test_days(self) -> None:
        """A day is written as ISO 8601 writes it; one that is in no calendar is refused."""
        self.takes(DayArgument, "2026-11-21 x", date(2026, 11, 21), "x")
        self.assertRaises(BadArguments, DayArgument().take, "2026-02-30")
        self.assertIsNone(DayArgument().take("yesterday"))

    def test_durations(self) -> None:
        """A duration is a number with a unit, several of these, or "forever"; anything else is left alone."""
        for line, value in (("10m x", 600.0), ("1h30m x", 5400.0), ("7d x", 604800.0), ("forever x", FOREVER)):
            self.takes(DurationArgument, line, value, "x")
        for line in ("m", "spam", "s-p-a-m", "forevermore"):
            self.assertIsNone(DurationArgument().take(line), line)

    def test_mistaken_durations(self) -> None:
        """A number, sign or dot in the place of a duration begins no reason: it is refused with examples."""
        for line in (
            "10",
            "10 min spam",
            "10x",
            "-5m",
            "+5m",
            ".5h",
            "1h30",
            "１０m",
            "10mx",
            "-spam",
            "...",
            "1" * 50_000,
        ):
            refusal = self.assertRaises(BadArguments, DurationArgument().take, line)
            self.assertIn("is not a duration; write it like 10m, 2h, 1h30m or forever", str(refusal))
            self.assertLess(len(str(refusal)), 200)

    def test_pauses(self) -> None:
        """The pause in a slow room is a duration, or a number of seconds, of which 0 is one."""
        for line, value in (("30s", 30.0), ("5m", 300.0), ("30", 30), ("0", 0), ("forever", FOREVER)):
            self.takes(PauseArgument, line, value)
        self.assertRaises(BadArguments, PauseArgument().take, "30x")
        self.assertIsNone(PauseArgument().take("soon"))

    def test_first_and_last_days(self) -> None:
        """A day that is not whole in every time zone is refused, with the days that are."""
        for day in ("0001-01-01", "1969-12-31", "9999-01-01", "9999-12-31"):
            error = self.assertRaises(BadArguments, DayArgument().take, day)
            self.assertEqual(str(error), f"A day is from 1970-01-01 to 9998-12-31, not {day}.")
            self.assertRaises(BadArguments, DayArgument().from_json, day)
        for day in ("1970-01-01", "9998-12-31"):
            self.assertEqual(DayArgument().from_json(day).isoformat(), day)

    def test_right_json(self) -> None:
        """Each kind takes its own type."""
        cases: list[tuple[type[Argument], object, object]] = [
            (CountArgument, 7, 7),
            (PauseArgument, 0, 0),
            (PostIdArgument, LARGEST, LARGEST),
            (DayArgument, "2026-11-21", date(2026, 11, 21)),
            (DurationArgument, 90, 90.0),
            (DurationArgument, "1h", 3600.0),
            (PauseArgument, "30s", 30.0),
        ]
        for kind, given_, value in cases:
            self.assertEqual(self.gives(kind, given_), value, kind)

    def test_wrong_json(self) -> None:
        """A value of another type is refused."""
        cases: list[tuple[type[Argument], list[object]]] = [
            (CountArgument, [0, -1, "7", True, 1.5, LARGEST + 1]),
            (PostIdArgument, ["41", True, -1, 1.5]),
            (DayArgument, [20261121, "today", "2026-13-01"]),
            (DurationArgument, ["soon", -1, True, [], "10"]),
            (PauseArgument, ["soon", -1, 1.5, True, "10"]),
        ]
        for kind, values in cases:
            for value in values:
                self.assertIsInstance(self.gives(kind, value), BadArguments, f"{kind} {value!r}")

    def test_completed(self) -> None:
        """Durations are completed."""
        self.assertEqual(self.offers(DurationArgument, "f"), ["forever"])
