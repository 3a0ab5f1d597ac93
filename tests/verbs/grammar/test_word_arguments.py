"""Arguments that are chosen from a list: typed, as JSON, and completed."""

from groupchat.model.errors import BadArguments
from groupchat.verbs.grammar.arguments import Argument
from groupchat.verbs.grammar.word_arguments import (
    CommandArgument,
    PreferenceArgument,
    PreferenceValueArgument,
    SwitchArgument,
)
from tests.verbs.grammar.argument_cases import ArgumentCase


class WordTests(ArgumentCase):
    def test_command_names(self) -> None:
        """The name of a command is in lower case, and keeps the slash that says it is one."""
        self.takes(CommandArgument, "/JOIN", "/join")
        self.takes(CommandArgument, "Rooms", "rooms")

    def test_right_json(self) -> None:
        """Each kind takes its own type."""
        cases: list[tuple[type[Argument], object, object]] = [
            (PreferenceValueArgument, True, "on"),
            (PreferenceValueArgument, False, "off"),
            (SwitchArgument, False, False),
        ]
        for kind, given_, value in cases:
            self.assertEqual(self.gives(kind, given_), value, kind)

    def test_wrong_json(self) -> None:
        """A value of another type is refused."""
        cases: list[tuple[type[Argument], list[object]]] = [
            (SwitchArgument, [0, 1, "true", "on"]),
        ]
        for kind, values in cases:
            for value in values:
                self.assertIsInstance(self.gives(kind, value), BadArguments, f"{kind} {value!r}")

    def test_completed(self) -> None:
        """Preferences, their values and commands are completed."""
        self.assertEqual(self.offers(PreferenceArgument, "EC"), ["echo"])
        self.assertIn("Europe/Paris", self.offers(PreferenceValueArgument, "europe/pa"))
        self.assertEqual(self.offers(CommandArgument, "/hi"), ["history"])
