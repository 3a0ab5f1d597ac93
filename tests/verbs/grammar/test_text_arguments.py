"""Arguments that are text: typed, as JSON, and completed."""

from groupchat.model.errors import BadArguments
from groupchat.verbs.grammar.arguments import Argument
from groupchat.verbs.grammar.text_arguments import (
    SHORTCODES_MAX,
    MessageArgument,
    PassphraseArgument,
    PasswordArgument,
    ReasonArgument,
    RestArgument,
)
from tests.verbs.grammar.argument_cases import ArgumentCase


class TextTests(ArgumentCase):
    def test_rest(self) -> None:
        """Text and reasons are all that is left, with their spacing."""
        for kind in (RestArgument, ReasonArgument, PassphraseArgument):
            self.takes(kind, "two  words ", "two  words ")

    def test_gaps(self) -> None:
        """What stands in a line with others' words has no long run of blanks, typed or not; what is said keeps it."""
        padded = f"x{' ' * 90}[09:00:00] #1 eve: y"
        for kind in (RestArgument(), ReasonArgument()):
            for value in (kind.from_json(padded), (kind.take(padded) or ("",))[0]):
                self.assertEqual(value, f"x{' ' * 8}[09:00:00] #1 eve: y")
        message = MessageArgument()
        self.assertEqual((message.from_json(padded), message.take(padded)), (padded, (padded, "")))

    def test_right_json(self) -> None:
        """Each kind takes its own type."""
        cases: list[tuple[type[Argument], object, object]] = [
            (RestArgument, " x ", " x "),
            (PasswordArgument, " as it is ", " as it is "),
        ]
        for kind, given_, value in cases:
            self.assertEqual(self.gives(kind, given_), value, kind)

    def test_wrong_json(self) -> None:
        """A value of another type is refused."""
        cases: list[tuple[type[Argument], list[object]]] = [
            (RestArgument, [1, True, {}]),
            (PasswordArgument, [12345678, None, True]),
        ]
        for kind, values in cases:
            for value in values:
                self.assertIsInstance(self.gives(kind, value), BadArguments, f"{kind} {value!r}")

    def test_cleaned(self) -> None:
        """What others may be shown is cleaned; a password is taken as it is."""
        for kind in (RestArgument, ReasonArgument):
            self.assertEqual(self.gives(kind, "a\x1b[2Jb"), "ab", kind)
        self.assertEqual(self.gives(PasswordArgument, "a\x1b[2Jb"), "a\x1b[2Jb")

    def test_people(self) -> None:
        """Nicknames are completed in whatever case, when something is typed."""
        self.assertEqual(self.offers(RestArgument, "AL"), ["Albert", "alice"])
        self.assertEqual(self.offers(RestArgument, ""), [])

    def test_emoji(self) -> None:
        """A shortcode is completed after its colon and a letter, up to a few."""
        self.assertEqual(self.offers(RestArgument, ":"), [])
        self.assertIn(":smile_cat:", self.offers(RestArgument, ":smile_c"))
        self.assertEqual(len(self.offers(RestArgument, ":s")), SHORTCODES_MAX)
