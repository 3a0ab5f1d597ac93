"""Kinds of argument: typed, as JSON, and completed."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.errors import BadArguments, Refusal
from groupchat.model.text import LENGTHS
from groupchat.model.times import FOREVER
from groupchat.verbs.grammar import arguments
from groupchat.verbs.grammar.arguments import LARGEST, SHORTCODES_MAX, Argument, Choices

CHOICES = Choices(lambda: ["alice", "Albert", "bob"], lambda: ["lobby", "dev", "devops"], lambda: ["help", "history"])

KINDS: list[type[Argument]] = [
    kind for kind in vars(arguments).values() if isinstance(kind, type) and issubclass(kind, Argument)
]
"""Every kind of argument."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


class TypedTests(SynchronousTestCase):
    def takes(self, kind: type[Argument], line: str, value: object, rest: str = "") -> None:
        """See that this kind takes a value from the line, and leaves the rest."""
        self.assertEqual(kind().take(line), (value, rest), kind)

    def test_words(self) -> None:
        """A name is one word; the blanks after it go with it."""
        for kind in (arguments.Argument, arguments.NickArgument, arguments.RoomArgument, arguments.TargetArgument):
            self.takes(kind, "bob  two  words", "bob", "two  words")

    def test_rest(self) -> None:
        """Text and reasons are all that is left, with their spacing."""
        for kind in (arguments.RestArgument, arguments.ReasonArgument, arguments.PassphraseArgument):
            self.takes(kind, "two  words ", "two  words ")

    def test_numbers(self) -> None:
        """Counts and numbers of messages are digits; words are left for the next argument."""
        self.takes(arguments.CountArgument, "7 x", 7, "x")
        self.takes(arguments.PauseArgument, "0", 0)
        self.takes(arguments.PostIdArgument, "#41 x", 41, "x")
        self.takes(arguments.PostIdArgument, "41", 41)
        self.takes(arguments.SinceArgument, "since  #41", 41)
        self.takes(arguments.BeforeArgument, "before 41 x", 41, "x")
        for line in ("x", "41st", "-1", "4.5", "#", "9" * 16):
            self.assertIsNone(arguments.CountArgument().take(line), line)
        for kind in (arguments.PostIdArgument, arguments.SinceArgument, arguments.BeforeArgument):
            for line in ("x", "#", "#python", "", "# 5", "since", "before"):
                self.assertIsNone(kind().take(line), (kind, line))
        self.assertRaises(BadArguments, arguments.CountArgument().take, "0")

    def test_mistaken_numbers(self) -> None:
        """What looks like the number of a message and is none is refused in few words, and never taken for text."""
        for word in ("41st", "-1", "4.5", "9" * 16, "#12x", "#-3", "#999999999999999999999", "１２", "5" * 50_000):
            for kind, line in (
                (arguments.PostIdArgument, f"{word} x"),
                (arguments.SinceArgument, f"since {word}"),
                (arguments.BeforeArgument, f"before  {word} x"),
            ):
                self.assert_mistaken(kind, line, word)
        self.assert_mistaken(arguments.SinceArgument, "since yesterday", "yesterday")

    def assert_mistaken(self, kind: type[arguments.PostIdArgument], line: str, word: str) -> None:
        """Check that a line is refused because of a word."""
        refusal = self.assertRaises(BadArguments, kind().take, line)
        self.assertIn(f"{word[:24]}{'…' * (len(word) > 24)} is not the number of a message", str(refusal))
        self.assertLess(len(str(refusal)), 200)

    def test_after(self) -> None:
        """A name after which a list goes on follows the word "after", which may be the name of a room alone."""
        self.takes(arguments.AfterArgument, "after  bob dev", "bob", "dev")
        for line in ("after", "after ", "afterwards bob", "bob"):
            self.assertIsNone(arguments.AfterArgument().take(line), line)

    def test_days(self) -> None:
        """A day is written as ISO 8601 writes it; one that is in no calendar is refused."""
        self.takes(arguments.DayArgument, "2026-11-21 x", date(2026, 11, 21), "x")
        self.assertRaises(BadArguments, arguments.DayArgument().take, "2026-02-30")
        self.assertIsNone(arguments.DayArgument().take("yesterday"))

    def test_durations(self) -> None:
        """A duration is a number with a unit, several of these, or "forever"; anything else is left alone."""
        for line, value in (("10m x", 600.0), ("1h30m x", 5400.0), ("7d x", 604800.0), ("forever x", FOREVER)):
            self.takes(arguments.DurationArgument, line, value, "x")
        for line in ("m", "spam", "s-p-a-m", "forevermore"):
            self.assertIsNone(arguments.DurationArgument().take(line), line)

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
            refusal = self.assertRaises(BadArguments, arguments.DurationArgument().take, line)
            self.assertIn("is not a duration; write it like 10m, 2h, 1h30m or forever", str(refusal))
            self.assertLess(len(str(refusal)), 200)

    def test_pauses(self) -> None:
        """The pause in a slow room is a duration, or a number of seconds, of which 0 is one."""
        for line, value in (("30s", 30.0), ("5m", 300.0), ("30", 30), ("0", 0), ("forever", FOREVER)):
            self.takes(arguments.PauseArgument, line, value)
        self.assertRaises(BadArguments, arguments.PauseArgument().take, "30x")
        self.assertIsNone(arguments.PauseArgument().take("soon"))

    def test_mistaken_addresses(self) -> None:
        """What no nickname can look like is meant as an address; the refusal says that it is none."""
        for word in ("bob", "v1.2", "192.0.2.7", "192.0.2.0/24", "2001:db8::/32", "::1"):
            self.takes(arguments.TargetArgument, word, word)
        for word in ("300.1.1.1", "1.2.3", "192.0.2.0/33", "bob/24", "2001:db8:::1"):
            refusal = self.assertRaises(BadArguments, arguments.TargetArgument().take, word)
            self.assertIn(f"{word} is no address; write it like 192.0.2.7", str(refusal))

    def test_room_before(self) -> None:
        """A room that another argument must follow is taken only if something follows."""
        self.takes(arguments.RoomBeforeArgument, "dev 10", "dev", "10")
        for line in ("10", "10 "):
            self.assertIsNone(arguments.RoomBeforeArgument().take(line))

    def test_never_typed(self) -> None:
        """What has no label is never taken from a line."""
        for kind in KINDS:
            if not kind.label:
                self.assertIsNone(kind().take("dev true"), kind)

    def test_command_names(self) -> None:
        """The name of a command is in lower case, and keeps the slash that says it is one."""
        self.takes(arguments.CommandArgument, "/JOIN", "/join")
        self.takes(arguments.CommandArgument, "Rooms", "rooms")

    @given(st.text(max_size=40))
    def test_any_line(self, line: str) -> None:
        """From any line each kind takes a value and leaves an end of the line, or nothing, or refuses."""
        for kind in KINDS:
            try:
                taken = kind().take(line)
            except BadArguments:
                continue
            if taken is not None:
                self.assertTrue(line.endswith(taken[1]), kind)


class JsonTests(SynchronousTestCase):
    def gives(self, kind: type[Argument], given: object) -> Any:
        """Return what a value of JSON means, or the refusal."""
        try:
            return kind().from_json(given)
        except Refusal as refusal:
            return refusal

    def test_right(self) -> None:
        """Each kind takes its own type."""
        cases: list[tuple[type[Argument], object, object]] = [
            (arguments.NickArgument, "bob", "bob"),
            (arguments.HereArgument, "#Dev", "#Dev"),
            (arguments.RestArgument, " x ", " x "),
            (arguments.CountArgument, 7, 7),
            (arguments.PauseArgument, 0, 0),
            (arguments.PostIdArgument, LARGEST, LARGEST),
            (arguments.DayArgument, "2026-11-21", date(2026, 11, 21)),
            (arguments.DurationArgument, 90, 90.0),
            (arguments.DurationArgument, "1h", 3600.0),
            (arguments.PauseArgument, "30s", 30.0),
            (arguments.PreferenceValueArgument, True, "on"),
            (arguments.PreferenceValueArgument, False, "off"),
            (arguments.SwitchArgument, False, False),
            (arguments.PasswordArgument, " as it is ", " as it is "),
        ]
        for kind, given_, value in cases:
            self.assertEqual(self.gives(kind, given_), value, kind)

    def test_wrong(self) -> None:
        """A value of another type is refused."""
        cases: list[tuple[type[Argument], list[object]]] = [
            (arguments.NickArgument, [1, True, ["bob"], {}]),
            (arguments.HereArgument, [1, False, ["dev"]]),
            (arguments.RestArgument, [1, True, {}]),
            (arguments.CountArgument, [0, -1, "7", True, 1.5, LARGEST + 1]),
            (arguments.PostIdArgument, ["41", True, -1, 1.5]),
            (arguments.DayArgument, [20261121, "today", "2026-13-01"]),
            (arguments.DurationArgument, ["soon", -1, True, [], "10"]),
            (arguments.PauseArgument, ["soon", -1, 1.5, True, "10"]),
            (arguments.SwitchArgument, [0, 1, "true", "on"]),
            (arguments.PasswordArgument, [12345678, None, True]),
        ]
        for kind, values in cases:
            for value in values:
                self.assertIsInstance(self.gives(kind, value), BadArguments, f"{kind} {value!r}")

    def test_cleaned(self) -> None:
        """What others may be shown is cleaned; a password is taken as it is."""
        for kind in (arguments.NickArgument, arguments.RestArgument, arguments.HereArgument, arguments.ReasonArgument):
            self.assertEqual(self.gives(kind, "a\x1b[2Jb"), "ab", kind)
        self.assertEqual(self.gives(arguments.PasswordArgument, "a\x1b[2Jb"), "a\x1b[2Jb")

    @given(JSON)
    def test_anything(self, given_: object) -> None:
        """Whatever JSON has in store is understood or refused."""
        for kind in KINDS:
            self.gives(kind, given_)


class SecretTests(SynchronousTestCase):
    def test_secret(self) -> None:
        """Passwords and codes are secret, and nothing else is."""
        secret = {kind.__name__ for kind in KINDS if kind.secret}
        self.assertEqual(
            secret,
            {"PasswordArgument", "OldPasswordArgument", "NewPasswordArgument", "PassphraseArgument", "CodeArgument",
             "ChosenPasswordArgument", "ChosenPassphraseArgument"},
        )  # fmt: skip
        new = {kind.__name__ for kind in KINDS if kind.is_new}
        self.assertEqual(new, {"NewPasswordArgument", "ChosenPasswordArgument", "ChosenPassphraseArgument"})

    def test_never_completed(self) -> None:
        """Nothing is offered for a secret."""
        for kind in KINDS:
            if kind.secret:
                self.assertEqual(list(kind().complete(CHOICES, "")), [], kind)


class CompletionTests(SynchronousTestCase):
    def offers(self, kind: type[Argument], start: str) -> list[str]:
        """Return what is offered for a beginning."""
        return list(kind().complete(CHOICES, start))

    def test_people(self) -> None:
        """Nicknames are completed in whatever case; in text only when something is typed."""
        for kind in (arguments.NickArgument, arguments.TargetArgument, arguments.RestArgument):
            self.assertEqual(self.offers(kind, "AL"), ["Albert", "alice"], kind)
        self.assertEqual(self.offers(arguments.NickArgument, ""), ["Albert", "alice", "bob"])
        self.assertEqual(self.offers(arguments.RestArgument, ""), [])

    def test_rooms(self) -> None:
        """Rooms are completed with or without their sign."""
        for kind in (arguments.RoomArgument, arguments.RoomBeforeArgument):
            self.assertEqual(self.offers(kind, "#De"), ["dev", "devops"])

    def test_emoji(self) -> None:
        """A shortcode is completed after its colon and a letter, up to a few."""
        self.assertEqual(self.offers(arguments.RestArgument, ":"), [])
        self.assertIn(":smile_cat:", self.offers(arguments.RestArgument, ":smile_c"))
        self.assertEqual(len(self.offers(arguments.RestArgument, ":s")), SHORTCODES_MAX)

    def test_others(self) -> None:
        """Preferences, their values, durations and commands are completed."""
        self.assertEqual(self.offers(arguments.PreferenceArgument, "EC"), ["echo"])
        self.assertIn("Europe/Paris", self.offers(arguments.PreferenceValueArgument, "europe/pa"))
        self.assertEqual(self.offers(arguments.DurationArgument, "f"), ["forever"])
        self.assertEqual(self.offers(arguments.CommandArgument, "/hi"), ["history"])
        self.assertEqual(self.offers(arguments.Argument, "x"), [])

    @given(st.text(max_size=10))
    def test_beginnings(self, start: str) -> None:
        """Whatever is offered begins with what was typed, but for a sign before it, and in whichever case."""
        for kind in KINDS:
            for choice in self.offers(kind, start):
                typed = start.removeprefix("#").removeprefix("/").lower()
                self.assertTrue(choice.lower().startswith((typed, start.lower())), (kind, start, choice))


class BlanksTests(SynchronousTestCase):
    def test_gaps(self) -> None:
        """What stands in a line with others' words has no long run of blanks, typed or not; what is said keeps it."""
        padded = f"x{' ' * 90}[09:00:00] #1 eve: y"
        for kind in (arguments.RestArgument(), arguments.ReasonArgument()):
            for value in (kind.from_json(padded), (kind.take(padded) or ("",))[0]):
                self.assertEqual(value, f"x{' ' * 8}[09:00:00] #1 eve: y")
        message = arguments.MessageArgument()
        self.assertEqual((message.from_json(padded), message.take(padded)), (padded, (padded, "")))


class LengthTests(SynchronousTestCase):
    """Nothing is done with a text before it is known to be short enough."""

    def test_bounded(self) -> None:
        """Every kind of text but what is said, and passwords, has a length, typed and as JSON."""
        open_ended = {"RestArgument", "MessageArgument", "ReasonArgument", "PasswordArgument", "OldPasswordArgument",
                      "PassphraseArgument", "NewPasswordArgument", "ChosenPasswordArgument",
                      "ChosenPassphraseArgument"}  # fmt: skip
        for kind in KINDS:
            long = "1m" * 8000 if issubclass(kind, arguments.DurationArgument) else "\ufdfa" * 5385
            length = kind().length
            if length is None:
                if kind.__name__ not in open_ended:
                    self.assertRaises(BadArguments, kind().from_json, long)
                continue
            self.assertIn(length, LENGTHS)
            error = self.assertRaises(BadArguments, kind().from_json, long)
            self.assertIn(f"has at most {length.most} characters; this one has {len(long):,}.", str(error))
            if kind.label:
                before = {arguments.AfterArgument: "after ", arguments.WithArgument: "with "}.get(kind, "")
                self.assertRaises(BadArguments, kind().take, f"{before}{long} {long}")

    def test_days(self) -> None:
        """A day that is not whole in every time zone is refused, with the days that are."""
        for day in ("0001-01-01", "1969-12-31", "9999-01-01", "9999-12-31"):
            error = self.assertRaises(BadArguments, arguments.DayArgument().take, day)
            self.assertEqual(str(error), f"A day is from 1970-01-01 to 9998-12-31, not {day}.")
            self.assertRaises(BadArguments, arguments.DayArgument().from_json, day)
        for day in ("1970-01-01", "9998-12-31"):
            self.assertEqual(arguments.DayArgument().from_json(day).isoformat(), day)
